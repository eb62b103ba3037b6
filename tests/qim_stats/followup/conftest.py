"""Small studies with a known truth."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from qim_stats.design import foldover, plackett_burman
from qim_stats.factors import Factor

Study = Callable[..., pd.DataFrame]


@pytest.fixture
def study() -> Study:
    """Make a Plackett-Burman study of k factors: three active ones, an interaction, and noise."""

    def make(k: int = 4, runs: int = 12, *, fold: bool = False, noise: float = 0.5, seed: int = 1) -> pd.DataFrame:
        design = plackett_burman([Factor(f"x{i}", 0, 10) for i in range(k)], runs=runs, seed=1)
        design = foldover(design) if fold else design
        x = design.coded[design.names].to_numpy(dtype=np.float64)
        rng = np.random.Generator(np.random.PCG64([seed, k]))
        y = 3 * x[:, 0] - 2 * x[:, 1] + 1.5 * x[:, 2] + x[:, 0] * x[:, 1] + noise * rng.standard_normal(len(x))
        return design.natural().assign(y=y)

    return make
