from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from qim_stats.design import Design, box_tyssedal, fractional_factorial, no_confounding
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def orthogonal(design: Design) -> bool:
    x = design.coded[[*design.names, *design.dummies]].to_numpy()
    return x.shape == (16, 15) and not x.sum(axis=0).any() and bool((x.T @ x == 16 * np.eye(15, dtype=int)).all())


@pytest.mark.parametrize("k", range(3, 15))
def test_any_three_factors_of_box_and_tyssedals_design_make_a_full_factorial(k: int) -> None:
    design = box_tyssedal(factors(k))
    assert orthogonal(design)
    for three in combinations(design.names, 3):
        assert len(design.coded[list(three)].drop_duplicates()) == 8


def test_the_regular_design_of_as_many_factors_has_not_that_projectivity() -> None:
    coded = fractional_factorial(factors(9), runs=16).coded
    assert min(len(coded[list(three)].drop_duplicates()) for three in combinations(coded.columns[4:], 3)) == 4


@pytest.mark.parametrize("k", [6, 7, 8])
def test_no_two_effects_are_completely_aliased(k: int) -> None:
    design = no_confounding(factors(k))
    assert orthogonal(design)
    x = design.coded[design.names].to_numpy()
    effects = [*x.T, *(x[:, i] * x[:, j] for i, j in combinations(range(k), 2))]
    assert {abs(int(a @ b)) for a, b in combinations(effects, 2)} == {0, 8}


@pytest.mark.parametrize(
    ("k", "make", "told"),
    [(2, box_tyssedal, "take 3 to 14"), (15, box_tyssedal, "take 3 to 14"), (9, no_confounding, "take 6, 7 or 8")],
)
def test_numbers_of_factors(k: int, make: Callable[[list[Factor]], Design], told: str) -> None:
    with pytest.raises(DesignError, match=told):
        make(factors(k))


def test_runs_are_sixteen() -> None:
    assert box_tyssedal(factors(5), 16).n == 16
    with pytest.raises(DesignError, match="runs: a box-tyssedal design has 16 runs, not 20"):
        box_tyssedal(factors(5), 20)
