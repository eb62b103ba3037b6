from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.design import (
    center_points,
    default_runs,
    foldover,
    full_factorial,
    in_order,
    plackett_burman,
    trend_correlations,
)
from qim_stats.design.column_choice import aberration, choose_columns
from qim_stats.design.hadamard import hadamard
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


@settings(deadline=None, max_examples=15)
@given(st.integers(2, 9), st.booleans(), st.integers(0, 4), st.integers(0, 99))
def test_a_drift_proof_order_is_an_order_with_less_trend(k: int, folded: bool, count: int, seed: int) -> None:
    base = plackett_burman(factors(k), seed=seed)
    base = center_points(foldover(base) if folded else base, count)
    design = in_order(base, "drift-proof")
    assert max(trend_correlations(design)) <= max(trend_correlations(base)) + 1e-9
    assert max(trend_correlations(design)) < 0.35
    assert sorted(design.coded["order"]) == list(range(1, design.n + 1))
    assert (design.coded.drop(columns="order") == base.coded.drop(columns="order")).all(axis=None)
    centers = design.at_center
    assert design.coded.loc[centers, "order"].tolist() == base.coded.loc[centers, "order"].tolist()
    blocks = design.coded.sort_values("order")["block"]
    assert blocks.is_monotonic_increasing
    again = in_order(base, "drift-proof")
    assert again.coded.equals(design.coded)


def test_trends_by_least_squares() -> None:
    # From the definition: the drift y = t changes an effect by its correlation with t, in standard deviations of t.
    design = plackett_burman(factors(4))
    x = design.coded.sort_values("order")[design.names].to_numpy()
    t = np.arange(12) - 5.5
    wanted = np.abs(x.T @ t).max() / np.sqrt(12 * (t @ t))
    assert trend_correlations(design)[0] == pytest.approx(wanted, abs=1e-11)


def test_a_full_factorial_can_be_free_of_a_linear_trend() -> None:
    # Cheng and Jacroux (1988): such orders of 2^4 exist; the search comes near.
    assert max(trend_correlations(in_order(full_factorial(factors(4)), "drift-proof"))) < 0.05


def test_orders_that_are_none() -> None:
    with pytest.raises(DesignError, match=r"order: unknown order 'drift'.*'drift-proof'"):
        in_order(plackett_burman(factors(3)), "drift")
    with pytest.raises(DesignError, match="too many"):
        in_order(full_factorial(factors(11)), "drift-proof")


@pytest.mark.parametrize(
    ("n", "k"), [(12, 4), (12, 5), (12, 6), (20, 3), (20, 5), (20, 7), (24, 5), (36, 10), (36, 20)]
)
def test_the_best_columns_alias_no_more_than_the_first(n: int, k: int) -> None:
    h = hadamard(n)[:, 1:]
    best = choose_columns(h, k, "best")
    assert len(set(best)) == k
    assert aberration(h[:, best]) <= aberration(h[:, :k])


def test_the_best_columns_of_thirty_six_runs_alias_far_less() -> None:
    # 12 / 36 for the first ten columns; no correlation can be between 0 and 4 / 36.
    h = hadamard(36)[:, 1:]
    assert aberration(h[:, :10])[0] == 12
    assert aberration(h[:, choose_columns(h, 10, "best")])[0] == 4


def test_aberration_by_definition() -> None:
    x = hadamard(20)[:, 1:8]
    j = {size: [int(x[:, c].prod(axis=1).sum()) for c in combinations(range(7), size)] for size in (3, 4)}
    wanted = max(map(abs, j[3])), sum(v * v for v in j[3]), sum(v * v for v in j[4])
    assert aberration(x) == wanted


def test_a_design_on_the_best_columns() -> None:
    design = plackett_burman(factors(6), 20, columns="best")
    x = design.coded[[*design.names, *design.dummies]].to_numpy()
    assert (x.T @ x == 20 * np.eye(19, dtype=int)).all()
    assert design.columns == "best"
    with pytest.raises(DesignError, match="columns: unknown choice"):
        plackett_burman(factors(6), columns="bests")


@pytest.mark.parametrize("k", [3, 7, 10, 14])
def test_the_first_columns_stay_the_default(k: int) -> None:
    n = default_runs(k)
    design = plackett_burman(factors(k))
    assert (design.coded[[*design.names, *design.dummies]].to_numpy() == hadamard(n)[:, 1:]).all()
