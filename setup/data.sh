#!/usr/bin/env bash
# Fashion-MNIST's four idx files, where the study given uses them: the ones QIM_FASHION_MNIST names, else those of
# Debian's package. What other data a study names, the runner finds or fetches itself.
set -euo pipefail
study=${1:-}

say() { printf '%s\n' "data: $*" >&2; }

[ -z "$study" ] || grep -qE '^[^#]*source *= *"fashion-mnist"' "$study" || exit 0
[ -z "${QIM_FASHION_MNIST:-}" ] || { say "Fashion-MNIST from $QIM_FASHION_MNIST"; exit 0; }
[ ! -d /usr/share/datasets/fashion-mnist ] || { say "Fashion-MNIST is here"; exit 0; }
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's package dataset-fashion-mnist"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends dataset-fashion-mnist; } >&2
else
  say "Fashion-MNIST is not here, and installing it takes root on Debian"
  say "do: sudo apt-get install dataset-fashion-mnist, or set QIM_FASHION_MNIST to a folder with its four idx files"
  exit 2
fi
