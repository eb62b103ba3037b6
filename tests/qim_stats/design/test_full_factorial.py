from __future__ import annotations

import pytest

from qim_stats.design import full_factorial
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def test_yates_order() -> None:
    design = full_factorial(factors(3))
    assert design.coded[["x1", "x2", "x3"]].to_numpy().tolist() == [
        [-1, -1, -1],
        [1, -1, -1],
        [-1, 1, -1],
        [1, 1, -1],
        [-1, -1, 1],
        [1, -1, 1],
        [-1, 1, 1],
        [1, 1, 1],
    ]
    assert design.dummies == ()
    assert design.warnings == ()


@pytest.mark.parametrize("k", [2, 5, 10])
def test_every_combination_once(k: int) -> None:
    design = full_factorial(factors(k), seed=3)
    settings = design.coded[[f.name for f in design.factors]]
    assert design.n == 2**k
    assert not settings.duplicated().any()
    assert sorted(design.coded["order"]) == list(range(1, 2**k + 1))


def test_sixteen_factors_and_no_more() -> None:
    assert full_factorial(factors(16)).n == 65536
    with pytest.raises(DesignError, match=r"2\^17 runs; take at most 16 factors"):
        full_factorial(factors(17))
