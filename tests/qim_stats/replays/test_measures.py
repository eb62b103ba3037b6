"""Each measure against its definition, worked by brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from qim_stats.ranks.bounds import RankBounds
from qim_stats.replays.estimators import Estimates
from qim_stats.replays.measures import PAIR_BINS, binned, jointly_held, kendall_tau, marginal_held, score_studies
from qim_stats.replays.truth import Truth

TIE = 1.5 * np.sqrt(2.0)


def rng() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(7))


def test_tau_is_scipys_with_ties_on_either_side() -> None:
    scores = rng().integers(0, 5, (40, 7)).astype(float)
    size = np.array([3.0, 2.0, 2.0, 1.0, 0.5, 0.4, 0.0])
    expected = [stats.kendalltau(score, size).statistic for score in scores]
    assert kendall_tau(scores, size) == pytest.approx(expected)
    assert np.isnan(kendall_tau(np.ones((1, 7)), size))
    assert kendall_tau(np.array([[np.inf, 5, 4, 3, 2, 1, -np.inf]]), size)[0] == pytest.approx(
        stats.kendalltau([7, 5, 4, 3, 2, 1, 0], size).statistic
    )


def test_a_set_is_right_unless_it_leaves_out_what_is_known_to_be_larger() -> None:
    # One standard error of 1: pairs within 2.12 of each other are tied.
    truth = Truth(np.array([10.0, -8.0, 5.0, 4.0, -1.0]), 1.0)
    assert truth.margin == pytest.approx(TIE)
    score = np.array([[5, 4, 3, 2, 1], [5, 4, 2, 3, 1], [5, 4, 1, 2, 3], [1, 5, 4, 3, 2]], dtype=float)
    found = score_studies(Estimates(score), truth, rng())
    assert found["top3"].tolist() == [1, 1, 0, 0]
    assert found["top3_exact"].tolist() == [1, 0, 0, 0]
    assert found["top1"].tolist() == [1, 1, 1, 1]  # 10 and 8 are tied
    assert found["top3_capture"] == pytest.approx([1.0, 22 / 23, 19 / 23, 17 / 23])
    assert np.isnan(found["top5"]).all()
    assert np.isnan(found["brier"]).all()


def test_scores_that_are_equal_are_ordered_at_random() -> None:
    truth = Truth(np.array([3.0, 2.0, 1.0, 0.0]), 0.0)
    found = score_studies(Estimates(np.zeros((4000, 4))), truth, rng())
    assert found["top1"].mean() == pytest.approx(0.25, abs=0.03)
    assert found["known_pairs_right"] == pytest.approx(0.5)


def test_nan_scores_come_last() -> None:
    truth = Truth(np.array([3.0, 2.0, 1.0, 0.5]), 0.0)
    found = score_studies(Estimates(np.array([[3.0, 2.0, 1.0, np.nan]])), truth, rng())
    assert found["top3"][0] == 1.0


def _by_brute_force(low: list[int], high: list[int], truth: Truth) -> bool:
    k = len(low)
    for order in permutations(range(k)):
        rank = np.empty(k, dtype=int)
        rank[list(order)] = np.arange(1, k + 1)
        allowed = all(rank[i] < rank[j] for i, j in zip(*np.nonzero(truth.before), strict=True))
        if allowed and all(low[i] <= rank[i] <= high[i] for i in range(k)):
            return True
    return False


def test_joint_coverage_is_that_of_going_through_all_orders() -> None:
    draws = rng()
    outcomes = []
    for _ in range(60):
        k = int(draws.integers(2, 6))
        truth = Truth(draws.normal(size=k) * 3.0, float(draws.choice([0.0, 0.3, 1.0])))
        low = np.minimum(np.maximum(truth.ranks - draws.integers(0, 3, (10, k)), 1), k)
        high = np.clip(truth.ranks + draws.integers(-1, 3, (10, k)), low, k)
        held = jointly_held(RankBounds(low, high), truth)
        expected = [_by_brute_force(a, b, truth) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        assert held.tolist() == expected
        outcomes += expected
    assert 0.2 < np.mean(outcomes) < 0.95


def test_a_rank_counts_as_held_if_it_may_be_the_true_one() -> None:
    truth = Truth(np.array([10.0, 8.5, 3.0]), 1.0)  # the first two are tied
    bounds = RankBounds(np.array([[2, 2, 3], [3, 1, 1]]), np.array([[2, 2, 3], [3, 1, 1]]))
    assert marginal_held(bounds, truth).tolist() == [[True, True, True], [False, True, False]]
    assert jointly_held(bounds, truth).tolist() == [False, False]


def test_claims_of_pairs_are_scored_by_the_tables_order() -> None:
    truth = Truth(np.array([3.0, 2.0, 1.0]), 0.4)  # neighbours differ by 1 > 0.85
    p = np.array([[[0, 0.9, 0.99], [0.1, 0, 0.3], [0.01, 0.7, 0]]])
    found = score_studies(Estimates(np.array([[3.0, 1.0, 2.0]]), p_larger=p), truth, rng())
    assert found["brier"] == pytest.approx([(0.1**2 + 0.01**2 + 0.7**2) / 3])
    assert (found["pairs_resolved"][0], found["pairs_right"][0]) == (1, 1)
    assert found["pair_bins"].sum(axis=1)[0] == pytest.approx([3, 0.9 + 0.99 + 0.7, 2, 2])
    assert found["pair_bins"][0, 4] == pytest.approx([1, 0.7, 0, 0])


def test_a_claim_at_an_edge_lies_in_the_bin_that_begins_there() -> None:
    claim = np.array([[0.5, 0.55, 1.0, np.nan]])
    counts = binned(claim, np.ones_like(claim), np.ones_like(claim), PAIR_BINS)[0, :, 0]
    assert counts.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_signs_count_where_they_are_known() -> None:
    truth = Truth(np.array([3.0, -2.0, 0.1]), 1.0)
    sign = np.array([[1.0, 1.0, 1.0]])
    found = score_studies(Estimates(np.ones((1, 3)), sign=sign), truth, rng())
    assert found["signs_right"][0] == 0.5
