"""The weights of a weighted fit, from a column of the trials table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import TrialsError
from qim_stats.factors import nearest
from qim_stats.trials import Trials


def read_weights(trials: Trials, column: str) -> npt.NDArray[np.float64]:
    """Return the weights of the usable trials.

    Parameters
    ----------
    trials : Trials
        n usable trials.
    column : str
        A column of positive numbers; the error variance of a trial is sigma² / weight, so that the mean of m
        measurements has the weight m.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    TrialsError
        If there is no such column, it is the response or a factor, or a usable trial has a weight that is not a
        positive finite number; the row is named.
    """
    columns = [str(c) for c in trials.frame.columns]
    if column not in columns:
        raise TrialsError(f"there is no column {column!r}", where="--weights", remedy=nearest(column, columns))
    if column == trials.response or column in trials.coded or column == trials.block:
        what = "the response" if column == trials.response else "the block" if column == trials.block else "a factor"
        raise TrialsError(f"{column!r} is {what}", where="--weights", remedy="name a column of weights")
    cells = trials.frame.loc[trials.usable, column]
    if pd.api.types.is_bool_dtype(cells.dtype):
        values = np.full(len(cells), np.nan)
    else:
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
    fine = np.isfinite(values) & (values > 0.0)
    if not fine.all():
        first = int(np.argmin(fine))
        row = int(np.flatnonzero(trials.usable)[first]) + 1
        found = cells.iloc[first]
        told = "missing" if pd.isna(found) else f"{str(found)[:60]!r}"
        raise TrialsError(
            f"the weight is {told}, and weights are positive numbers",
            where=f"{trials.source + ', ' if trials.source else ''}row {row}, column {column!r}",
            remedy="correct it, or mark the trial as failed",
        )
    return values
