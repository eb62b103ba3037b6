"""The alias-aware posterior as an estimator: claims of order, of the first three, and rank intervals."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from qim_stats.ranks.bounds import RankBounds, either_way, joint_bounds, marginal_bounds
from qim_stats.replays.estimators import Estimates, raw
from qim_stats.screening.walsh_mixture import WalshDesign, WalshPosterior, walsh_design
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior

Array = npt.NDArray[np.float64]
DRAWS = 4_000
MARGINAL, SIMULTANEOUS = 0.90, 0.95
"""Nominal coverage of the two kinds of rank intervals."""
_SEED = 0


def alias_aware(x: Array, y: Array, prior: WalshPrior = STANDARD) -> Estimates:
    """Rank factors by the mean |effect| of the alias-aware posterior, as ``analyze`` has it.

    Parameters
    ----------
    x, y
        As of ``Estimator``.
    prior : WalshPrior
        What is believed beforehand; by default what ``analyze`` believes.

    Returns
    -------
    Estimates
        Scores are posterior means of |half effect|. Where there is no posterior (a full factorial, a response that does
        not vary) the score and the sign are those of the raw contrast and nothing is claimed: all pairs even, every
        interval 1 to k.

    Notes
    -----
    Swapping the levels of a factor, or two factors, changes neither the posterior nor the work for it, so studies of
    one design share their matrices.
    """
    s, _, k = x.shape
    score, sign = np.empty((s, k)), np.empty((s, k))
    p_larger, p_top3, p_set = np.empty((s, k, k)), np.empty((s, k)), np.full(s, np.nan)
    marginal, simultaneous = (RankBounds(np.empty((s, k), np.int64), np.empty((s, k), np.int64)) for _ in range(2))
    top = min(3, k)
    forms = [_canonical(one) for one in x]
    shared = Counter(columns for _, columns in forms)
    for i, (order, columns) in enumerate(forms):
        # Storing matrices pays from the second study on.
        design = _prepared(columns, k, prior) if shared[columns] > 1 else _design(columns, k, prior)
        found = design if isinstance(design, str) else design.posterior(y[i], _SEED, draws=DRAWS)
        if isinstance(found, str):
            plain = raw(x[i : i + 1], y[i : i + 1])
            # The sign is turned below, as those of the posterior are, by the first row.
            score[i], sign[i] = plain.score[0], np.sign(x[i].T @ y[i]) * x[i, 0]
            p_larger[i], p_top3[i] = 0.5, top / k
            marginal.low[i], marginal.high[i], simultaneous.low[i], simultaneous.high[i] = 1, k, 1, k
            continue
        size = np.abs(found.draws).mean(axis=0)
        score[i, order], p_top3[i, order] = size, found.p_top(top)
        sign[i, order] = np.sign(found.mean)
        p_larger[i][np.ix_(order, order)] = found.p_larger
        p_set[i] = _share_of_set(found, np.argsort(-size, kind="stable")[:top])
        for kind, ours in (
            (partial(marginal_bounds, level=MARGINAL, weight=found.doubt), marginal),
            (partial(joint_bounds, confidence=SIMULTANEOUS, weight=found.doubt), simultaneous),
        ):
            bounds = either_way(kind, found.ranks, found.shared_ranks)
            ours.low[i, order], ours.high[i, order] = bounds.low, bounds.high
    # The levels of a factor were swapped so that the first row is high.
    return Estimates(score, sign * x[:, 0], p_larger, p_top3, p_set, marginal, simultaneous)


def _share_of_set(found: WalshPosterior, members: npt.NDArray[np.intp]) -> float:
    """Return the share of draws in which these factors are the first."""
    return float((found.ranks[:, members] <= len(members)).all(axis=1).mean())


def _canonical(x: Array) -> tuple[npt.NDArray[np.intp], bytes]:
    """Return the factors in an order of their columns alone, and the columns so, the first row turned to high."""
    turned = x * x[0]
    order = np.lexsort(turned)
    return order, turned[:, order].tobytes()


def _design(columns: bytes, k: int, prior: WalshPrior) -> WalshDesign | str:
    return walsh_design(np.frombuffer(columns).reshape(-1, k), prior=prior)


@lru_cache(maxsize=1)
def _prepared(columns: bytes, k: int, prior: WalshPrior) -> WalshDesign | str:
    design = _design(columns, k, prior)
    return design if isinstance(design, str) else design.prepared()
