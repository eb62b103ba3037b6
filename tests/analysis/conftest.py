"""The tests of peers/ need the dependency group of that name (`make peers` installs it) and are left out without it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

NEEDED = ("optuna", "process_improve", "SALib", "sklearn")
ROOT = Path(__file__).parents[2]

sys.path.insert(0, str(ROOT / "analysis"))
collect_ignore = [] if all(map(importlib.util.find_spec, NEEDED)) else ["peers"]
