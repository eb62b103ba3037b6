"""Gradient boosted trees on real patients, 2^8: python analysis/diabetes_boosting/make.py [--jobs N]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# One thread a trial: repeatable sums, and one trial for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from boosting import FACTORS, provenance, train
from factorial.make import make
from factorial.tables import FullStudy

STUDY = FullStudy(
    name="gradient boosting on diabetes, full factorial",
    factors=FACTORS,
    trial=train,
    response="rmse",
    direction="minimize",
    seed=442,
    provenance=provenance(),
)

if __name__ == "__main__":
    make(STUDY, Path(__file__).parent, ["rmse", "mae"])
