"""The order of the trials for reshuffling: the same study in other clothes is ordered the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.screening.row_order import row_order


@given(seed=st.integers(0, 10_000), ties=st.booleans())
@settings(max_examples=40, deadline=None)
def test_follows_rows_levels_factors_labels_and_units(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 1.0], (12, 4))
    y = rng.standard_normal(12) + x[:, 0]
    y = np.round(y) if ties else y
    blocks = [str(label) for label in rng.integers(0, 2, 12)]
    plain = row_order(y, x, blocks)
    rows, columns = rng.permutation(12), rng.permutation(4)
    signs = rng.choice([-1.0, 1.0], 4)
    renamed = [f"day {5 - int(blocks[row])}" for row in rows]
    # Settings settle the last ties, so that only the order of rows may change where those are.
    other = x[rows] if ties else (x * signs)[np.ix_(rows, columns)]
    symmetric = abs(((y - y.mean()) ** 3).sum()) < 1e-6  # then nothing tells an error rate from an accuracy
    for response in (y, 3.0 + 0.5 * y if symmetric else 3.0 - 0.5 * y):
        moved = row_order(response[rows], other, renamed)
        for found, expected in zip(moved, plain, strict=True):
            assert (y[rows][found] == y[expected]).all()
            assert (x[rows][found] == x[expected]).all()


def test_ties_are_settled_by_effects_before_settings() -> None:
    x = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]])
    y = np.array([0.0, 1.0, 1.0, 5.0, 0.0])
    assert (x.T @ (y - y.mean())).round(9).tolist() == [-0.8, 6.4]
    # Of the two trials with 1.0 that at the low level of the second factor, whose effect is larger, comes first.
    (order,) = row_order(y, x, ["a"] * 5)
    assert order.tolist().index(1) < order.tolist().index(2)
    (order,) = row_order(y, -x, ["a"] * 5)
    assert order.tolist().index(1) < order.tolist().index(2)
