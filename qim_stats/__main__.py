"""``python -m qim_stats``."""

from __future__ import annotations

import sys

try:
    from qim_stats.cli import main

    status = main()
except KeyboardInterrupt:  # while the modules were being loaded; later ones end in main
    sys.stderr.write("interrupted\n")
    status = 130
sys.exit(status)
