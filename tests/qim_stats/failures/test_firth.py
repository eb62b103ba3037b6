"""Firth's regression where ordinary logistic regression has no answer, and what must not matter to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.failures import FirthFit, fisher_exact, fit_firth
from qim_stats.failures.firth import Array


def design(k: int) -> Array:
    made = qs.plackett_burman([qs.Factor(f"x{i}", -1, 1) for i in range(k)], runs=12, seed=0).coded
    return np.column_stack([np.ones(12), made[[f"x{i}" for i in range(k)]].to_numpy(dtype=float)])


def fit(x: Array, failed: object) -> FirthFit:
    found = fit_firth(x, np.asarray(failed, dtype=bool))
    assert isinstance(found, FirthFit)
    return found


def test_one_proportion_has_the_known_answer() -> None:
    """Jeffreys' prior on a proportion is Beta(1/2, 1/2): the mode in log odds is (failed + 1/2) / (ok + 1/2)."""
    found = fit(np.ones((9, 1)), [True] * 2 + [False] * 7)
    assert found.coefficients[0] == pytest.approx(math.log(2.5 / 7.5))


def test_two_proportions_have_the_known_answer() -> None:
    """A saturated 2 x 2 table: half a trial is added to each of its four cells."""
    x = np.column_stack([np.ones(12), np.repeat([-1.0, 1.0], 6)])
    found = fit(x, [False] * 6 + [True] * 6)
    assert math.exp(2.0 * found.coefficients[1]) == pytest.approx((6.5 / 0.5) ** 2)
    assert np.isfinite([found.conf_low, found.conf_high]).all()


@pytest.mark.parametrize("k", [2, 5, 8, 10, 11])
def test_complete_separation_is_finite_up_to_a_saturated_design(k: int) -> None:
    x = design(k)
    found = fit(x, x[:, 1] > 0)
    for values in (found.coefficients, found.std_errors, found.p_values, found.conf_low, found.conf_high):
        assert np.isfinite(values).all()
    assert found.coefficients[1] == np.abs(found.coefficients).max()
    assert (found.conf_low < found.coefficients).all()
    assert (found.coefficients < found.conf_high).all()


def test_dependent_columns_are_refused() -> None:
    x = design(3)
    assert "cannot be told apart" in str(fit_firth(np.column_stack([x, x[:, 1]]), x[:, 2] > 0))
    assert "cannot be told apart" in str(fit_firth(x[:3], np.array([True, False, True])))


def test_many_rows_take_walds_limits() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(3000), rng.standard_normal(3000)])
    found = fit(x, rng.random(3000) < 1.0 / (1.0 + np.exp(1.0 - x[:, 1])))
    half = (found.conf_high - found.conf_low) / 2.0
    assert half == pytest.approx(1.959963984540054 * found.std_errors)
    assert found.coefficients == pytest.approx([-1.0, 1.0], abs=0.2)


@settings(max_examples=20, deadline=None)
@given(
    failed=st.lists(st.booleans(), min_size=12, max_size=12),
    shuffle=st.integers(0, 1000),
    flipped=st.integers(1, 4),
    order=st.permutations([1, 2, 3, 4]),
)
def test_order_and_signs_do_not_matter(failed: list[bool], shuffle: int, flipped: int, order: list[int]) -> None:
    x = design(4)
    rows = np.random.default_rng(shuffle).permutation(12)
    columns = [0, *order]
    other_x = x[rows][:, columns].copy()
    other_x[:, columns.index(flipped)] *= -1.0
    signs = np.where(np.array(columns) == flipped, -1.0, 1.0)
    one, other = fit(x, failed), fit(other_x, np.array(failed)[rows])
    assert other.coefficients == pytest.approx(signs * one.coefficients[columns], abs=1e-6)
    assert other.p_values == pytest.approx(one.p_values[columns], abs=1e-6)
    low = np.where(signs > 0, one.conf_low[columns], -one.conf_high[columns])
    assert other.conf_low == pytest.approx(low, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(failed=st.lists(st.booleans(), min_size=12, max_size=12))
def test_failing_and_succeeding_mirror_each_other(failed: list[bool]) -> None:
    one, other = fit(design(4), failed), fit(design(4), [not f for f in failed])
    assert other.coefficients == pytest.approx(-one.coefficients, abs=1e-6)
    assert other.conf_low == pytest.approx(-one.conf_high, abs=1e-5)


@given(low=st.integers(0, 20), more=st.integers(0, 20), high=st.integers(0, 20), most=st.integers(0, 20))
def test_fisher_is_a_probability_and_symmetric(low: int, more: int, high: int, most: int) -> None:
    p = fisher_exact(low, low + more, high, high + most)
    if not (low + more and high + most):
        assert math.isnan(p)
        return
    assert 0.0 < p <= 1.0
    assert fisher_exact(high, high + most, low, low + more) == pytest.approx(p)
    assert fisher_exact(more, low + more, most, high + most) == pytest.approx(p)
