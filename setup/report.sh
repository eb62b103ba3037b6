#!/usr/bin/env bash
# The report of a study's trials (or, with no study named, of the recorded real ones), made when it is missing or stale.
# Where a full factorial of the same factors stands beside the study file (full.csv), the ranking is compared with it.
set -euo pipefail
cd "$(dirname "$0")/.."

recorded=analysis/lenet_fashion
notice=()
if [ $# -eq 0 ]; then
  out=build/recorded
  trials=$recorded/screen.csv
  full=$recorded/full.csv
  notice=(--notice "Recorded trials, kept in $recorded: no Caffe was run for this report.")
  mkdir -p "$out"
else
  out=${1%.toml}.runs
  trials=$out/trials.csv
  full=$(dirname "$1")/full.csv
fi

inputs=("$trials" "${trials%.csv}.meta.json" qim_stats)
[ ! -e "$full" ] || inputs+=("$full")
newer() { find "${inputs[@]}" -type f ! -name '*.pyc' -newer "$1" -print -quit; }

if [ ! -e "$out/report.txt" ] || [ ! -e "$out/report.html" ] || [ -n "$(newer "$out/report.txt")" ]; then
  printf '%s\n' "report: analyzing $trials" >&2
  if [ -e "$full" ]; then
    command=(validate "$trials" "$full")
  else
    command=(analyze "$trials")
  fi
  status=0
  .venv/bin/python -m qim_stats "${command[@]}" "${notice[@]}" --report "$out/report.html" >"$out/report.part" || status=$?
  # 1 says that trials failed, which the text tells; 2 is an error, told already.
  [ "$status" -le 1 ] || { rm -f "$out/report.part"; exit "$status"; }
  mv "$out/report.part" "$out/report.txt"
fi
cat "$out/report.txt"
