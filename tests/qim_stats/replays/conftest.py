"""A full table made from known effects, for the tests of replays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs

EFFECTS = {"lr": 1.0, "wd": -0.8, "bs": 0.6, "act": 0.3, "drop": 0.1}
FACTORS = [qs.Factor(name, 1, 2) for name in EFFECTS]


def made_full(noise: float = 0.0, replicates: int = 1, interaction: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Return a table of every combination: main effects, an interaction of the first two factors, noise."""
    design = qs.full_factorial(FACTORS)
    natural = pd.concat([design.natural()] * replicates, ignore_index=True)
    x = natural[list(EFFECTS)].to_numpy() * 2.0 - 3.0
    y = x @ np.array(list(EFFECTS.values())) / 2.0 + interaction / 2.0 * x[:, 0] * x[:, 1]
    rng = np.random.Generator(np.random.PCG64(seed))
    frame = natural[list(EFFECTS)].assign(y=y + noise * rng.standard_normal(len(y)), seconds=2.0)
    frame.insert(0, "run", np.tile(np.arange(1, design.n + 1), replicates))
    frame.insert(1, "replicate", np.repeat(np.arange(1, replicates + 1), design.n))
    return frame


@pytest.fixture
def effects() -> dict[str, float]:
    """The main effects of the table."""
    return dict(EFFECTS)


@pytest.fixture
def full() -> Callable[..., pd.DataFrame]:
    """The table, by noise, replicates, interaction and seed."""
    return made_full


@pytest.fixture
def recorded() -> Path:
    """The recorded full factorial of LeNet."""
    return Path(__file__).parents[3] / "analysis" / "lenet_fashion" / "full.csv"
