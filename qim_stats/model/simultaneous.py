"""Simultaneous tests and limits from the largest |t| of a family of coefficients.

Under the null hypothesis the coefficients over their standard errors are jointly t-distributed with the correlation of
the design; the distribution of the largest absolute one gives p-values and limits that hold for all together (the
single-step procedure of Hothorn, Bretz and Westfall 2008, Biometrical Journal 50, 346-363; multcomp in R). It is less
strict than Bonferroni's bound and needs no inequality.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
DRAWS = 20_000
_MAX_NORMALS = 5_000_000
_NODES = 200
_ORTHOGONAL = 1e-9


@dataclass(frozen=True)
class MaxT:
    """The distribution of the largest of k absolute t-ratios.

    Parameters
    ----------
    k : int
        Number of coefficients.
    df : float
        Degrees of freedom of their common error estimate.
    largest : ndarray of float64, shape (draws,), or None
        Simulated largest absolute values of correlated standard normal variables; None for independent ones, whose
        distribution is computed.
    """

    k: int
    df: float
    largest: Array | None

    def p_values(self, statistics: Array) -> Array:
        """Return the chance that any of the k null t-ratios exceeds each statistic in absolute value.

        Notes
        -----
        With s the error estimate over sigma, which is chi-distributed, and M the largest absolute normal variable,
        P(M / s >= q) is the mean of P(s <= M / q) over simulated M, or 1 - the mean of P(M <= q s) over s; for k
        independent variables P(M <= x) = erf(x / sqrt 2)^k.
        """
        from scipy import special

        q = np.abs(statistics)
        if self.largest is None:
            s, weights = _chi_nodes(self.df)
            inside = special.erf(np.multiply.outer(q, s) / np.sqrt(2.0)) ** self.k
            return np.asarray(np.clip(1.0 - inside @ weights, 0.0, 1.0), dtype=np.float64)
        with np.errstate(divide="ignore"):
            inverse = 1.0 / q**2
        return np.array([self._exceeded(float(x)) for x in inverse])

    def margin(self, confidence: float) -> float:
        """Return the quantile of the largest absolute t-ratio."""
        from scipy import optimize

        def excess(q: float) -> float:
            return float(self.p_values(np.array([q]))[0]) - (1.0 - confidence)

        high = 2.0
        while excess(high) > 0.0:
            high *= 2.0
        return float(optimize.brentq(excess, 1e-3, high, xtol=1e-10))

    def _exceeded(self, inverse_square: float) -> float:
        from scipy import special

        if self.largest is None or not np.isfinite(inverse_square):
            return 1.0
        return float(special.gammainc(self.df / 2.0, self.df / 2.0 * self.largest**2 * inverse_square).mean())


def max_t(statistics: Array, covariance: Array, df: float, *, seed: int) -> MaxT:
    """Find the distribution of the largest |t| of coefficients with a given covariance.

    Parameters
    ----------
    statistics : ndarray of float64, shape (k,)
        Their t-ratios: draws are assigned by their size and sign, so that neither the order of the factors nor which
        level is called high changes an answer.
    covariance : ndarray of float64, shape (k, k)
        In any scale.
    df : float
        Degrees of freedom of the error estimate.
    seed : int
        Of the simulation.

    Returns
    -------
    MaxT
        Computed for uncorrelated coefficients; else from 20,000 draws, fewer for more than 250 coefficients.
    """
    k = len(statistics)
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    if np.abs(correlation - np.eye(k)).max(initial=0.0) < _ORTHOGONAL:
        return MaxT(k, df, None)
    # Rounded, so that statistics of one size keep the order of their columns whatever rounding error says.
    order = np.argsort(-np.round(np.abs(statistics), 9), kind="stable")
    signs = np.where(statistics < 0.0, -1.0, 1.0)
    shape = (correlation * np.outer(signs, signs))[np.ix_(order, order)]
    rng = np.random.Generator(np.random.PCG64([seed, 2]))
    normal = rng.standard_normal((max(2_000, min(DRAWS, _MAX_NORMALS // k)), k))
    return MaxT(k, df, np.abs(normal @ _root(shape)).max(axis=1))


@lru_cache(maxsize=64)
def _chi_nodes(df: float) -> tuple[Array, Array]:
    """Return values of chi / sqrt(df) and their weights, which sum to 1: Gauss and Legendre's over probabilities."""
    from scipy import special

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return np.sqrt(special.gammaincinv(df / 2.0, (nodes + 1.0) / 2.0) * 2.0 / df), weights / 2.0


def _root(correlation: Array) -> Array:
    """Return a matrix R with R'R = correlation, which a robust covariance may have singular."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] > 1e-10:
        return np.asarray(np.linalg.cholesky(correlation).T, dtype=np.float64)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T, dtype=np.float64)
