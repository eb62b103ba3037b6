from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.design import Design, foldover, full_factorial, plackett_burman, replicate
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def signs(design: Design) -> pd.DataFrame:
    return design.coded[[*(f.name for f in design.factors), *design.dummies]]


bases = st.builds(
    plackett_burman, st.integers(1, 7).map(factors), st.sampled_from([8, 12, 16, 20, 40]), st.integers(0, 2**32)
)


@settings(deadline=None)
@given(bases)
def test_foldover_reverses_every_run_as_block_two(base: Design) -> None:
    folded = foldover(base)
    first, second = (signs(folded)[folded.coded["block"] == block].to_numpy() for block in (1, 2))
    assert (first == signs(base).to_numpy()).all()
    assert (second == -first).all()
    assert folded.coded["run"].tolist() == list(range(1, 2 * base.n + 1))
    assert (folded.base_runs, folded.n, folded.folded, base.folded) == (base.n, 2 * base.n, True, False)


@settings(deadline=None)
@given(bases)
def test_foldover_clears_main_effects_of_two_factor_interactions(base: Design) -> None:
    x = signs(foldover(base)).to_numpy()
    products = np.array([x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i)]).T
    assert not (x.T @ products).any()


def test_before_its_foldover_a_design_of_twelve_runs_has_aliases() -> None:
    x = signs(plackett_burman(factors(7), 12)).to_numpy()
    assert abs(x[:, 0] @ (x[:, 1] * x[:, 2])) == 4


@settings(deadline=None)
@given(bases, st.integers(1, 3), st.booleans())
def test_order_is_a_permutation_within_blocks(base: Design, times: int, folded: bool) -> None:
    design = replicate(foldover(base) if folded else base, times)
    start = 1
    for _, rows in design.coded.groupby("block"):
        assert sorted(rows["order"]) == list(range(start, start + len(rows)))
        start += len(rows)
    assert start == design.n + 1


@settings(deadline=None)
@given(bases)
def test_a_foldover_leaves_the_first_block_in_its_order(base: Design) -> None:
    folded = foldover(base).coded
    assert folded.loc[folded["block"] == 1, "order"].tolist() == base.coded["order"].tolist()


@settings(deadline=None)
@given(bases, st.integers(1, 4))
def test_replicates_are_copies_of_the_same_run(base: Design, times: int) -> None:
    design = replicate(base, times)
    assert (design.n, design.replicates, design.base_runs) == (times * base.n, times, base.n)
    for _, rows in design.coded.groupby("run"):
        assert rows["replicate"].tolist() == list(range(1, times + 1))
        assert len(rows[signs(design).columns].drop_duplicates()) == 1


@settings(deadline=None)
@given(bases)
def test_folding_and_replicating_commute(base: Design) -> None:
    assert replicate(foldover(base), 2).coded.equals(foldover(replicate(base, 2)).coded)


def test_replicating_twice_multiplies() -> None:
    design = replicate(replicate(plackett_burman(factors(3)), 2), 3)
    assert sorted(design.coded.loc[design.coded["run"] == 1, "replicate"]) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("times", [0, -1, True, 1.5])
def test_replicates_are_at_least_one(times: int) -> None:
    with pytest.raises(DesignError, match="replicates"):
        replicate(plackett_burman(factors(3)), times)


def test_a_second_foldover_is_refused() -> None:
    with pytest.raises(DesignError, match="replicate the design"):
        foldover(foldover(plackett_burman(factors(3))))


levels = st.one_of(
    st.tuples(st.integers(-(2**53), 2**53), st.integers(-(2**53), 2**53)),
    st.tuples(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12)),
    st.tuples(st.text(max_size=8), st.text(max_size=8)),
    st.just((False, True)),
).filter(lambda pair: pair[0] != pair[1] and (isinstance(pair[0], str) or abs(pair[0] - pair[1]) > 1e-6 * abs(pair[0])))


@settings(deadline=None)
@given(levels, levels)
def test_natural_levels_and_back(one: tuple[int | str, int | str], two: tuple[int | str, int | str]) -> None:
    design = full_factorial([Factor("one", *one), Factor("two", *two)])
    natural = design.natural()
    for factor in design.factors:
        assert (factor.code(natural[factor.name]) == design.coded[factor.name]).all()
    assert list(natural.columns) == list(design.coded.columns)


def test_natural_leaves_the_spare_columns_coded() -> None:
    design = plackett_burman([Factor("lr", 0.01, 0.1)])
    assert set(design.natural()["lr"]) == {0.01, 0.1}
    assert set(design.natural()["e1"]) == {-1, 1}


def test_coded_columns_are_whole_numbers() -> None:
    coded = foldover(plackett_burman(factors(3))).coded
    assert list(coded.columns[:4]) == ["run", "replicate", "block", "order"]
    assert set(coded.dtypes) == {np.dtype("int64")}


def test_csv_round_trip_with_awkward_names(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", 'a "quoted", name', "../x", "$(rm -rf ~)", "dots.and spaces"]
    design = plackett_burman([Factor(name, "low, or so", 'the "high"') for name in names], seed=4)
    path = tmp_path / "design.csv"
    design.to_csv(path, response="accuracy")
    back = pd.read_csv(path)
    assert back["order"].tolist() == list(range(1, 13))
    assert back["accuracy"].isna().all()
    assert [column for column in back.columns if column in names] == names
    sorted_coded = design.coded.sort_values("order")
    for factor in design.factors:
        assert (factor.code(back[factor.name]) == sorted_coded[factor.name]).all()


@pytest.mark.parametrize("response", ["x1", "e1", "order"])
def test_the_response_is_no_other_column(response: str) -> None:
    with pytest.raises(DesignError, match="name of another column"):
        plackett_burman(factors(3)).table(response)


def test_a_filled_in_table_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "design.csv"
    design = plackett_burman(factors(3))
    design.to_csv(path, response="y")
    design.to_csv(path, response="y")
    path.write_text(path.read_text() + "measured\n")
    before = path.read_bytes()
    with pytest.raises(DesignError, match="there already"):
        design.to_csv(path, response="y")
    assert path.read_bytes() == before
