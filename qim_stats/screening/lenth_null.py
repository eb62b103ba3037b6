"""The null distribution of t-ratios, simulated: what effect / standard error does when every contrast is noise.

Ye, K. Q. and Hamada, M. (2000), Critical values of the Lenth method for unreplicated factorial designs, Journal of
Quality Technology 32, 57-66: the individual error rate pools the m ratios of a set, the experimentwise one takes the
largest of each set. The same holds for every pseudo standard error. Edwards, D. J. and Mee, R. W. (2008), Empirically
determined p-values for Lenth t statistics, Journal of Quality Technology 40, 368-380, simulate it for correlated
contrasts and their own number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qim_stats.screening.pseudo_errors import PSEUDO_ERRORS, PseMethod, edwards_mee_pse
from qim_stats.screening.pseudo_errors import lenth_pse as pseudo_standard_error

__all__ = ["SETS", "LenthNull", "NoiseScale", "null_distribution", "pseudo_standard_error"]

Array = npt.NDArray[np.float64]
SETS = 50_000
_MAX_NORMALS = 2_500_000  # sets times contrasts: keeps a simulation under a third of a second


@dataclass(frozen=True)
class NoiseScale:
    """How the noise of m contrasts is estimated from them, and from pure error if there is some.

    Parameters
    ----------
    m : int
        Number of contrasts.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error.
    pure_df : int
        Degrees of freedom of the pure error that is pooled with it; 0 for none.
    """

    m: int
    method: PseMethod = "lenth"
    pure_df: int = 0

    @property
    def df(self) -> float:
        """Degrees of freedom: m/3 for the pseudo standard error (Lenth 1989), and those of the pure error."""
        return self.m / 3.0 + self.pure_df

    def pool(self, contrasts: Array, pure: Array | None) -> Array:
        """Estimate the standard deviation of contrasts.

        Parameters
        ----------
        contrasts : ndarray of float64, shape (sets, m)
            In units in which each has the standard deviation to be estimated.
        pure : ndarray of float64, shape (sets,), or None
            Pure-error estimates of the variance of a contrast.

        Returns
        -------
        ndarray of float64, shape (sets,)
            Root of the mean of PSE² and pure error, weighted by their degrees of freedom.
        """
        if pure is None or not self.pure_df:
            return PSEUDO_ERRORS[self.method](contrasts)
        if self.method == "edwards-mee":
            pseudo = edwards_mee_pse(contrasts, pure, self.pure_df)
        else:
            pseudo = PSEUDO_ERRORS[self.method](contrasts)
        return np.asarray(np.sqrt((self.m / 3.0 * pseudo**2 + self.pure_df * pure) / self.df), dtype=np.float64)

    def draw(self, contrasts: Array, rng: np.random.Generator) -> Array:
        """Return the estimates that go with simulated contrasts of standard deviation 1; ``rng`` gives pure error."""
        pure = rng.chisquare(self.pure_df, len(contrasts)) / self.pure_df if self.pure_df else None
        return self.pool(contrasts, pure)


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


def null_distribution(
    m: int, seed: int, method: PseMethod = "lenth", pure_df: int = 0, correlation: Array | None = None
) -> LenthNull:
    """Simulate the null distribution of m contrasts' ratios.

    Parameters
    ----------
    m : int
        Number of contrasts.
    seed : int
        The same seed gives the same distribution.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error.
    pure_df : int
        Degrees of freedom of the pure error pooled with it.
    correlation : ndarray of float64, shape (m, m), optional
        Of the contrasts; by default they are independent.

    Returns
    -------
    LenthNull
        From 50,000 sets, fewer for more than 50 contrasts. It is kept for the rest of the process.
    """
    shape = None if correlation is None else correlation.round(12).tobytes()
    return _simulate(NoiseScale(m, method, pure_df), seed, shape)


@lru_cache(maxsize=16)
def _simulate(scale: NoiseScale, seed: int, correlation: bytes | None) -> LenthNull:
    m = scale.m
    sets = max(2_000, min(SETS, _MAX_NORMALS // m))
    rng = np.random.Generator(np.random.PCG64([seed, m]))
    draws = rng.standard_normal((sets, m))
    if correlation is not None:
        draws = draws @ np.linalg.cholesky(np.frombuffer(correlation).reshape(m, m)).T
    ratios = np.abs(draws) / scale.draw(draws, rng)[:, None]
    return LenthNull(np.sort(ratios, axis=None), np.sort(ratios.max(axis=1)))


def _tail(null: Array, ratios: Array) -> Array:
    """Return the share of the null values at or above each |ratio|, counting the ratio itself so that it is never 0.

    The ratio of the median contrast is 1/1.5 exactly, in the data as in the simulation, so equality is taken with a
    tolerance: rounding must not decide it.
    """
    above = len(null) - np.searchsorted(null, np.abs(ratios) * (1.0 - 1e-9), side="left")
    return np.asarray((above + 1.0) / (len(null) + 1.0), dtype=np.float64)
