"""Ranks, rank intervals and probabilities of being on top."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import qim_stats as qs
from qim_stats.rank_intervals import EffectUncertainty, rank_intervals, top_probabilities
from qim_stats.ranking import ranks
from qim_stats.screening.lenth_null import pseudo_standard_error


def known(effects: list[float], se: float = 1.0, df: float = 4.0, contrasts: int | None = None) -> EffectUncertainty:
    return EffectUncertainty(np.array(effects), se**2 * np.eye(len(effects)), df, contrasts)


@given(st.lists(st.integers(-10, 10), min_size=1, max_size=12))
def test_ranks_are_competition_ranks_of_the_size(effects: list[int]) -> None:
    expected = stats.rankdata([-abs(e) for e in effects], method="min")
    assert ranks(np.array(effects) / 7.0).tolist() == expected.tolist()


def test_equal_effects_share_the_better_rank() -> None:
    assert ranks(np.array([1.0, -3.0, 3.0 * (1 + 1e-13), 2.0])).tolist() == [4, 1, 1, 3]


def test_far_apart_effects_are_ordered_and_close_ones_are_not() -> None:
    found = rank_intervals(known([100.0, -50.0, 1.0, 1.1], df=20.0), confidence=0.95, seed=0)
    assert found.low.tolist() == [1, 2, 3, 3]
    assert found.high.tolist() == [1, 2, 4, 4]


def test_equal_size_and_opposite_sign_is_a_tie() -> None:
    # |a| = |b| with a = -b: a - b is far from zero, a + b is zero, so there is no claim.
    found = rank_intervals(known([50.0, -50.0], df=20.0), confidence=0.95, seed=0)
    assert not found.larger.any()


@pytest.mark.parametrize(("df", "contrasts"), [(4.0, None), (11 / 3, 11)])
def test_null_data_are_almost_never_ordered(df: float, contrasts: int | None) -> None:
    rng = np.random.default_rng(8)
    ordered = 0
    studies = 1000
    for _ in range(studies):
        effects = rng.standard_normal(7)
        if contrasts is None:
            se = float(np.sqrt(rng.chisquare(df) / df))
        else:
            se = float(pseudo_standard_error(np.append(effects, rng.standard_normal(4))[None, :])[0])
        found = rank_intervals(known(effects.tolist(), se, df, contrasts), confidence=0.95, seed=0)
        ordered += bool(found.larger.any())
    assert ordered <= studies * 0.05 + 2 * np.sqrt(studies * 0.05 * 0.95)


def test_intervals_hold_the_true_ranks_of_sparse_effects() -> None:
    rng = np.random.default_rng(5)
    truth = np.array([6.0, -4.0, 2.0, 0.5, 0.2, 0.1])
    true_ranks = ranks(truth)
    held = 0
    studies = 1000
    for _ in range(studies):
        se = float(np.sqrt(rng.chisquare(5) / 5))
        found = rank_intervals(known((truth + rng.standard_normal(6)).tolist(), se, 5.0), confidence=0.95, seed=0)
        held += bool(((found.low <= true_ranks) & (true_ranks <= found.high)).all())
    assert held >= studies * 0.95 - 2 * np.sqrt(studies * 0.05 * 0.95)


def test_correlation_of_the_effects_is_used() -> None:
    # Two effects whose errors are nearly the same: their difference is known far better than each of them.
    together = EffectUncertainty(np.array([4.0, 3.0]), np.array([[1.0, 0.999], [0.999, 1.0]]), 50.0)
    assert rank_intervals(together, confidence=0.95, seed=0).low.tolist() == [1, 2]
    assert rank_intervals(known([4.0, 3.0], df=50.0), confidence=0.95, seed=0).low.tolist() == [1, 1]


def test_top_probabilities() -> None:
    shares = top_probabilities(known([10.0, -10.0, 0.1, 0.1, 0.1], df=30.0), (1, 3), seed=0)
    assert shares[1].sum() == pytest.approx(1.0)
    assert shares[3].sum() == pytest.approx(3.0)
    assert shares[1][0] == pytest.approx(0.5, abs=0.02)
    assert shares[3][:2] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert shares[3][2] == pytest.approx(1 / 3, abs=0.03)
    assert top_probabilities(known([1.0, 2.0]), (3,), seed=0)[3].tolist() == [1.0, 1.0]


def test_one_factor_has_the_only_rank() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "y": [1.0, 2.0, 1.5, 2.2]})
    row = qs.analyze(frame, response="y", direction="maximize").ranking().iloc[0]
    assert (row["rank"], row["rank_low"], row["rank_high"], row["tied_with"]) == (1, 1, 1, [])
    assert row["importance"] == pytest.approx(1.0)
