"""Tipping points: taking the interaction out of the data does what was said, and nothing smaller does."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.model.alias_matrix import AliasMatrix, alias_matrix, coded_model
from qim_stats.model.tipping_point import crossing_sizes, tipping_points

Array = npt.NDArray[np.float64]


def twelve(k: int, seed: int = 0) -> pd.DataFrame:
    names = [f"x{i}" for i in range(k)]
    return qs.plackett_burman([qs.Factor(n, 0, 1) for n in names], runs=12, seed=seed).coded[names].astype(float)


def estimate(coded: pd.DataFrame, y: Array) -> pd.Series:
    """Main effects by least squares."""
    x = np.column_stack([np.ones(len(coded)), coded])
    return pd.Series(2.0 * np.linalg.lstsq(x, y, rcond=None)[0][1:], index=coded.columns)


def study(seed: int, k: int, lost: int) -> tuple[pd.DataFrame, Array, AliasMatrix]:
    rng = np.random.Generator(np.random.PCG64(seed))
    coded = twelve(k).iloc[lost:]
    coded = coded.iloc[rng.permutation(len(coded))]
    y = coded.to_numpy() @ rng.normal(size=k) + rng.normal(size=len(coded))
    return coded, y, alias_matrix(coded_model(coded), coded)


def without(coded: pd.DataFrame, y: Array, interaction: str, size: float) -> pd.Series:
    """The main effects in data from which an interaction of that effect is taken out."""
    return estimate(coded, y - 0.5 * size * coded[interaction.split(":")].prod(axis=1).to_numpy())


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 8), st.integers(0, 3))
def test_taking_the_interaction_out_does_what_was_said(seed: int, k: int, lost: int) -> None:
    coded, y, aliases = study(seed, k, lost)
    assume(aliases.coefficients.notna().all(axis=None))
    effects = estimate(coded, y)
    margins = 0.3 * effects.abs()
    table = tipping_points(aliases, effects, margins=margins)
    assert len(table)
    for row in table[table["kind"] != "clear"].to_dict("records"):
        left = without(coded, y, row["interaction"], row["size"]).abs()
        if row["kind"] == "cancel":
            assert left[row["term"]] == pytest.approx(0.0, abs=1e-9)
        elif row["kind"] == "noise":
            assert left[row["term"]] == pytest.approx(margins[row["term"]], abs=1e-9)
        else:
            assert left[row["term"]] == pytest.approx(left[row["other"]], abs=1e-9)
            beyond = without(coded, y, row["interaction"], row["size"] * (1.0 + 1e-6)).abs()
            assert beyond[row["other"]] > beyond[row["term"]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 6), st.integers(0, 2))
def test_no_smaller_interaction_does_it(seed: int, k: int, lost: int) -> None:
    coded, y, aliases = study(seed, k, lost)
    assume(aliases.coefficients.notna().all(axis=None))
    effects = estimate(coded, y)
    table = tipping_points(aliases, effects)
    values = aliases.coefficients.loc[list(coded.columns)]
    for row in table[table["kind"] == "cancel"].to_dict("records"):
        a = values.loc[row["term"]].abs().to_numpy()
        assert abs(row["size"]) == pytest.approx(abs(effects[row["term"]]) / a.max())
    steps = np.linspace(-0.999, 0.999, 41)
    for row in table[table["kind"] == "rank"].to_dict("records"):
        left = np.abs(effects.to_numpy()[:, None, None] - values.to_numpy()[:, :, None] * steps * abs(row["size"]))
        i = coded.columns.get_loc(row["term"])
        lower = effects.abs().to_numpy() < abs(effects[row["term"]])
        assert (left[lower] < left[i]).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sets(st.integers(0, 4)), st.integers(0, 2))
def test_which_level_is_high_does_not_matter(seed: int, flipped: set[int], lost: int) -> None:
    coded, y, aliases = study(seed, 5, lost)
    assume(aliases.coefficients.notna().all(axis=None))
    other = coded * np.array([-1.0 if i in flipped else 1.0 for i in range(5)])
    before = tipping_points(aliases, estimate(coded, y))
    after = tipping_points(alias_matrix(coded_model(other), other), estimate(other, y))
    same = ["term", "kind", "interaction", "other"]
    pd.testing.assert_frame_equal(after[same], before[same])
    np.testing.assert_allclose(after["size"].abs(), before["size"].abs(), rtol=1e-8)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(5)), st.integers(0, 2))
def test_neither_the_order_nor_the_names_of_factors_and_rows_matter(seed: int, order: list[int], lost: int) -> None:
    coded, y, aliases = study(seed, 5, lost)
    assume(aliases.coefficients.notna().all(axis=None))
    back = {f"f{i}": f"x{i}" for i in range(5)}
    other = coded.rename(columns={new: old for old, new in back.items()}).iloc[::-1, order]
    before = tipping_points(aliases, estimate(coded, y))
    after = tipping_points(alias_matrix(coded_model(other), other), estimate(other, y[::-1]))

    def plain(names: pd.Series) -> list[frozenset[str]]:
        return [frozenset(back.get(part, part) for part in str(name).split(":")) for name in names]

    assert list(after["kind"]) == list(before["kind"])
    for column in ("term", "interaction", "other"):
        assert plain(after[column]) == plain(before[column])
    np.testing.assert_allclose(after["size"], before["size"], rtol=1e-8)


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(-1, 1), st.floats(-3, 3), st.floats(-1, 1))
def test_crossings_are_where_the_order_changes(a: float, slope_a: float, b: float, slope_b: float) -> None:
    effect, other = (a, b) if abs(a) > abs(b) else (b, a)
    if abs(effect) - abs(other) < 1e-3 or min(abs(abs(slope_a) - abs(slope_b)), abs(slope_a), abs(slope_b)) < 1e-3:
        return
    g = crossing_sizes(effect, np.array([slope_a]), np.array([other]), np.array([[slope_b]]))[0, 0]

    def ahead(t: Array) -> Array:
        return np.abs(effect - slope_a * t) - np.abs(other - slope_b * t)

    if np.isfinite(g):
        assert ahead(np.array(g)) == pytest.approx(0.0, abs=1e-6)
        assert (ahead(np.linspace(-0.999, 0.999, 101) * abs(g)) > 0.0).all()
    else:
        assert (ahead(np.linspace(-1e4, 1e4, 1001)) >= 0.0).all()


def test_an_effect_that_is_only_touched_is_not_passed() -> None:
    # |2 - g| and |1 - g / 2| are both zero at g = 2, and the first is the larger everywhere else.
    assert np.isinf(crossing_sizes(2.0, np.array([1.0]), np.array([1.0]), np.array([[0.5]]))).all()
    # Nothing can bring an effect below one that is zero and stays it.
    assert np.isinf(crossing_sizes(2.0, np.array([1.0]), np.array([0.0]), np.array([[0.0]]))).all()


def test_of_equal_sizes_the_one_with_the_largest_parents_is_named() -> None:
    coded = twelve(5)
    effects = pd.Series([1.0, 4.0, 0.5, 2.0, 3.0], index=coded.columns)
    aliases = alias_matrix(coded_model(coded), coded)
    table = tipping_points(aliases, effects)
    cancel = table[table["kind"] == "cancel"].set_index("term")
    assert cancel.loc["x0", "interaction"] == "x1:x4"
    assert cancel.loc["x1", "interaction"] == "x3:x4"
    share = aliases.coefficients.loc["x0"].to_dict()["x1:x4"]
    assert cancel.loc["x0", "size"] == pytest.approx(1.0 / share)
    assert abs(share) == pytest.approx(1.0 / 3.0)
    assert cancel.loc["x0", "relative_size"] == pytest.approx(3.0 / 4.0)
    assert cancel.loc["x0", "plausible"] == pytest.approx(3.0 / np.sqrt(12.0))


def test_a_full_factorial_with_its_interactions_is_clear() -> None:
    coded = pd.DataFrame(product([-1.0, 1.0], repeat=3), columns=list("ABC"))
    model = coded_model(coded, terms=[*"ABC", "AB", "AC", "BC"])
    effects = pd.Series([1.0, 2.0, 3.0, 0.5], index=["A", "B", "C", "A:B"])
    table = tipping_points(alias_matrix(model, coded), effects, margins=effects * 0.5)
    assert list(table["term"]) == ["C", "B", "A", "A:B"]
    assert set(table["kind"]) == {"clear"}
    assert table["size"].isna().all()
    assert table["words"][0] == "C is clear: the model holds every interaction of up to 2 factors."


def test_a_foldover_is_clear_and_its_ranks_cannot_be_tipped() -> None:
    coded = pd.concat([twelve(5), -twelve(5)], ignore_index=True)
    effects = pd.Series([1.0, 4.0, 0.5, 2.0, 3.0], index=coded.columns)
    table = tipping_points(alias_matrix(coded_model(coded), coded), effects)
    assert list(table["kind"]) == ["clear"] * 5
    assert table["words"][0] == "x1 is clear of all 10 interactions of up to 2 factors outside the model."


def test_without_a_margin_noise_is_not_asked_and_within_it_neither() -> None:
    coded, y, aliases = study(1, 4, 0)
    effects = estimate(coded, y)
    assert "noise" not in set(tipping_points(aliases, effects)["kind"])
    assert "noise" not in set(tipping_points(aliases, effects, margins=effects.abs() + 1.0)["kind"])
    some = tipping_points(aliases, effects, margins=pd.Series({"x1": 0.0}))
    noise, cancel = (some[(some["kind"] == kind) & (some["term"] == "x1")] for kind in ("noise", "cancel"))
    assert noise["size"].to_list() == pytest.approx(cancel["size"].to_list())


def test_zero_effects_and_missing_ones_are_passed_over() -> None:
    coded, _, aliases = study(2, 4, 0)
    effects = pd.Series([0.0, 1.0, np.nan, 1e-17], index=coded.columns)
    table = tipping_points(aliases, effects)
    assert set(table[table["kind"] == "cancel"]["term"]) == {"x1"}
    assert "x2" not in set(table["term"])
    nothing = tipping_points(aliases, effects * 0.0)
    assert nothing.empty
