#!/usr/bin/env bash
# The report of a study's trials (or, with no study named, of the recorded real ones), made when it is missing or stale.
# A study folder that holds a full factorial of the same factors (full.csv) has its ranking compared with it.
set -euo pipefail
cd "$(dirname "$0")/.."

recorded=analysis/lenet_fashion
if [ $# -eq 0 ]; then
  out=build/recorded
  trials=$recorded/screen.csv
  full=$recorded/full.csv
  notice=(--notice "These are recorded trials, kept in $recorded; no Caffe was run for this report.")
  mkdir -p "$out"
else
  out=${1%.toml}.runs
  trials=$out/trials.csv
  full=$(dirname "$1")/full.csv
  notice=()
fi

stale() { [ -n "$(find "$trials" "${trials%.csv}.meta.json" qim_stats -name '*.py' -newer "$1" -print -quit -o \( -name '*.csv' -o -name '*.json' -o -name '*.j2' \) -newer "$1" -print -quit)" ]; }

if [ ! -e "$out/report.html" ] || stale "$out/report.html"; then
  printf '%s\n' "report: analyzing $trials" >&2
  status=0
  if [ -e "$full" ]; then
    command=(validate "$trials" "$full")
  else
    command=(analyze "$trials")
  fi
  .venv/bin/python -m qim_stats "${command[@]}" "${notice[@]}" --report "$out/report.html" >"$out/report.txt" || status=$?
  [ "$status" -le 1 ] || { rm -f "$out/report.txt"; exit "$status"; }
fi
cat "$out/report.txt"
