"""``python -m qim_stats``."""

from __future__ import annotations

import os
import sys
import warnings

# Before numpy loads: the matrices here are small, and threads that wait for one another cost more than they save, most
# of all beside other work. Whoever has set a number keeps it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a library has to say to programmers is not for the terminal, unless it was asked for (python -W, PYTHONWARNINGS);
# the tests call main itself and take every warning for a failure.
if not sys.warnoptions:
    warnings.simplefilter("ignore")

try:
    from qim_stats.cli import main

    status = main()
except KeyboardInterrupt:  # while the modules were being loaded; later ones end in main
    sys.stderr.write("interrupted\n")
    status = 130
sys.exit(status)
