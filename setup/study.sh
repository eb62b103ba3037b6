#!/usr/bin/env bash
# The whole road: engine, image, data, trials, report. Without any engine: the report of the recorded real trials.
set -euo pipefail
cd "$(dirname "$0")/.."
study=$1
jobs=${2:-}

say() { printf '%s\n' "study: $*" >&2; }

# Exit status 3 of either says that there is none to be had here; anything else went wrong and is told.
status=0
docker/engine.sh && docker/image.sh || status=$?
if [ "$status" = 3 ]; then
  say "nothing can be trained here; analyzing the recorded real trials instead"
  exec setup/report.sh
fi
[ "$status" = 0 ] || exit "$status"
setup/data.sh "$study"
run=0
.venv/bin/python -m caffe_runner run "$study" ${jobs:+--jobs "$jobs"} || run=$?
[ "$run" -le 1 ] || exit "$run"
exec setup/report.sh "$study"
