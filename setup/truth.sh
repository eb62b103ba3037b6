#!/usr/bin/env bash
# The full factorial of analysis/TABLE and its replicates: run, then recorded, or compared with what is recorded.
set -euo pipefail
cd "$(dirname "$0")/.."
table=${1:-}
jobs=${2:-}
folder=analysis/$table

# A table's folder has a page of its own; what the scripts share has none.
tables() { (cd analysis && ls -d */make.py */replicates.toml) | cut -d/ -f1 | sort -u |
  while read -r name; do [ ! -f "analysis/$name/README.md" ] || printf '%s\n' "$name"; done; }
# Not -q: grep would leave at the first match, and the list, not yet written out, fail of it.
if ! tables | grep -xF -- "$table" >/dev/null; then
  names=$(tables | paste -sd' ')
  printf '%s\n' "truth: analysis has no full factorial '$table'" "do: make truth TABLE=..., one of $names" >&2
  exit 2
fi
# Models that train in Python have a script of their own.
[ ! -f "$folder/make.py" ] || exec .venv/bin/python "$folder/make.py" ${jobs:+--jobs "$jobs"}
docker/engine.sh
docker/image.sh
for name in full replicates; do
  setup/data.sh "$folder/$name.toml"
  run=0
  .venv/bin/python -m caffe_runner run "$folder/$name.toml" ${jobs:+--jobs "$jobs"} || run=$?
  # 1 says that trials failed, which the table tells.
  [ "$run" -le 1 ] || exit "$run"
done
exec .venv/bin/python analysis/truth.py "$table"
