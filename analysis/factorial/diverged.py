"""What a diverged trial counts as in a full factorial: as much as guessing, the best that a net of NaN weights does."""

from __future__ import annotations

import math

import pandas as pd

from qim_stats.trials.states import DIVERGED

GUESSING = {"accuracy": 0.1, "loss": math.log(10)}
"""Of ten classes, as all recorded data sets of images have."""


def as_guessing(table: pd.DataFrame) -> pd.DataFrame:
    """Return a trials table whose diverged trials have the responses of guessing, where those are known.

    Parameters
    ----------
    table : DataFrame
        With a column ``state``.
    """
    diverged = table["state"] == DIVERGED
    return table.assign(
        **{name: table[name].mask(diverged, value) for name, value in GUESSING.items() if name in table.columns}
    )
