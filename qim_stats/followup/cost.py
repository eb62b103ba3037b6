"""What a run is expected to take, from the seconds that the trials so far took."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]


def expected_seconds(data: Trials, settings: Array) -> Array | None:
    """Predict the seconds of runs.

    Parameters
    ----------
    data : Trials
        The trials so far.
    settings : ndarray of float64, shape (r, k)
        Coded -1/+1.

    Returns
    -------
    ndarray of float64, shape (r,), or None
        None where the table has no seconds. From a least squares fit of log seconds on the main effects, scaled so that
        the trials so far keep their sum; their mean where they are too few for a fit with two residual degrees of
        freedom.
    """
    if "seconds" not in data.used:
        return None
    seconds = pd.to_numeric(data.used["seconds"], errors="coerce").to_numpy(dtype=np.float64)
    timed = np.isfinite(seconds) & (seconds > 0.0)
    if not timed.any():
        return None
    seconds, x = seconds[timed], data.coded[data.factor_names].to_numpy(dtype=np.float64)[timed]
    model = np.column_stack([np.ones(len(x)), x])
    if np.linalg.matrix_rank(model) < model.shape[1] or len(x) < model.shape[1] + 2:
        return np.full(len(settings), seconds.mean())
    coefficients = np.linalg.lstsq(model, np.log(seconds), rcond=None)[0]
    scale = seconds.sum() / np.exp(model @ coefficients).sum()
    return np.asarray(scale * np.exp(np.column_stack([np.ones(len(settings)), settings]) @ coefficients))
