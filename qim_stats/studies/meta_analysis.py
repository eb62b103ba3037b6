"""One factor's effect over several studies: a random-effects meta-analysis, with how much the studies differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.distributions import chi2_upper, t_quantile, t_two_sided

Array = npt.NDArray[np.float64]
_MAX_STEPS = 200


@dataclass(frozen=True)
class PooledEffect:
    """An effect pooled over m studies.

    Parameters
    ----------
    effect, std_error : float
        Mean of the studies' true effects, in the response's unit, and its standard error.
    df : int
        m - 1.
    conf_low, conf_high, p_value : float
        By t with m - 1 degrees of freedom.
    q, q_p_value : float
        Cochran's Q and its chi² p-value: do the studies differ by more than their standard errors?
    i2 : float
        Share of the variation between studies that is not noise, max(0, 1 - (m - 1) / Q).
    tau : float
        Standard deviation of the true effects between studies, in the response's unit.
    """

    effect: float
    std_error: float
    df: int
    conf_low: float
    conf_high: float
    p_value: float
    q: float
    q_p_value: float
    i2: float
    tau: float


def pool_effects(effects: Array, std_errors: Array, confidence: float) -> PooledEffect:
    """Pool an effect over studies.

    Parameters
    ----------
    effects, std_errors : ndarray of float64, shape (m,)
        One per study, m at least 2, in one unit; standard errors positive.
    confidence : float
        Of the limits.

    Returns
    -------
    PooledEffect
        Equal to R's ``metafor::rma(effects, sei, method = "PM", test = "adhoc")``.

    Notes
    -----
    The variance between studies is Paule and Mandel's (1982, J. Res. Natl. Bur. Stand. 87, 377-385): the tau² >= 0 at
    which sum w (effect - mean)² = m - 1, w = 1 / (SE² + tau²). The standard error is Hartung and Knapp's (2001, Stat.
    Med. 20, 3875-3889), never below the one that takes tau as known: with a few studies that happen to agree it would
    else be too small (Röver, Knapp and Friede 2015, BMC Med. Res. Methodol. 15, 99). Q is Cochran's (1954), I² Higgins
    and Thompson's (2002, Stat. Med. 21, 1539-1558). statsmodels' ``combine_effects`` has the estimates, but neither
    keeps its tau² from going below zero nor has that lower bound.
    """
    m = len(effects)
    variances = std_errors**2
    tau2 = _paule_mandel(effects, variances)
    weights = 1.0 / (variances + tau2)
    mean = float(weights @ effects / weights.sum())
    spread = float(weights @ (effects - mean) ** 2) / (m - 1)
    std_error = math.sqrt(max(1.0, spread) / float(weights.sum()))
    margin = t_quantile((1.0 + confidence) / 2.0, m - 1) * std_error
    q = _excess(effects, variances, 0.0)
    return PooledEffect(
        effect=mean,
        std_error=std_error,
        df=m - 1,
        conf_low=mean - margin,
        conf_high=mean + margin,
        p_value=float(t_two_sided(np.array([mean / std_error]), m - 1)[0]),
        q=q,
        q_p_value=chi2_upper(q, m - 1),
        i2=max(0.0, 1.0 - (m - 1) / q) if q > 0.0 else 0.0,
        tau=math.sqrt(tau2),
    )


def _excess(effects: Array, variances: Array, tau2: float) -> float:
    """Return the weighted sum of squares around the weighted mean; it falls as tau² grows."""
    weights = 1.0 / (variances + tau2)
    mean = weights @ effects / weights.sum()
    return float(weights @ (effects - mean) ** 2)


def _paule_mandel(effects: Array, variances: Array) -> float:
    """Find tau² by bisection: the sum of squares falls monotonically, and at the upper end it is below m - 1."""
    wanted = len(effects) - 1
    if _excess(effects, variances, 0.0) <= wanted:
        return 0.0
    low, high = 0.0, float(np.ptp(effects)) ** 2
    while _excess(effects, variances, high) > wanted:
        high *= 2.0
    for _ in range(_MAX_STEPS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if _excess(effects, variances, middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
