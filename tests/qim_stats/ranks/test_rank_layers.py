"""Rank intervals from draws, and orders that both layers bear."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.ranks.bounds import (
    RankBounds,
    closed_claims,
    either_way,
    joint_bounds,
    marginal_bounds,
    ordered_pairs,
    simultaneous_bounds,
)
from qim_stats.ranks.intervals import RankIntervals


def draws(seed: int, k: int, spread: float) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    rng = np.random.default_rng(seed)
    sizes = np.arange(k) + spread * rng.standard_normal((500, k))
    return np.asarray(np.argsort(np.argsort(-sizes, axis=1), axis=1) + 1, dtype=np.int64)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 100), k=st.integers(2, 7), spread=st.floats(0.1, 5.0), level=st.sampled_from([0.5, 0.9, 0.95])
)
def test_simultaneous_intervals_are_the_smallest_that_hold(seed: int, k: int, spread: float, level: float) -> None:
    drawn = draws(seed, k, spread)
    found = simultaneous_bounds(drawn, level)
    assert found.holds(drawn).all(axis=1).mean() >= level
    # Tried one by one: every larger tail gives intervals that hold too few draws.
    marginal = np.unique([(drawn[:, i] <= r).mean() for i in range(k) for r in range(1, k + 1)])
    mirrored = np.unique([(drawn[:, i] >= r).mean() for i in range(k) for r in range(1, k + 1)])
    for tail in np.concatenate([marginal, mirrored]):
        other = marginal_bounds(drawn, 1.0 - 2.0 * (tail - 1e-9))
        if other.holds(drawn).all(axis=1).mean() >= level:
            assert (other.high - other.low >= found.high - found.low).all()


def test_marginal_intervals_leave_at_most_a_tail_on_each_side() -> None:
    drawn = draws(0, 5, 1.0)
    found = marginal_bounds(drawn, 0.9)
    assert ((drawn < found.low).mean(axis=0) < 0.05).all()
    assert ((drawn > found.high).mean(axis=0) < 0.05).all()
    assert ((drawn <= found.low).mean(axis=0) >= 0.05).all()
    assert ((drawn >= found.high).mean(axis=0) >= 0.05).all()


def test_ranks_that_never_change_are_known() -> None:
    found = simultaneous_bounds(np.tile(np.array([2, 1, 3]), (100, 1)), 0.95)
    assert found.low.tolist() == found.high.tolist() == [2, 1, 3]


def test_hull_holds_both() -> None:
    one = RankBounds(np.array([1, 2]), np.array([1, 3]))
    other = RankBounds(np.array([1, 1]), np.array([2, 2]))
    hull = one.hull(other)
    assert (hull.low.tolist(), hull.high.tolist()) == ([1, 1], [2, 3])


def test_intervals_hold_the_order_that_there_is_and_the_tie_that_there_may_be() -> None:
    drawn = draws(0, 4, 0.3)
    shared = drawn.copy()
    shared[:495] = 1  # nearly all draws say that nothing has an effect
    found = either_way(lambda rows: joint_bounds(rows, 0.95), drawn, shared)
    assert (found.low == 1).all()
    assert found.holds(np.array([4, 3, 2, 1])).all()
    assert (found.high == joint_bounds(drawn, 0.95).high).all()
    alone = joint_bounds(shared, 0.95)
    assert (alone.high == 1).all()


def test_orders_that_follow_from_others_are_claimed() -> None:
    larger = np.zeros((4, 4), dtype=bool)
    larger[0, 1] = larger[1, 2] = larger[2, 3] = True
    found = closed_claims(RankIntervals(larger, 2.0))
    assert found.larger.tolist() == np.triu(np.ones((4, 4), dtype=bool), 1).tolist()
    assert found.low.tolist() == found.high.tolist() == [1, 2, 3, 4]


def test_an_order_needs_both_layers_where_intervals_meet() -> None:
    sampling = np.array([[False, True, True], [False, False, False], [False, False, False]])
    anywhere = RankBounds(np.array([1, 1, 1]), np.array([3, 3, 3]))
    p_larger = np.array([[0.0, 0.96, 0.94], [0.04, 0.0, 0.99], [0.06, 0.01, 0.0]])
    assert np.argwhere(ordered_pairs(sampling, p_larger, anywhere, 0.95)).tolist() == [[0, 1]]


def test_intervals_that_do_not_meet_are_ordered_pairs() -> None:
    none = np.zeros((3, 3), dtype=bool)
    bounds = RankBounds(np.array([1, 2, 3]), np.array([1, 3, 3]))
    even = np.full((3, 3), 0.5)
    assert np.argwhere(ordered_pairs(none, even, bounds, 0.95)).tolist() == [[0, 1], [0, 2]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100), k=st.integers(2, 7), spread=st.floats(0.05, 3.0))
def test_joint_intervals_hold_more_than_is_promised(seed: int, k: int, spread: float) -> None:
    drawn = draws(seed, k, spread)
    found, single = joint_bounds(drawn, 0.95), marginal_bounds(drawn, 0.95)
    assert found.holds(drawn).all(axis=1).mean() >= 0.98
    assert (found.low <= single.low).all()
    assert (found.high >= single.high).all()
    # Intervals that do not meet are a claim that nearly every draw bears.
    for i, j in np.argwhere(found.high[:, None] < found.low[None, :]):
        assert (drawn[:, i] < drawn[:, j]).mean() >= 0.98


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100), k=st.integers(2, 7), spread=st.floats(0.1, 5.0))
def test_a_draw_of_double_weight_counts_as_two(seed: int, k: int, spread: float) -> None:
    drawn = draws(seed, k, spread)
    times = np.random.default_rng(seed).integers(0, 4, len(drawn))
    repeated = np.repeat(drawn, times, axis=0)
    for bounds in (simultaneous_bounds, marginal_bounds, joint_bounds):
        weighted, counted = bounds(drawn, 0.9, 0.5 * times), bounds(repeated, 0.9)
        assert (weighted.low.tolist(), weighted.high.tolist()) == (counted.low.tolist(), counted.high.tolist())


def test_draws_that_weigh_more_widen_the_intervals() -> None:
    drawn = np.tile(np.array([1, 2, 3]), (1000, 1))
    drawn[:4] = [3, 2, 1]
    assert joint_bounds(drawn, 0.95).high.tolist() == [1, 2, 3]
    weight = np.where(np.arange(1000) < 4, 10.0, 1.0)
    assert joint_bounds(drawn, 0.95, weight).high.tolist() == [3, 2, 3]


def test_wide_draws_give_wide_intervals() -> None:
    found = simultaneous_bounds(draws(0, 6, 1000.0), 0.99)
    assert found.low.tolist() == [1] * 6
    assert found.high.tolist() == [6] * 6
