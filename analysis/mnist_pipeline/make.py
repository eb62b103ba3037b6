"""Kernel classifier on MNIST, 2^9: python analysis/mnist_pipeline/make.py [--jobs N]."""

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
from pipeline import FACTORS, provenance, train

STUDY = FullStudy(
    name="kernel classifier on MNIST, full factorial",
    factors=FACTORS,
    trial=train,
    response="log_loss",
    direction="minimize",
    seed=60000,
    provenance=provenance(),
)

if __name__ == "__main__":
    make(STUDY, Path(__file__).parent, ["log_loss", "accuracy"])
