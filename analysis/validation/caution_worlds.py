"""Recorded tables with part of their interactions taken out: what makes claims of order cautious."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from qim_stats.replays.full_table import full_table, settings
from qim_stats.replays.truth import truth_of
from qim_stats.trials import read_trials
from validation.artificial import RESPONSE
from validation.tables import ARTIFICIAL, Validated, factors_of

AS_RECORDED = "as recorded"
ORDERS = {"without interactions of three factors and more": 2, "without any interaction": 1}
"""Worlds that are made of a table, and the most factors of the effects that are left."""


def stripped(table: Validated, order: int, seed: int) -> Validated:
    """Make a table of the effects of few factors, and of fresh noise.

    Parameters
    ----------
    table : Validated
        Of k factors; its half effects of up to ``order`` factors are kept.
    order : int
        1 for main effects alone.
    seed : int
        Of the noise, one trial a cell, normal with the SD of the table's.

    Returns
    -------
    Validated
        2^k cells; its truth is its own main effects, noise and all.
    """
    full = table.full
    x = settings(np.arange(full.cells), full.k).astype(np.float64)
    y = np.full(full.cells, full.means.mean())
    for count in range(1, order + 1):
        for members in combinations(range(full.k), count):
            product = x[:, members].prod(axis=1)
            y += product * (product @ full.means / full.cells)
    y += table.noise.sd * np.random.Generator(np.random.PCG64([seed, order])).standard_normal(full.cells)
    names = [f"x{i + 1}" for i in range(full.k)]
    source = pd.DataFrame(x.astype(np.int64), columns=names).assign(**{RESPONSE: y})
    trials = read_trials(source, response=RESPONSE, direction=full.direction, factors=factors_of(source))
    made = full_table(trials)
    return Validated(table.name, ARTIFICIAL, source, None, made, table.noise, truth_of(made, table.noise))
