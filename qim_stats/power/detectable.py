"""The smallest effects that a design can see: per factor, before any trial is run."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import DesignError, QimError
from qim_stats.power.significance import check_levels, detectable_shift, significance

Array = npt.NDArray[np.float64]


def detectable_effects(
    x: npt.ArrayLike,
    names: Sequence[str],
    df: float | None,
    blocks: Sequence[Hashable] | None = None,
    sd: float = 1.0,
    power: float = 0.8,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the minimum detectable effect of each factor.

    Parameters
    ----------
    x : array, shape (n, k)
        The design, -1 at low and +1 at high.
    names : sequence of str
        The k factors.
    df : float or None
        Degrees of freedom of the error estimate that the analysis will have (residual, pure, foldover); None for
        Lenth's pseudo standard error, from all n - 1 - (blocks - 1) contrasts.
    blocks : sequence, optional
        The block of each row, when there are several.
    sd : float
        Standard deviation of one trial at fixed levels with a new seed, in the response's unit.
    power : float
        The chance of claiming an effect of that size.
    confidence : float
        1 - the chance of any false claim over the k factors.
    seed : int
        Of the simulation behind Lenth's method; the others need none.

    Returns
    -------
    DataFrame, shape (k, 6)
        ``factor, std_error, df, critical, detectable_sd, detectable``: the standard error of the effect (high - low)
        in the response's unit, the |effect| / SE from which it is claimed, and the smallest effect that is claimed
        with the power asked for, in SDs of a trial and in the response's unit.

    Raises
    ------
    DesignError
        If the factors, with the blocks, cannot be told apart in these rows.
    QimError
        If an option means nothing.

    Notes
    -----
    SE_j = 2 sd sqrt((X'X)^-1_jj) with X = (1, blocks, x); effect = SE_j delta with P(|T(df, delta)| > t(1 - (1 -
    confidence) / (2 k), df)) = power, T noncentral t (Johnson and Welch 1940, Biometrika 31, 362-389).
    """
    check_levels(power, confidence)
    check_sd(sd)
    spread = 2.0 * np.sqrt(np.diag(effect_covariance(x, names, blocks)))
    n, k = np.shape(x)
    test = significance(df, n - count_blocks(blocks), k, confidence=confidence, seed=seed)
    shift = detectable_shift(test, power)
    return pd.DataFrame(
        {
            "factor": list(names),
            "std_error": spread * sd,
            "df": test.df,
            "critical": test.critical,
            "detectable_sd": spread * shift,
            "detectable": spread * shift * sd,
        }
    )


def estimator(x: npt.ArrayLike, names: Sequence[str], blocks: Sequence[Hashable] | None = None) -> Array:
    """Return the least-squares weights of the coded coefficients, blocks and intercept taken out.

    Parameters
    ----------
    x, names, blocks
        As of ``detectable_effects``.

    Returns
    -------
    ndarray of float64, shape (k, n)
        Times the response, the half effects.

    Raises
    ------
    DesignError
        If the model has not full rank.
    """
    coded = np.asarray(x, dtype=np.float64)
    if coded.ndim != 2 or coded.shape[1] != len(names) or not len(names):
        problem = f"the design of shape {coded.shape} does not have a column for each of {len(names)} factors"
        raise DesignError(problem, where="x", remedy="give one row per trial and one column per factor")
    labels = pd.factorize(pd.Series(list(blocks)))[0] if blocks is not None else np.zeros(len(coded), dtype=np.int64)
    if len(labels) != len(coded):
        problem = f"{len(labels)} blocks are given for {len(coded)} trials"
        raise DesignError(problem, where="blocks", remedy="give one for each row of the design")
    others = (labels[:, None] == np.arange(labels.max() + 1)).astype(np.float64)
    model = np.column_stack([others, coded])
    if np.linalg.matrix_rank(model) < model.shape[1]:
        problem = f"{len(coded)} trials cannot tell the main effects of {len(names)} factors apart"
        raise DesignError(problem, where="x", remedy="take a design with more runs")
    return np.asarray(np.linalg.pinv(model)[others.shape[1] :], dtype=np.float64)


def effect_covariance(x: npt.ArrayLike, names: Sequence[str], blocks: Sequence[Hashable] | None = None) -> Array:
    """Return the covariance of the k coded coefficients for trials of variance 1, shape (k, k)."""
    weights = estimator(x, names, blocks)
    return np.asarray(weights @ weights.T, dtype=np.float64)


def count_blocks(blocks: Sequence[Hashable] | None) -> int:
    """Return how many blocks there are; one when none are given."""
    return 1 if blocks is None else len(set(blocks))


def check_sd(sd: float) -> None:
    """Refuse a standard deviation that is none.

    Raises
    ------
    QimError
        If it is not a positive number.
    """
    if not (math.isfinite(sd) and sd > 0.0):
        problem = f"{sd!r} is not a positive number"
        raise QimError(problem, where="--sd", remedy="give the standard deviation of a trial over its seeds")
