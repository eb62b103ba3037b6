"""The noise ceiling: how right an answer could be if every interaction were known and only the noise of trials not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from qim_stats.replays.estimators import Estimates
from qim_stats.replays.measures import score_studies
from qim_stats.replays.truth import Truth
from qim_stats.replays.virtual import World

STUDIES = 20_000
COLUMNS = {
    "kendall_tau": "kendall_tau",
    "p_top1": "top1",
    "p_top3": "top3",
    "p_top5": "top5",
    "top3_capture": "top3_capture",
}


def noise_ceiling(world: World, truth: Truth, trials: Iterable[int], seed: int) -> pd.DataFrame:
    """Simulate estimates that noise alone disturbs.

    Parameters
    ----------
    world : World
        N cells, and the noise of a trial.
    truth : Truth
        The true effects.
    trials : iterable of int
        Numbers of trials, n each.
    seed : int
        Of the noise.

    Returns
    -------
    DataFrame
        A row per n: ``trials``, ``kendall_tau``, ``p_top1``, ``p_top3``, ``p_top5``, ``top3_capture``; NaN where there
        are too few factors.

    Notes
    -----
    Each effect has independent normal noise of variance 4 sd^2 / n, that of a balanced design; where nothing is added
    to what the table shows, 4 sd^2 (1 / n - 1 / N), as its own noise is part of the truth and all N trials would
    return it.
    """
    rows = []
    for n in sorted(set(trials)):
        left = 1.0 / n - (0.0 if world.added else 1.0 / len(world.table.values))
        rng = np.random.Generator(np.random.PCG64([seed, 4, n]))
        noise = 2.0 * world.noise.sd * np.sqrt(max(left, 0.0)) * rng.standard_normal((STUDIES, len(truth.size)))
        measures = score_studies(Estimates(np.abs(truth.effects + noise)), truth, rng)
        rows.append((n, *(float(measures[name].mean()) for name in COLUMNS.values())))
    return pd.DataFrame(rows, columns=["trials", *COLUMNS])
