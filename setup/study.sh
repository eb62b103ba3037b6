#!/usr/bin/env bash
# The whole road: engine, image, data, trials, report. Without any engine: the report of the recorded real trials.
set -euo pipefail
cd "$(dirname "$0")/.."
study=$1
jobs=${2:-}

say() { printf '%s\n' "study: $*" >&2; }

if ! docker/engine.sh; then
  say "no engine, so nothing can be trained here; analyzing the recorded real trials instead"
  exec setup/report.sh
fi
docker/image.sh
setup/data.sh
run=0
.venv/bin/python -m caffe_runner run "$study" ${jobs:+--jobs "$jobs"} || run=$?
[ "$run" -le 1 ] || exit "$run"
exec setup/report.sh "$study"
