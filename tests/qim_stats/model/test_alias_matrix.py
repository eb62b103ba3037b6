"""Alias matrices: equal to R's, to the textbooks' chains, and to what least squares does with interactions."""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import FormulaError
from qim_stats.model.alias_matrix import (
    alias_chains,
    alias_correlations,
    alias_matrix,
    coded_model,
)
from qim_stats.model.least_squares import independent_columns

REFERENCE = Path(__file__).parents[2] / "reference"
R = json.loads((REFERENCE / "alias_matrix.json").read_text())  # made by tests/reference/alias_matrix.R


def full(k: int, names: str = "ABCDEFGHJK") -> pd.DataFrame:
    """The 2^k factorial in standard order, the first factor changing fastest."""
    return pd.DataFrame([row[::-1] for row in product([-1.0, 1.0], repeat=k)], columns=list(names[:k]))


def fraction(base: int, generators: dict[str, str]) -> pd.DataFrame:
    x = full(base)
    return x.assign(**{name: x[list(word)].prod(axis=1) for name, word in generators.items()})


def plackett_burman(k: int, runs: int = 12) -> pd.DataFrame:
    design = qs.plackett_burman([qs.Factor(f"x{i}", 0, 1) for i in range(k)], runs=runs, seed=0)
    return design.coded[[f"x{i}" for i in range(k)]].astype(float)


def tables(seed: int, k: int, n: int) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(seed))
    return pd.DataFrame(rng.choice([-1.0, 1.0], (n, k)), columns=[f"x{i}" for i in range(k)])


@pytest.mark.parametrize("case", list(R))
def test_equals_r(case: str) -> None:
    given = R[case]
    coded = pd.read_csv(REFERENCE / "fatigue.csv")[list("ABCDEFG")].iloc[[r - 1 for r in given["rows"]]]
    words = [w.strip() for w in given["formula"].lstrip("~ ").split("+")]
    terms = [w.split(":") for w in words if w != "block"]
    model = coded_model(coded, terms=terms, blocks=given["block"])
    assert list(model.names) == given["names"]
    weights = None if given["weights"] is None else np.array(given["weights"])
    found = alias_matrix(model, coded, weights=weights).coefficients
    assert list(found.columns) == list(given["alias"])
    expected = np.array(list(given["alias"].values()), dtype=np.float64).T  # None becomes NaN
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-8)


def test_the_aliases_of_eight_runs_are_the_textbook_s() -> None:
    """2^(7-4) with D = AB, E = AC, F = BC, G = ABC: Montgomery, Design and Analysis of Experiments, chapter 8."""
    coded = fraction(3, {"D": "AB", "E": "AC", "F": "BC", "G": "ABC"})
    book = {
        "A": {"B:D", "C:E", "F:G"},
        "B": {"A:D", "C:F", "E:G"},
        "C": {"A:E", "B:F", "D:G"},
        "D": {"A:B", "C:G", "E:F"},
        "E": {"A:C", "B:G", "D:F"},
        "F": {"B:C", "A:G", "D:E"},
        "G": {"C:D", "B:E", "A:F"},
    }
    found = alias_matrix(coded_model(coded), coded).coefficients
    for term, aliased in book.items():
        assert {name for name, share in found.loc[term].items() if share == 1.0} == aliased
    assert int((found != 0.0).to_numpy().sum()) == 21
    chains = [{name for name, _ in effects} for effects in alias_chains(coded)["effects"]]
    assert chains == [{term} | aliased for term, aliased in book.items()]


def test_the_half_fraction_of_five_factors_is_clear_to_two_factor_interactions() -> None:
    """2^(5-1) with E = ABCD, I = ABCDE: Montgomery, example 8.2: AB = CDE and so on, A = BCDE."""
    coded = fraction(4, {"E": "ABCD"})
    assert not alias_matrix(coded_model(coded), coded).coefficients.to_numpy().any()
    pairs = [*((f,) for f in "ABCDE"), *combinations("ABCDE", 2)]
    found = alias_matrix(coded_model(coded, terms=pairs), coded, order=3).coefficients
    for pair in combinations("ABCDE", 2):
        rest = ":".join(f for f in "ABCDE" if f not in pair)
        assert dict(found.loc[":".join(pair)]) == {name: float(name == rest) for name in found.columns}
    assert not found.loc[list("ABCDE")].to_numpy().any()


def test_chains_tell_signs_and_constants() -> None:
    coded = fraction(2, {"C": "AB"}).assign(C=lambda x: -x["C"])
    assert list(alias_chains(coded)["chain"]) == ["A = -B:C", "B = -A:C", "C = -A:B"]
    assert alias_chains(coded, order=3)["chain"].iloc[0] == "I = -A:B:C"


def test_twelve_runs_alias_by_a_third_and_their_foldover_not_at_all() -> None:
    """Lin and Draper (1992), Technometrics 34, 423-428: in 12 runs, +-1/3 of each interaction of two other factors."""
    coded = plackett_burman(8)
    found = alias_matrix(coded_model(coded), coded)
    rows = found.coefficients.loc[list(found.factors)]
    for term, row in rows.iterrows():
        expected = [0.0 if term in pair else 1 / 3 for pair in found.interactions]
        np.testing.assert_allclose(np.abs(row), expected, atol=1e-12)
    np.testing.assert_allclose(alias_correlations(coded_model(coded), coded).loc[list(found.factors)], rows, atol=1e-12)
    folded = pd.concat([coded, -coded])
    blocks = ["1"] * 12 + ["2"] * 12
    clear = alias_matrix(coded_model(folded, blocks=blocks), folded).coefficients
    assert not clear.loc[list(found.factors)].to_numpy().any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(8, 24), st.booleans())
def test_least_squares_estimates_b_plus_a_c(seed: int, k: int, n: int, weighted: bool) -> None:
    coded = tables(seed, k, n)
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    model = coded_model(coded, blocks=[str(b) for b in rng.integers(1, 3, n)])
    weights = rng.uniform(0.5, 2.0, n) if weighted else None
    found = alias_matrix(model, coded, order=3, weights=weights).coefficients
    kept = np.isin(np.arange(len(model.names)), independent_columns(model.matrix))
    assert (found.isna().all(axis=1) == ~kept).all() or not found.shape[1]
    z = np.column_stack([np.ones(n), *(coded[name.split(":")].prod(axis=1) for name in found.columns)])[:, 1:]
    b, c = rng.normal(size=kept.sum()), rng.normal(size=z.shape[1])
    root = np.ones(n) if weights is None else np.sqrt(weights)
    x = model.matrix[:, kept]
    estimate = np.linalg.lstsq(x * root[:, None], (x @ b + z @ c) * root, rcond=None)[0]
    np.testing.assert_allclose(estimate, b + found.to_numpy()[kept] @ c, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 6), st.integers(3, 12))
def test_any_foldover_clears_all_main_effects(seed: int, k: int, n: int) -> None:
    coded = tables(seed, k, n)
    folded = pd.concat([coded, -coded], ignore_index=True)
    found = alias_matrix(coded_model(folded), folded)
    rows = found.coefficients.loc[list(found.effects)].dropna()
    assert not rows.to_numpy().any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(9)), st.sets(st.integers(0, 4)))
def test_rows_orders_and_signs_follow(seed: int, order: list[int], flipped: set[int]) -> None:
    coded = tables(seed, 5, 9)
    signs = np.array([-1.0 if i in flipped else 1.0 for i in range(5)])
    other = coded.iloc[order] * signs
    before, after = alias_matrix(coded_model(coded), coded), alias_matrix(coded_model(other), other)
    sign = dict(zip(coded.columns, signs, strict=True))
    rows = np.array([sign.get(name, 1.0) for name in before.coefficients.index])
    columns = np.array([sign[a] * sign[b] for a, b in before.interactions])
    np.testing.assert_allclose(after.coefficients, before.coefficients * np.outer(rows, columns), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_the_order_of_the_factors_does_not_matter(seed: int, order: list[int]) -> None:
    coded = tables(seed, 5, 12)
    x = np.column_stack([np.ones(12), coded])
    other = coded.iloc[:, order]
    before, after = alias_matrix(coded_model(coded), coded), alias_matrix(coded_model(other), other)
    if len(independent_columns(x)) < x.shape[1]:
        return
    sets = {frozenset(pair): i for i, pair in enumerate(after.interactions)}
    matched = after.coefficients.iloc[:, [sets[frozenset(pair)] for pair in before.interactions]]
    np.testing.assert_allclose(matched.loc[before.coefficients.index], before.coefficients, atol=1e-9)


def test_what_depends_on_terms_before_it_is_not_estimated() -> None:
    coded = plackett_burman(3).assign(x3=lambda x: -x["x1"])
    found = alias_matrix(coded_model(coded), coded).coefficients
    assert found.loc["x3"].isna().all()
    assert found.drop(index="x3").notna().all(axis=None)
    # What is left of x3 is in x1: the model without it has the same aliases.
    without = alias_matrix(coded_model(coded, terms=[["x0"], ["x1"], ["x2"]]), coded).coefficients
    pd.testing.assert_frame_equal(found.drop(index="x3"), without)


def test_terms_of_the_model_are_not_outside_it_however_they_are_written() -> None:
    coded = full(3)
    model = coded_model(coded, terms=[["A"], ["B"], ["C"], ["B", "A"]])
    assert alias_matrix(model, coded).interactions == (("A", "C"), ("B", "C"))
    everything = alias_matrix(coded_model(coded, terms=[*"ABC", "AB", "AC", "BC"]), coded)
    assert everything.coefficients.shape == (7, 0)


def test_center_points_leave_the_aliases_of_orthogonal_designs() -> None:
    coded = plackett_burman(6)
    centered = pd.concat([coded, pd.DataFrame(0.0, index=range(3), columns=coded.columns)])
    before, after = alias_matrix(coded_model(coded), coded), alias_matrix(coded_model(centered), centered)
    pd.testing.assert_frame_equal(after.coefficients.loc[list(coded.columns)], before.coefficients.iloc[1:])


@pytest.mark.parametrize(("order", "weights"), [(1, None), (2, [1.0, 0.0, 1.0, 1.0]), (2, [1.0, 1.0, np.nan, 1.0])])
def test_bad_options_are_told(order: int, weights: list[float] | None) -> None:
    coded = full(2)
    given: npt.NDArray[np.float64] | None = None if weights is None else np.array(weights)
    with pytest.raises(FormulaError, match=r"two factors or more|weight [23] of 4 is not positive"):
        alias_matrix(coded_model(coded), coded, order=order, weights=given)
