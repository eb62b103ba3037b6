from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.design import (
    Design,
    box_tyssedal,
    center_points,
    definitive_screening,
    foldover,
    fractional_factorial,
    full_factorial,
    in_blocks,
    plackett_burman,
    replicate,
)
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


BLOCKED: list[tuple[Callable[[], Design], int]] = [
    (lambda: full_factorial(factors(4)), 8),
    (lambda: full_factorial(factors(7)), 4),
    (lambda: full_factorial(factors(9)), 8),
    (lambda: fractional_factorial(factors(7)), 4),
    (lambda: fractional_factorial(factors(40)), 8),
    (lambda: plackett_burman(factors(7), 12), 2),
    (lambda: plackett_burman(factors(7), 24), 4),
    (lambda: plackett_burman(factors(7), 16), 4),
    (lambda: box_tyssedal(factors(9)), 2),
    (lambda: replicate(plackett_burman(factors(11), 12), 3), 3),
    (lambda: replicate(fractional_factorial(factors(5)), 3), 2),
]


@pytest.mark.parametrize(("make", "blocks"), BLOCKED)
def test_blocks_are_equal_and_orthogonal_to_factors_and_spare_columns(make: Callable[[], Design], blocks: int) -> None:
    base = make()
    design = in_blocks(base, blocks)
    assert design.coded["block"].value_counts().nunique() == 1
    assert design.blocks == blocks
    assert not design.coded.groupby("block")[[*design.names, *design.dummies]].sum().to_numpy().any()
    assert design.confounded
    assert (design.base_runs, design.replicates) == (base.base_runs, base.replicates)
    start = 1
    for _, rows in design.coded.groupby("block"):
        assert sorted(rows["order"]) == list(range(start, start + len(rows)))
        start += len(rows)


def test_a_full_factorial_confounds_its_highest_interaction_with_two_blocks() -> None:
    # Box, Hunter and Hunter (2005), section 5.13: 2^3 in two blocks, the block is the sign of the product of all three.
    design = in_blocks(full_factorial(factors(3)), 2)
    product = design.coded[design.names].prod(axis=1)
    assert design.coded.groupby("block")["x1"].size().tolist() == [4, 4]
    assert product.groupby(design.coded["block"]).nunique().tolist() == [1, 1]
    assert "x1:x2:x3" in design.confounded[0]


def test_four_blocks_of_a_half_fraction_of_seven_keep_two_factor_interactions_clear() -> None:
    # FrF2(64, 7, blocks = 4) reports "Aliased with block main effects: none" (package FrF2, generators.summary.test).
    design = in_blocks(fractional_factorial(factors(7), runs=64), 4)
    x = design.coded[design.names].to_numpy()
    block = design.coded["block"].to_numpy()
    for i in range(7):
        for j in range(i):
            assert all((x[block == b, i] * x[block == b, j]).sum() == 0 for b in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("make", "blocks", "told"),
    [
        (lambda: plackett_burman(factors(11), 12), 2, "0 spare columns"),
        (lambda: plackett_burman(factors(7), 12), 4, "cannot be orthogonal"),
        (lambda: plackett_burman(factors(7)), 3, "take 2, 4 or 8"),
        (lambda: plackett_burman(factors(7)), 0, "at least 1"),
        (lambda: foldover(plackett_burman(factors(7))), 2, "second block already"),
        (lambda: center_points(plackett_burman(factors(7)), 1), 2, "center points already"),
        (lambda: definitive_screening(factors(6)), 2, "replicate it 2 times"),
        (lambda: full_factorial(factors(2)), 4, "cannot be orthogonal"),
    ],
)
def test_impossible_blocks(make: Callable[[], Design], blocks: int, told: str) -> None:
    with pytest.raises(DesignError, match=told) as error:
        in_blocks(make(), blocks)
    assert error.value.where == "blocks"


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 9), st.sampled_from([1, 2, 4]), st.integers(0, 99))
def test_center_points_are_replicates_of_one_run_spread_over_the_order(
    k: int, count: int, blocks: int, seed: int
) -> None:
    base = in_blocks(plackett_burman(factors(k), 24, seed), blocks)
    design = center_points(base, count)
    added = design.coded.loc[design.at_center]
    assert added["run"].unique().tolist() == [25]
    assert sorted(added["replicate"]) == list(range(1, count + 1))
    assert not added[[*design.names, *design.dummies]].to_numpy().any()
    assert (design.center_points, design.base_runs, design.replicates) == (count, 24, 1)
    per_block = added["block"].value_counts().reindex(range(1, blocks + 1), fill_value=0)
    assert per_block.max() - per_block.min() <= 1
    # The other trials keep the order that they had among themselves.
    others = design.coded.loc[~design.at_center].sort_values("order")["run"].tolist()
    assert others == base.coded.sort_values("order")["run"].tolist()


def test_three_center_points_stand_first_in_the_middle_and_last() -> None:
    design = center_points(plackett_burman(factors(7)), 3)
    assert sorted(design.coded.loc[design.at_center, "order"]) == [1, 8, 15]


def test_center_points_leave_aliases_and_their_warnings_alone() -> None:
    base = plackett_burman(factors(7), 8)
    assert center_points(base, 2).warnings[:2] == base.warnings[:2]


def test_center_points_of_factors_without_a_middle() -> None:
    with pytest.raises(DesignError, match=r"center_points: .*which 'act' has not"):
        center_points(plackett_burman([*factors(3), Factor("act", "a", "b")]), 3)
    with pytest.raises(DesignError, match="already"):
        center_points(center_points(plackett_burman(factors(3)), 1), 1)
    with pytest.raises(DesignError, match="whole number"):
        center_points(plackett_burman(factors(3)), -1)
    with pytest.raises(DesignError, match="come after the replicates"):
        replicate(center_points(plackett_burman(factors(3)), 1), 2)
    with pytest.raises(DesignError, match="come after the foldover"):
        foldover(center_points(plackett_burman(factors(3)), 1))


def test_natural_levels_in_the_middle() -> None:
    design = center_points(plackett_burman([Factor("lr", 0.001, 0.1, "log"), Factor("m", 0.5, 0.9)]), 1)
    row = design.natural().loc[design.at_center].iloc[0]
    assert (row["lr"], row["m"]) == (0.01, 0.7)
    for factor in design.factors:
        assert (factor.code(design.natural()[factor.name]) == design.coded[factor.name].to_numpy(np.float64)).all()
