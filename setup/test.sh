#!/usr/bin/env bash
# Every check: style, types, tests. In CI the engine's tests must run; elsewhere they are skipped without an engine.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
# A process a core, each with its own share of the files; idle ones take over what is left. One thread each: the matrices
# are small, and threads of several processes would only wait for each other.
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
exec .venv/bin/pytest --numprocesses auto --maxprocesses 4 --dist worksteal "$@"
