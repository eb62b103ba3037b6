"""Pseudo standard errors: the noise of contrasts, estimated from the contrasts themselves.

All suppose that contrasts have equal variance and that most of them are inert, so that the small ones measure noise
alone. They differ in how the small ones are told from the others, and in what is taken of them. Hamada and
Balakrishnan (1998), Analyzing unreplicated factorial experiments: a review with some new proposals, Statistica Sinica
8, 1-41, compare them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
PseMethod = Literal["lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"]
_EDWARDS_MEE = 5.0  # how much more a degree of freedom of pure error counts in the first step
_ONE_SIGMA = 0.683  # P(|z| < 1) for a standard normal z, to the digits Daniel and Zahn use
_JUAN_PENA = 0.6578  # median of |z| given |z| < 3.5 median |z|, as Juan and Pena give it


def lenth_pse(effects: Array) -> Array:
    """Return Lenth's pseudo standard error of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        1.5 times the median of the absolute effects below 2.5 s0, where s0 = 1.5 median of all (Lenth 1989,
        Technometrics 31, 469-473, eq. 2-3).
    """
    ordered = np.sort(np.abs(effects), axis=1)
    s0 = 1.5 * _median_of_first(ordered, np.full(len(ordered), ordered.shape[1]))
    count = np.maximum((ordered < 2.5 * s0[:, None]).sum(axis=1), 1)
    return 1.5 * _median_of_first(ordered, count)


def edwards_mee_pse(effects: Array, pure: Array, pure_df: int) -> Array:
    """Return Lenth's pseudo standard error with pure error taking part in what counts as inert.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.
    pure : ndarray of float64, shape (sets,)
        Pure-error estimates of that variance.
    pure_df : int
        Their degrees of freedom, at least 1.

    Returns
    -------
    ndarray of float64, shape (sets,)
        As ``lenth_pse``, with s0² = (m/3 s0² + 5 df pure) / (m/3 + 5 df) in the first step (Edwards and Mee 2008,
        Journal of Quality Technology 40, 368-380, as R's DoE.base reads them: ``CME.EM08``, weight0 = 5).
    """
    ordered = np.sort(np.abs(effects), axis=1)
    m = ordered.shape[1]
    s0 = 1.5 * _median_of_first(ordered, np.full(len(ordered), m))
    weight = _EDWARDS_MEE * pure_df
    s0 = np.sqrt((m / 3.0 * s0**2 + weight * pure) / (m / 3.0 + weight))
    count = np.maximum((ordered < 2.5 * s0[:, None]).sum(axis=1), 1)
    return 1.5 * _median_of_first(ordered, count)


def dong_pse(effects: Array) -> Array:
    """Return Dong's adaptive standard error of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        Root mean square of the effects that are at most 2.5 s0, where s0 = 1.5 median of their absolute values (Dong
        1993, Statistica Sinica 3, 209-217).
    """
    ordered = np.sort(np.abs(effects), axis=1)
    s0 = 1.5 * _median_of_first(ordered, np.full(len(ordered), ordered.shape[1]))
    small = np.where(ordered <= 2.5 * s0[:, None], ordered, 0.0)
    count = (ordered <= 2.5 * s0[:, None]).sum(axis=1)
    return np.asarray(np.sqrt((small**2).sum(axis=1) / count), dtype=np.float64)


def zahn_pse(effects: Array) -> Array:
    """Return Zahn's slope of the half-normal plot of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        Slope of the least-squares line through the origin to the 0.683 m smallest absolute effects over their
        half-normal scores (Zahn 1975, Technometrics 17, 201-211), which are Phi^-1(1/2 + (i - 3/8) / (2 m + 1/2))
        for the i-th smallest (Blom's plotting positions).
    """
    from scipy import special

    ordered = np.sort(np.abs(effects), axis=1)
    m = ordered.shape[1]
    small = _share(m)
    scores = special.ndtri(0.5 + 0.5 * (np.arange(1, small + 1) - 0.375) / (m + 0.25))
    return np.asarray(ordered[:, :small] @ scores / (scores @ scores), dtype=np.float64)


def juan_pena_pse(effects: Array) -> Array:
    """Return Juan and Pena's iterated median of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        Median of the absolute effects that are at most 3.5 times the median of those kept before, once no further one
        is left out, divided by 0.6578 (Juan and Pena 1992, Communications in Statistics, Theory and Methods 21,
        1383-1403).
    """
    ordered = np.sort(np.abs(effects), axis=1)
    count = np.full(len(ordered), ordered.shape[1])
    while True:
        median = _median_of_first(ordered, count)
        kept = np.minimum((ordered <= 3.5 * median[:, None]).sum(axis=1), count)
        if (kept == count).all():
            return median / _JUAN_PENA
        count = kept


def daniel_pse(effects: Array) -> Array:
    """Return Daniel's order statistic of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        The absolute effect whose place among the m, from the smallest, is nearest to 0.683 m (Daniel 1959,
        Technometrics 1, 311-341): where the half-normal plot crosses one standard deviation.
    """
    place = _share(effects.shape[1]) - 1
    return np.asarray(np.partition(np.abs(effects), place, axis=1)[:, place], dtype=np.float64)


PSEUDO_ERRORS: dict[PseMethod, Callable[[Array], Array]] = {
    "lenth": lenth_pse,
    "dong": dong_pse,
    "zahn": zahn_pse,
    "juan-pena": juan_pena_pse,
    "daniel": daniel_pse,
    "edwards-mee": lenth_pse,  # without pure error it is Lenth's
}
PSE_NAMES: dict[PseMethod, str] = {
    "lenth": "Lenth's",
    "dong": "Dong's",
    "zahn": "Zahn's",
    "juan-pena": "Juan and Pena's",
    "daniel": "Daniel's",
    "edwards-mee": "Edwards and Mee's",
}


def _share(m: int) -> int:
    """Return 0.683 m rounded, at least 1."""
    return max(int(_ONE_SIGMA * m + 0.5), 1)


def _median_of_first(ordered: Array, count: npt.NDArray[np.intp]) -> Array:
    """Return the median of the ``count`` smallest values of each sorted row."""
    rows = np.arange(len(ordered))
    return np.asarray(0.5 * (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]), dtype=np.float64)
