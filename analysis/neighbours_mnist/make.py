"""Nearest neighbours on MNIST, 2^8: python analysis/neighbours_mnist/make.py [--jobs N]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# One thread a trial: repeatable sums, and one trial for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from factorial.make import make
from factorial.tables import FullStudy
from neighbours import FACTORS, provenance, train

STUDY = FullStudy(
    name="nearest neighbours on MNIST, full factorial",
    factors=FACTORS,
    trial=train,
    response="accuracy",
    direction="maximize",
    seed=2023,
    provenance=provenance(),
)

if __name__ == "__main__":
    make(STUDY, Path(__file__).parent, ["accuracy"])
