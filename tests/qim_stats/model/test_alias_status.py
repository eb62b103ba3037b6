"""What the alias matrix means for an effect: clear, partly confounded, confounded; and what losing runs adds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.model.alias_matrix import alias_matrix, coded_model
from qim_stats.model.aliasing import alias_status, fit_aliases, main_effect_aliases, new_aliases
from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import model_matrix


def full(k: int) -> pd.DataFrame:
    return pd.DataFrame(product([-1.0, 1.0], repeat=k), columns=list("ABCDEFGH"[:k]))


def twelve(k: int) -> pd.DataFrame:
    names = [f"x{i}" for i in range(k)]
    return qs.plackett_burman([qs.Factor(n, 0, 1) for n in names], runs=12, seed=0).coded[names].astype(float)


def test_a_design_of_resolution_four_confounds_interactions_alone() -> None:
    """2^(4-1) with D = ABC, I = ABCD: main effects clear, AB = CD (Montgomery, section 8.2)."""
    coded = full(3).assign(D=lambda x: x["A"] * x["B"] * x["C"])
    model = coded_model(coded, terms=[*"ABCD", "AB"])
    table = alias_status(alias_matrix(model, coded)).set_index("term")
    assert dict(table["status"]) == {**dict.fromkeys("ABCD", "clear"), "A:B": "confounded"}
    assert table.loc["A:B", "aliased_with"] == [("C:D", 1.0)]
    assert list(table["count"]) == [0, 0, 0, 0, 1]
    assert list(table["largest"]) == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_twelve_runs_confound_partly_and_the_list_can_be_cut() -> None:
    coded = twelve(5)
    table = alias_status(alias_matrix(coded_model(coded), coded), limit=2)
    assert set(table["status"]) == {"partly confounded"}
    assert list(table["count"]) == [6] * 5
    assert [len(pairs) for pairs in table["aliased_with"]] == [2] * 5
    assert table["largest"].to_numpy() == pytest.approx(np.full(5, 1 / 3))


def test_the_largest_alias_comes_first() -> None:
    coded = twelve(6).iloc[:-2]
    for pairs in alias_status(alias_matrix(coded_model(coded), coded))["aliased_with"]:
        sizes = [abs(coefficient) for _, coefficient in pairs]
        assert sizes == pytest.approx(sorted(sizes, reverse=True))
        assert min(sizes) > 0.0


def test_an_effect_that_cannot_be_estimated_has_no_status_of_a_clear_one() -> None:
    coded = twelve(3).assign(x3=lambda x: x["x0"])
    row = alias_status(alias_matrix(coded_model(coded), coded)).set_index("term").loc["x3"]
    assert row["status"] == "not estimable"
    assert np.isnan(row["largest"])
    assert row["aliased_with"] == []


def test_blocks_and_the_intercept_are_no_effects() -> None:
    coded = twelve(4)
    table = alias_status(alias_matrix(coded_model(coded, blocks=["1", "2"] * 6), coded))
    assert list(table["term"]) == list(coded.columns)


def test_a_lost_run_of_a_full_factorial_makes_new_aliases() -> None:
    coded = full(3)
    left = coded.drop(index=[2])
    before, after = (alias_matrix(coded_model(c), c).coefficients for c in (coded, left))
    table = new_aliases(before, after)
    assert table["new"].all()
    # Each of the three effects takes in each of the three interactions, and the intercept does.
    assert len(table) == 12
    assert table["before"].eq(0.0).all()
    shares = after.stack()
    assert all(row["after"] == shares[row["term"], row["interaction"]] for row in table.to_dict("records"))
    assert new_aliases(before, before).empty


def test_aliases_that_only_grew_are_not_new() -> None:
    coded = twelve(5)
    left = coded.drop(index=coded.index[4])
    before, after = (alias_matrix(coded_model(c), c).coefficients for c in (coded, left))
    table = new_aliases(before, after)
    assert set(table["new"]) == {True, False}
    assert (table["after"].abs() > table["before"].abs()).all()
    assert (np.diff(table["after"].abs()) < 1e-9).all()
    assert table["new"].eq(table["before"].abs() < 1e-9).all()


def test_terms_that_are_lost_are_left_out() -> None:
    coded = full(3)
    left = coded[coded["A"] == 1.0]
    before, after = (alias_matrix(coded_model(c), c).coefficients for c in (coded, left))
    assert "A" not in set(new_aliases(before, after)["term"])


def test_dropped_terms_keep_their_place_and_are_not_estimable() -> None:
    coded = full(3).assign(D=lambda x: x["A"] * x["B"] * x["C"])
    frame = coded.assign(y=np.arange(8.0) ** 2)
    trials = qs.read_trials(frame, response="y", direction="maximize", factors=list("ABCD"))
    model = model_matrix("y ~ A + B + A:B + C + D + C:D", trials)
    fit = fit_ols(model, trials.y, aliased="drop")
    assert [term.name for term in fit.dropped] == ["C:D"]
    found = fit_aliases(fit, trials.coded)
    assert list(found.coefficients.index) == list(model.names)
    status = alias_status(found).set_index("term")
    assert status.loc["C:D", "status"] == "not estimable"
    # What was dropped is outside the model, and goes whole into what it equals.
    assert status.loc["A:B", "aliased_with"] == [("C:D", 1.0)]
    assert dict(status["status"].loc[list("ABCD")]) == dict.fromkeys("ABCD", "clear")


def test_weights_and_units_reach_the_aliases_of_main_effects() -> None:
    coded = twelve(4).iloc[:-1]
    frame = (3.0 + 2.0 * coded).assign(y=np.arange(11.0) ** 2)
    trials = qs.read_trials(frame, response="y", direction="maximize", factors=list(coded.columns))
    formula = "y ~ x0 + x1 + x2 + x3"
    weights = np.linspace(1.0, 3.0, 11)
    plain = main_effect_aliases(fit_ols(model_matrix(formula, trials), trials.y))
    natural = main_effect_aliases(fit_ols(model_matrix(formula, trials, units="natural"), trials.y))
    weighted = main_effect_aliases(fit_ols(model_matrix(formula, trials), trials.y, weights=weights))
    assert plain is not None
    assert natural is not None
    assert weighted is not None
    assert natural.largest == pytest.approx(plain.largest)
    expected = alias_matrix(coded_model(coded), coded, weights=weights).coefficients.iloc[1:].abs()
    assert weighted.largest == pytest.approx(expected.to_numpy().max())
    assert weighted.largest != pytest.approx(plain.largest)
