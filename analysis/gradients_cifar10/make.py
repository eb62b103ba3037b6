"""A linear classifier on histograms of gradients, 2^8: python analysis/gradients_cifar10/make.py [--jobs N]."""

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
from gradients import FACTORS, provenance, train

STUDY = FullStudy(
    name="linear classifier on histograms of gradients, CIFAR-10, full factorial",
    factors=FACTORS,
    trial=train,
    response="accuracy",
    direction="maximize",
    seed=2019,
    provenance=provenance(),
)

if __name__ == "__main__":
    make(STUDY, Path(__file__).parent, ["accuracy", "log_loss"])
