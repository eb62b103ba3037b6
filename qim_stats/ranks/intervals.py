"""How far the order of factors by |effect| is known: simultaneous rank intervals and probabilities of being on top.

Rank sets: Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518, and Klein, Wright and
Wieczorek (2020), JRSS A 183, 923-949, build them from simultaneous intervals for all pairwise differences. Here the
quantities ranked are absolute values, and |a| > |b| is the same as (a - b)(a + b) > 0, so a pair is ordered only when
the simultaneous intervals of both a - b and a + b exclude zero.

Simulations run over the factors in the order of their |effect| and with signs turned positive, so that neither the
order nor the naming of the factors, nor which level is called high, changes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qim_stats.screening.lenth_null import NoiseScale

Array = npt.NDArray[np.float64]
DRAWS = 20_000


@dataclass(frozen=True)
class EffectUncertainty:
    """The k main effects with the distribution of their errors.

    Parameters
    ----------
    effects : ndarray of float64, shape (k,)
        In the response's unit.
    covariance : ndarray of float64, shape (k, k)
        Of the effects.
    df : float
        Degrees of freedom of the error estimate.
    scale : NoiseScale or None
        Where a pseudo standard error takes part, how it follows from contrasts.
    """

    effects: Array
    covariance: Array
    df: float
    scale: NoiseScale | None = None


@dataclass(frozen=True)
class RankIntervals:
    """What is known of the order.

    Parameters
    ----------
    larger : ndarray of bool, shape (k, k)
        ``larger[i, j]``: |effect i| is claimed to exceed |effect j|.
    critical : float
        The critical value of the pairwise t-ratios.
    """

    larger: npt.NDArray[np.bool_]
    critical: float

    @property
    def low(self) -> npt.NDArray[np.int64]:
        """Lowest rank of each factor, 1 + the number claimed larger."""
        return np.asarray(1 + self.larger.sum(axis=0), dtype=np.int64)

    @property
    def high(self) -> npt.NDArray[np.int64]:
        """Highest rank of each factor, k - the number claimed smaller."""
        return np.asarray(len(self.larger) - self.larger.sum(axis=1), dtype=np.int64)


def rank_intervals(known: EffectUncertainty, *, confidence: float, seed: int) -> RankIntervals:
    """Order the pairs of factors that can be ordered, all claims holding together with the given confidence.

    Parameters
    ----------
    known : EffectUncertainty
        k effects.
    confidence : float
        Chance that no claimed order is wrong.
    seed : int
        Of the simulated critical value.

    Returns
    -------
    RankIntervals
        Over the k factors in their given order.
    """
    effects, covariance = known.effects, known.covariance
    k = len(effects)
    if k == 1:
        return RankIntervals(np.zeros((1, 1), dtype=np.bool_), 0.0)
    shape = _canonical_covariance(known)
    critical = _critical_value((shape / shape[0, 0]).round(12).tobytes(), k, known.df, known.scale, confidence, seed)
    variances = np.diag(covariance)
    total = variances[:, None] + variances[None, :]
    apart = np.ones((k, k), dtype=np.bool_)
    for sign in (-1.0, 1.0):
        spread = np.sqrt(np.maximum(total + 2.0 * sign * covariance, 0.0))
        apart &= np.abs(effects[:, None] + sign * effects[None, :]) > critical * spread
    magnitude = np.abs(effects)
    return RankIntervals(apart & (magnitude[:, None] > magnitude[None, :]), critical)


def sampled_ranks(known: EffectUncertainty, *, seed: int) -> npt.NDArray[np.int64]:
    """Draw effects from their posterior under flat priors and rank them.

    Parameters
    ----------
    known : EffectUncertainty
        k effects.
    seed : int
        Of the draws.

    Returns
    -------
    ndarray of int64, shape (20000, k)
        Ranks by size of effect + SE t(df), the posterior under a flat prior on effects and log sigma.
    """
    effects = known.effects
    order = _canonical_order(effects)
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    normal = rng.standard_normal((DRAWS, len(effects))) @ np.linalg.cholesky(_canonical_covariance(known)).T
    scale = np.sqrt(rng.chisquare(known.df, DRAWS) / known.df)
    drawn = np.abs(np.abs(effects)[order] + normal / scale[:, None])
    places = np.empty(drawn.shape, dtype=np.int64)
    places[:, order] = np.argsort(np.argsort(-drawn, axis=1), axis=1) + 1
    return places


def _canonical_order(effects: Array) -> npt.NDArray[np.intp]:
    # Rounded, so that effects of one size keep the order of their columns whatever rounding error says.
    largest = float(np.abs(effects).max(initial=0.0)) or 1.0
    return np.argsort(-np.round(np.abs(effects) / largest, 9), kind="stable")


def _canonical_covariance(known: EffectUncertainty) -> Array:
    """Return the covariance of the effects with signs turned positive, from the largest to the smallest."""
    order, signs = _canonical_order(known.effects), np.where(known.effects < 0.0, -1.0, 1.0)
    return np.asarray((known.covariance * np.outer(signs, signs))[np.ix_(order, order)], dtype=np.float64)


@lru_cache(maxsize=64)
def _critical_value(
    covariance: bytes, k: int, df: float, pseudo: NoiseScale | None, confidence: float, seed: int
) -> float:
    """Simulate, for effects that are all zero, the quantile of the largest t-ratio of any a - b or a + b.

    The covariance comes as the bytes of a k x k matrix in any scale: studies of one design share a value.
    """
    matrix = np.frombuffer(covariance).reshape(k, k)
    rng = np.random.Generator(np.random.PCG64([seed, 0]))
    if pseudo is None:
        noise = rng.standard_normal((DRAWS, k))
        scale = np.sqrt(rng.chisquare(df, DRAWS) / df)
    else:
        noise = rng.standard_normal((DRAWS, max(pseudo.m, k)))
        scale = pseudo.draw(noise[:, : pseudo.m], rng)
        noise = noise[:, :k]
    drawn = (noise @ np.linalg.cholesky(matrix).T).T.copy()
    variances = np.diag(matrix)
    largest = np.zeros(DRAWS)
    for i in range(k - 1):
        total = variances[i] + variances[i + 1 :]
        twice = 2.0 * matrix[i, i + 1 :]
        for sign in (-1.0, 1.0):
            spread = np.sqrt(total + sign * twice)[:, None]
            np.maximum(largest, (np.abs(drawn[i] + sign * drawn[i + 1 :]) / spread).max(axis=0), out=largest)
    return float(np.quantile(largest / scale, confidence))
