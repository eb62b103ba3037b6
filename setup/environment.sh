#!/usr/bin/env bash
# The Python environment in .venv, exactly as requirements.lock pins it, with this checkout installed in place.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

say() { printf '%s\n' "environment: $*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  say "$python is not Python 3.11 or newer"
  say "do: install one, and say \`make PYTHON=/path/to/python3.11 ...\`"
  exit 2
}
say "installing the pinned packages into .venv (about a minute)"
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || {
    say "this Python has no venv"
    say "do: sudo apt-get install python3-venv"
    exit 2
  }
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv; } >&2
fi
"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch .venv/.complete
say "done"
