"""Rank intervals from draws of ranks, and the two layers of what is known of an order brought together.

The *sampling* layer knows the noise of trials and assumes that interactions outside the model are zero. The
*alias-aware* layer gives them a distribution, and knows the noise too: where it is there, its intervals are reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.ranks.intervals import RankIntervals

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_SHARE_OF_MISSES = 0.4  # of those that a confidence allows; analysis/calibration_ranks shows that it does


@dataclass(frozen=True)
class RankBounds:
    """Lowest and highest rank of each factor, shapes (k,)."""

    low: Ranks
    high: Ranks

    def hull(self, other: RankBounds) -> RankBounds:
        """Return the smallest intervals that hold both."""
        return RankBounds(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def holds(self, ranks: Ranks) -> Flags:
        """Whether each rank lies in its interval."""
        return np.asarray((self.low <= ranks) & (ranks <= self.high), dtype=np.bool_)


def simultaneous_bounds(drawn: Ranks, level: float, weight: Array | None = None) -> RankBounds:
    """Return the smallest equal-tail intervals that hold all ranks at once in at least a share of the draws.

    A draw lies in all intervals of tail a exactly if the smallest of its factors' tail shares, min over i of
    min(share of ranks <= r_i, share of ranks >= r_i), is at least a; so the largest a that serves is a quantile of it.

    Parameters
    ----------
    drawn : ndarray of int64, shape (d, k)
        Ranks of k factors in d draws.
    level : float
        The share.
    weight : ndarray of float64, shape (d,), optional
        Of each draw; all alike by default.

    Returns
    -------
    RankBounds
        Joint, as the note on ranks in docs/ranks.md defines them.
    """
    weight = np.ones(len(drawn)) if weight is None else weight
    below, above = _tails(drawn, weight)
    factor = np.arange(drawn.shape[1])
    smallest = np.minimum(below[factor, drawn - 1], above[factor, drawn - 1]).min(axis=1)
    ascending = np.argsort(smallest, kind="stable")
    # The first beside which there is no room below the level; rounding error must not make room.
    spare = (1.0 - level) * weight.sum() + 1e-9
    first = int(np.searchsorted(np.cumsum(weight[ascending]), spare, side="right"))
    return _bounds(below, above, float(smallest[ascending[first]]))


def marginal_bounds(drawn: Ranks, level: float, weight: Array | None = None) -> RankBounds:
    """Return the equal-tail interval of each rank by itself, shapes as in ``simultaneous_bounds``."""
    below, above = _tails(drawn, np.ones(len(drawn)) if weight is None else weight)
    return _bounds(below, above, (1.0 - level) / 2.0)


def joint_bounds(drawn: Ranks, confidence: float, weight: Array | None = None) -> RankBounds:
    """Return the intervals that are to hold all ranks at once, at the confidence, in studies and not in draws alone.

    Draws are from one prior and studies are not: the intervals hold all ranks in a larger share of the draws,
    1 - 0.4 (1 - confidence), and no interval is shorter than the one of that rank by itself.

    Parameters
    ----------
    drawn : ndarray of int64, shape (d, k)
        Ranks of k factors in d draws.
    confidence : float
        That is promised.
    weight : ndarray of float64, shape (d,), optional
        As of ``simultaneous_bounds``.

    Returns
    -------
    RankBounds
        Joint.
    """
    # Where ranks hang together, all may be held by shorter tails than one alone is given.
    level = 1.0 - _SHARE_OF_MISSES * (1.0 - confidence)
    return simultaneous_bounds(drawn, level, weight).hull(marginal_bounds(drawn, confidence, weight))


def either_way(bounds: Callable[[Ranks], RankBounds], drawn: Ranks, shared: Ranks) -> RankBounds:
    """Return intervals that serve whether factors without effects are ranked by chance, or all share the first rank.

    That no factor has an effect is never quite true of a net, and on very noisy data it may seem so: intervals of
    shared ranks alone would then miss the order that there is, and those of ranks by chance the tie where there is one.

    Parameters
    ----------
    bounds : callable
        The intervals of draws of ranks.
    drawn, shared : ndarray of int64, shape (d, k)
        Ranks of k factors in d draws, and with the ranks of all factors 1 in draws without effects.

    Returns
    -------
    RankBounds
        The smallest intervals that hold those of both.
    """
    return bounds(drawn).hull(bounds(shared))


def closed_claims(found: RankIntervals) -> RankIntervals:
    """Add the orders that follow from claimed ones: a > b and b > c say a > c, at no cost in confidence."""
    larger = found.larger.copy()
    for middle in range(len(larger)):
        larger |= larger[:, [middle]] & larger[[middle], :]
    return RankIntervals(larger, found.critical)


def ordered_pairs(sampling: Flags, p_larger: Array, bounds: RankBounds, confidence: float) -> Flags:
    """Return which factor is claimed larger than which, with both layers there.

    Parameters
    ----------
    sampling : ndarray of bool, shape (k, k)
        Simultaneous claims of the sampling layer; ``[i, j]``: factor i is claimed larger than factor j.
    p_larger : ndarray of float64, shape (k, k)
        Alias-aware probability of each order.
    bounds : RankBounds
        Joint alias-aware intervals.
    confidence : float
        Which this probability must reach.

    Returns
    -------
    ndarray of bool, shape (k, k)
        Orders that both layers bear, and those of factors whose joint intervals do not meet.
    """
    apart = bounds.high[:, None] < bounds.low[None, :]
    return np.asarray((sampling & (p_larger >= confidence)) | apart, dtype=np.bool_)


def _tails(drawn: Ranks, weight: Array) -> tuple[Array, Array]:
    """Return the shares, by weight, of draws with a rank of at most, and of at least, each of 1..k: shapes (k, k)."""
    k = drawn.shape[1]
    counts = np.zeros((k, k))
    for i in range(k):
        counts[i] = np.bincount(drawn[:, i] - 1, weight, minlength=k)
    total = weight.sum()
    below = counts.cumsum(axis=1) / total
    above = counts[:, ::-1].cumsum(axis=1)[:, ::-1] / total
    return below, above


def _bounds(below: Array, above: Array, tail: float) -> RankBounds:
    low = 1 + (below < tail).sum(axis=1)
    high = len(below) - (above < tail).sum(axis=1)
    return RankBounds(low.astype(np.int64), high.astype(np.int64))
