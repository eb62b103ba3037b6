"""``python -m qim_stats``."""

from __future__ import annotations

import sys

from qim_stats.cli import main

sys.exit(main())
