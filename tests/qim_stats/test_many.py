"""Many responses at once give what ``analyze`` gives for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import FormulaError, QimError, TrialsError
from qim_stats.many import analyze_many
from qim_stats.model.error_choice import ErrorChoice
from qim_stats.model.error_estimate import estimate_error
from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.model.terms import term_table
from qim_stats.screening.contrasts import find_contrasts
from qim_stats.screening.lenth import lenth

COLUMNS = {
    "effect": "effects",
    "std_error": "std_errors",
    "p_value": "p_values",
    "p_adjusted": "p_adjusted",
}


def table_of(design: qs.Design) -> pd.DataFrame:
    frame = design.natural()
    kept = [c for c in ("replicate", "block") if frame[c].nunique() > 1]
    return frame[[*kept, *(f.name for f in design.factors)]]


def pb12(k: int) -> qs.Design:
    return qs.plackett_burman([qs.Factor(f"x{i}", 0, 1) for i in range(k)], runs=12, seed=1)


STUDIES: dict[str, tuple[pd.DataFrame, ErrorChoice, str]] = {
    "residual": (table_of(pb12(8)), "auto", "residual"),
    "one lost": (table_of(pb12(8)).drop(index=4), "auto", "residual"),
    "pure": (table_of(qs.replicate(pb12(5), 2)), "auto", "pure"),
    "foldover": (table_of(qs.foldover(pb12(7))), "auto", "foldover"),
    "foldover, one lost": (table_of(qs.foldover(pb12(7))).drop(index=20), "auto", "foldover"),
    "pse": (table_of(pb12(11)), "auto", "pse"),
    "asked pse": (table_of(pb12(8)), "pse", "pse"),
    "combined": (pd.concat([table_of(pb12(11)), table_of(pb12(11)).iloc[:2]], ignore_index=True), "auto", "combined"),
}


@pytest.mark.parametrize("study", STUDIES)
def test_equals_analyze(study: str) -> None:
    table, error, source = STUDIES[study]
    y = np.random.default_rng(1).standard_normal(len(table)) + 3.0 * table["x1"].to_numpy()
    trials = qs.read_trials(table.assign(y=np.arange(len(table))), response="y", direction="maximize")
    many = analyze_many(trials, np.array([y]), error=error)
    one = qs.analyze(table.assign(y=y), response="y", direction="maximize", error=error)
    assert many.error_source == one.error_source == source
    assert many.df == one.error.df
    ranking = one.ranking().set_index("factor").loc[list(many.factors)]
    for column, field in COLUMNS.items():
        assert getattr(many, field)[0].tolist() == pytest.approx(ranking[column].to_list(), rel=1e-10, abs=1e-12)
    claimed = [f for f, yes in zip(many.factors, many.significant[0], strict=True) if yes]
    assert set(claimed) == set(one.verdict.significant)


@pytest.mark.parametrize("study", STUDIES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), size=st.floats(0, 5))
def test_every_row_has_the_terms_of_its_own_analysis(study: str, seed: int, size: float) -> None:
    table, error, _ = STUDIES[study]
    responses = np.random.default_rng(seed).standard_normal((3, len(table))) + size * table["x1"].to_numpy()
    trials = qs.read_trials(table.assign(y=np.arange(len(table))), response="y", direction="maximize")
    many = analyze_many(trials, responses, error=error)
    contrasts = find_contrasts(trials)
    for i, y in enumerate(responses):
        fit = fit_ols(model_matrix(default_formula(trials), trials), y)
        pseudo = contrasts if isinstance(contrasts, str) else lenth(contrasts, y)
        estimate = estimate_error(error, fit, trials, pseudo)
        terms = term_table(fit, estimate, confidence=0.95, adjust="holm").set_index("term").loc[list(many.factors)]
        assert many.sigma[i] == pytest.approx(estimate.sigma, rel=1e-10)
        assert many.p_values[i].tolist() == pytest.approx(terms["p_value"].to_list(), rel=1e-10)
        assert many.p_adjusted[i].tolist() == pytest.approx(terms["p_adjusted"].to_list(), rel=1e-10)
        assert many.statistics[i].tolist() == pytest.approx(terms["statistic"].to_list(), rel=1e-10, abs=1e-12)


def test_a_formula_is_taken_as_by_analyze() -> None:
    table = table_of(qs.full_factorial([qs.Factor(f"x{i}", 0, 1) for i in range(3)], seed=0))
    y = np.random.default_rng(0).standard_normal((1, 8))
    trials = qs.read_trials(table.assign(y=np.arange(8)), response="y", direction="maximize")
    many = analyze_many(trials, y, formula="y ~ x0 * x1 * x2", adjust="bh")
    one = qs.analyze(table.assign(y=y[0]), response="y", direction="maximize", formula="y ~ x0 * x1 * x2", adjust="bh")
    expected = one.ranking().set_index("factor")["p_adjusted"].loc[list(many.factors)]
    assert many.p_adjusted[0].tolist() == pytest.approx(expected.to_list())
    with pytest.raises(FormulaError, match="no main effect"):
        analyze_many(trials, y, formula="y ~ x0:x1")


def test_what_cannot_be_had_is_nan() -> None:
    table = table_of(pb12(8))
    trials = qs.read_trials(table.assign(y=np.arange(12)), response="y", direction="maximize")
    y = np.vstack([2.0 * table["x0"] + 1.0, np.random.default_rng(0).standard_normal(12)])
    many = analyze_many(trials, y)
    assert np.isnan(many.p_values[0]).all()
    assert not many.significant[0].any()
    assert np.isfinite(many.p_values[1]).all()
    with pytest.raises(TrialsError, match=r"shape \(12,\)"):
        analyze_many(trials, y[0])
    with pytest.raises(QimError, match="max-t"):
        analyze_many(trials, y, adjust="max-t")
