"""The null distribution of Lenth's t-ratios, simulated: what effect / PSE does when every contrast is noise.

Ye, K. Q. and Hamada, M. (2000), Critical values of the Lenth method for unreplicated factorial designs, Journal of
Quality Technology 32, 57-66: the individual error rate pools the m ratios of a set, the experimentwise one takes the
largest of each set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
SETS = 20_000
_MAX_NORMALS = 2_500_000  # sets times contrasts: keeps a simulation under a third of a second


@dataclass(frozen=True)
class LenthNull:
    """Simulated ratios of m null contrasts.

    Parameters
    ----------
    pooled : ndarray of float64, shape (sets * m,)
        Absolute ratios, sorted.
    largest : ndarray of float64, shape (sets,)
        The largest absolute ratio of each set, sorted.
    """

    pooled: Array
    largest: Array

    def p_individual(self, ratios: Array) -> Array:
        """Return the chance that one given null contrast exceeds each ratio in absolute value."""
        return _tail(self.pooled, ratios)

    def p_simultaneous(self, ratios: Array) -> Array:
        """Return the chance that any of the m null contrasts exceeds each ratio in absolute value."""
        return _tail(self.largest, ratios)

    def margin(self, confidence: float) -> float:
        """Return ME / PSE."""
        return float(np.quantile(self.pooled, confidence))

    def simultaneous_margin(self, confidence: float) -> float:
        """Return SME / PSE."""
        return float(np.quantile(self.largest, confidence))


def pseudo_standard_error(effects: Array) -> Array:
    """Return Lenth's pseudo standard error of sets of effects.

    Parameters
    ----------
    effects : ndarray of float64, shape (sets, m)
        Contrasts of equal variance.

    Returns
    -------
    ndarray of float64, shape (sets,)
        1.5 times the median of the absolute effects below 2.5 s0, where s0 = 1.5 median of all (Lenth 1989, eq. 2-3).
    """
    ordered = np.sort(np.abs(effects), axis=1)
    m = ordered.shape[1]
    s0 = 0.75 * (ordered[:, (m - 1) // 2] + ordered[:, m // 2])
    count = np.maximum((ordered < 2.5 * s0[:, None]).sum(axis=1), 1)
    rows = np.arange(len(ordered))
    return np.asarray(0.75 * (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2]), dtype=np.float64)


@lru_cache(maxsize=16)
def null_distribution(m: int, seed: int) -> LenthNull:
    """Simulate the null distribution of m contrasts' ratios.

    Parameters
    ----------
    m : int
        Number of contrasts.
    seed : int
        The same seed gives the same distribution.

    Returns
    -------
    LenthNull
        From 20,000 sets, fewer for more than 125 contrasts.
    """
    sets = max(2_000, min(SETS, _MAX_NORMALS // m))
    draws = np.random.Generator(np.random.PCG64([seed, m])).standard_normal((sets, m))
    ratios = np.abs(draws) / pseudo_standard_error(draws)[:, None]
    return LenthNull(np.sort(ratios, axis=None), np.sort(ratios.max(axis=1)))


def _tail(null: Array, ratios: Array) -> Array:
    """Return the share of the null values at or above each |ratio|, counting the ratio itself so that it is never 0.

    The ratio of the median contrast is 1/1.5 exactly, in the data as in the simulation, so equality is taken with a
    tolerance: rounding must not decide it.
    """
    above = len(null) - np.searchsorted(null, np.abs(ratios) * (1.0 - 1e-9), side="left")
    return np.asarray((above + 1.0) / (len(null) + 1.0), dtype=np.float64)
