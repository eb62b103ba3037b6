"""How right a method's answer is, study by study: order, first factors, claims and rank intervals against the truth.

What the table itself cannot order (``Truth.margin``) is never counted against an answer. Calibration alone is judged by
the table's own order of all pairs: to leave out the pairs that turned out close would make honest claims look too low.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from qim_stats.ranks.bounds import RankBounds
from qim_stats.replays.estimators import Estimates
from qim_stats.replays.truth import Truth

Array = npt.NDArray[np.float64]
Order = npt.NDArray[np.int64]
TOPS = (1, 3, 5)
RESOLVED = 0.95  # probability from which an order counts as claimed
SETTLED = 0.90  # probability from which the first three count as settled
PAIR_BINS = np.linspace(0.5, 1.0, 11)
TOP_BINS = np.linspace(0.0, 1.0, 11)


def score_studies(found: Estimates, truth: Truth, rng: np.random.Generator) -> dict[str, Array]:
    """Measure each study.

    Parameters
    ----------
    found : Estimates
        Of s studies of k factors.
    truth : Truth
        Of the same factors.
    rng : Generator
        Of the order of factors with equal scores.

    Returns
    -------
    dict of str to ndarray
        Of shape (s,) and NaN where the estimator does not tell or there are too few factors: ``kendall_tau``,
        ``top1``, ``top3``, ``top5``, ``top3_exact``, ``top3_capture``, ``known_pairs_right``, ``signs_right``,
        ``pairs_resolved``, ``pairs_right``, ``brier``, ``claimed_top3``, ``coverage_marginal``,
        ``coverage_simultaneous``, ``width_marginal``, ``width_simultaneous``; of shape (s, bins, 4) ``pair_bins`` and
        ``top_bins``, as of ``binned``.
    """
    score = np.where(np.isnan(found.score), -np.inf, found.score)
    s, k = score.shape
    order = np.lexsort((rng.random((s, k)), -score), axis=1)
    measures = {"kendall_tau": kendall_tau(score, truth.size), "known_pairs_right": _known_right(score, truth)}
    for count in TOPS:
        measures[f"top{count}"] = top_right(order, truth, count)
    measures["top3_exact"] = top_right(order, truth, 3, margin=0.0)
    measures["top3_capture"] = np.full(s, np.nan)
    if k > 3:
        measures["top3_capture"] = truth.size[order[:, :3]].sum(axis=1) / truth.best_sum(3)
    measures["signs_right"] = _signs_right(found.sign, truth, s)
    measures |= _pair_claims(found.p_larger, truth, s)
    measures |= _top_claims(found.p_top3_set, measures)
    return measures | _intervals(found, truth, s)


def kendall_tau(score: Array, size: Array) -> Array:
    """Return tau-b between scores, shape (s, k), and true sizes, shape (k,); NaN where all of either are equal."""
    first, second = np.triu_indices(score.shape[1], 1)
    # Differences of infinite scores are no numbers; comparisons are.
    ours = (score[:, first] > score[:, second]).astype(np.float64) - (score[:, first] < score[:, second])
    theirs = np.sign(size[first] - size[second])
    pairs = np.sqrt((ours != 0.0).sum(axis=1) * float((theirs != 0.0).sum()))
    tau = np.full(len(score), np.nan)
    np.divide(ours @ theirs, pairs, out=tau, where=pairs > 0.0)
    return tau


def top_right(order: Order, truth: Truth, count: int, *, margin: float | None = None) -> Array:
    """Return 1 where the first factors are right as a set, else 0, shape (s,); NaN unless there are more factors.

    Parameters
    ----------
    order : ndarray of int64, shape (s, k)
        The factors, the first one first.
    truth : Truth
        The truth.
    count : int
        How many are first.
    margin : float, optional
        How much larger a factor left out must be than one chosen for the set to be wrong; by default what the table
        needs to know the order of two.
    """
    if count >= order.shape[1]:
        return np.full(len(order), np.nan)
    size = truth.size[order]
    least = truth.margin if margin is None else margin
    right = size[:, count:].max(axis=1) - size[:, :count].min(axis=1) <= least
    return np.asarray(right, dtype=np.float64)


def marginal_held(bounds: RankBounds, truth: Truth) -> npt.NDArray[np.bool_]:
    """Whether each interval holds a rank that its factor can have by what is known, shape (s, k)."""
    return np.asarray((bounds.low <= truth.highest) & (bounds.high >= truth.lowest), dtype=np.bool_)


def jointly_held(bounds: RankBounds, truth: Truth) -> npt.NDArray[np.bool_]:
    """Whether some order of all factors that contradicts nothing known lies in all intervals at once, shape (s,).

    Notes
    -----
    Ranks are time slots, factors jobs of unit length with release and due dates, known orders precedence: such a
    schedule exists exactly if, with dates made consistent with precedence, the one that always takes the released job
    with the earliest due date meets all of them (Brucker 2007, Scheduling Algorithms, section 4.1.2).
    """
    k = len(truth.size)
    release, due = bounds.low.astype(np.int64).copy(), bounds.high.astype(np.int64).copy()
    by_size = np.argsort(-truth.size, kind="stable")
    for i in by_size:
        for j in np.flatnonzero(truth.before[:, i]):
            np.maximum(release[:, i], release[:, j] + 1, out=release[:, i])
    for i in by_size[::-1]:
        for j in np.flatnonzero(truth.before[i]):
            np.minimum(due[:, i], due[:, j] - 1, out=due[:, i])
    held = np.ones(len(release), dtype=np.bool_)
    open_ = np.ones_like(release, dtype=np.bool_)
    studies = np.arange(len(release))
    for slot in range(1, k + 1):
        waiting = np.where(open_ & (release <= slot), due, 2 * k)
        chosen = waiting.argmin(axis=1)
        earliest = waiting[studies, chosen]
        held &= (earliest >= slot) & (earliest < 2 * k)
        open_[studies, chosen] = False
    return held


def _known_right(score: Array, truth: Truth) -> Array:
    """Return the share of the pairs whose order is known that the scores order so; NaN without such a pair."""
    first, second = np.nonzero(truth.before)
    if not len(first):
        return np.full(len(score), np.nan)
    ours, theirs = score[:, first], score[:, second]
    return np.asarray(((ours > theirs) + 0.5 * (ours == theirs)).mean(axis=1), dtype=np.float64)


def _signs_right(sign: Array | None, truth: Truth, s: int) -> Array:
    """Return the share of signs that are right, over the effects whose sign is known."""
    known = truth.size > truth.margin / np.sqrt(2.0)
    if sign is None or not known.any():
        return np.full(s, np.nan)
    return np.asarray((sign[:, known] == np.sign(truth.effects[known])).mean(axis=1), dtype=np.float64)


def _pair_claims(p_larger: Array | None, truth: Truth, s: int) -> dict[str, Array]:
    if p_larger is None:
        nothing = {name: np.full(s, np.nan) for name in ("brier", "pairs_resolved", "pairs_right")}
        return {**nothing, "pair_bins": np.zeros((s, len(PAIR_BINS) - 1, 4))}
    first, second = np.triu_indices(len(truth.size), 1)
    there, back = p_larger[:, first, second], p_larger[:, second, first]
    likelier = there >= back
    claim = np.maximum(np.maximum(there, back), 0.5)
    difference = truth.size[first] - truth.size[second]
    right = np.where(likelier, difference > 0.0, difference < 0.0) + 0.5 * (difference == 0.0)
    resolved = claim >= RESOLVED
    wrong = np.where(likelier, truth.before[second, first], truth.before[first, second])
    brier = ((claim - right) ** 2).mean(axis=1) if len(first) else np.full(s, np.nan)
    return {
        "brier": np.asarray(brier, dtype=np.float64),
        "pairs_resolved": resolved.sum(axis=1).astype(np.float64),
        "pairs_right": (resolved & ~wrong).sum(axis=1).astype(np.float64),
        "pair_bins": binned(claim, right, 1.0 - wrong, PAIR_BINS),
    }


def _top_claims(claimed: Array | None, measures: Mapping[str, Array]) -> dict[str, Array]:
    right, allowed = measures["top3_exact"], measures["top3"]
    if claimed is None or np.isnan(right).all():
        return {"claimed_top3": np.full(len(right), np.nan), "top_bins": np.zeros((len(right), len(TOP_BINS) - 1, 4))}
    return {
        "claimed_top3": claimed,
        "top_bins": binned(claimed[:, None], right[:, None], allowed[:, None], TOP_BINS),
    }


def binned(claim: Array, right: Array, allowed: Array, edges: Array) -> Array:
    """Count claims by bin.

    Parameters
    ----------
    claim, right, allowed : ndarray of float64, shape (s, c)
        Claimed probabilities, NaN where there is none; whether each was right by the table's own order (0, 1, or 1/2);
        and whether it contradicts nothing that the table knows.
    edges : ndarray of float64, shape (b + 1,)
        Of the bins, rising; each holds its lower edge, the last one its upper edge too.

    Returns
    -------
    ndarray of float64, shape (s, b, 4)
        Number of claims, and the sums of the claims, of those right, and of those allowed.
    """
    s, b = len(claim), len(edges) - 1
    counts = np.zeros((s * b, 4))
    there = ~np.isnan(claim)
    bins = np.clip(np.searchsorted(edges, claim, side="right") - 1, 0, b - 1)
    at = (np.arange(s)[:, None] * b + bins)[there]
    for column, weight in enumerate((np.ones_like(claim), claim, right, allowed)):
        counts[:, column] = np.bincount(at, weight[there], s * b)
    return counts.reshape(s, b, 4)


def _intervals(found: Estimates, truth: Truth, s: int) -> dict[str, Array]:
    measures = {}
    pairs: Mapping[str, RankBounds | None] = {"marginal": found.marginal, "simultaneous": found.simultaneous}
    for name, bounds in pairs.items():
        if bounds is None:
            measures[f"coverage_{name}"] = measures[f"width_{name}"] = np.full(s, np.nan)
            continue
        held = marginal_held(bounds, truth).mean(axis=1) if name == "marginal" else jointly_held(bounds, truth)
        measures[f"coverage_{name}"] = np.asarray(held, dtype=np.float64)
        measures[f"width_{name}"] = np.asarray((bounds.high - bounds.low).mean(axis=1), dtype=np.float64)
    return measures
