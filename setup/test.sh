#!/usr/bin/env bash
# Every check: style, types, tests. In CI the engine's tests must run; elsewhere they are skipped without an engine.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/pytest "$@"
