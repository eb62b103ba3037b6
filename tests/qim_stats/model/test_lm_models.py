"""Unbalanced, blocked, weighted, aliased and transformed models equal to R's: tests/reference/lm_models.R."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qim_stats.distributions import t_quantile, t_two_sided
from qim_stats.errors import FormulaError
from qim_stats.model.anova import AnovaType, anova_table
from qim_stats.model.fit import Fit, diagnostics, fit_ols, glance
from qim_stats.model.formula import model_matrix
from qim_stats.model.lack_of_fit import curvature, lack_of_fit
from qim_stats.model.least_squares import solve
from qim_stats.model.predicted_effects import original_scale
from qim_stats.model.robust import hc3
from qim_stats.model.weights import read_weights
from qim_stats.trials import Trials, read_trials

REFERENCE = Path(__file__).parents[2] / "reference"
RECORDED: dict[str, Any] = json.loads((REFERENCE / "lm_models.json").read_text())
CASES: list[dict[str, Any]] = RECORDED["cases"]
FORMULAS: list[dict[str, Any]] = json.loads((REFERENCE / "lm_formulas.json").read_text())
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
GLANCE = {
    "r.squared": "r_squared",
    "adj.r.squared": "adj_r_squared",
    "sigma": "sigma",
    "statistic": "f_statistic",
    "p.value": "f_p_value",
    "logLik": "log_lik",
    "AIC": "aic",
    "BIC": "bic",
    "df.residual": "df_resid",
    "nobs": "n",
}


def fitted(case: dict[str, Any]) -> tuple[Fit, Trials]:
    table = pd.read_csv(REFERENCE / case["table"]).drop(index=[row - 1 for row in case["drop"]])
    trials = read_trials(table, response=case["response"], direction="maximize", factors=case["factors"])
    weights = read_weights(trials, case["weights"]) if case["weights"] else None
    # What R was given as a factor: cyl and tension; the block is one anyway.
    formula = case["formula"].replace("cyl", "C(cyl)")
    return fit_ols(model_matrix(formula, trials), trials.y, weights=weights, aliased="drop"), trials


def equal(found: object, expected: object) -> bool:
    return found == pytest.approx(expected, rel=1e-8, abs=1e-10)


@EVERY_CASE
def test_coefficients_equal_r(case: dict[str, Any]) -> None:
    fit, _ = fitted(case)
    assert list(fit.all_names) == [row["term"] for row in case["tidy"]]
    known = [row for row in case["tidy"] if row["estimate"] is not None]
    assert [term.name for term in fit.dropped] == [row["term"] for row in case["tidy"] if row["estimate"] is None]
    assert list(fit.model.names) == [row["term"] for row in known]
    assert fit.sigma is not None
    std_error = fit.sigma * np.sqrt(np.diag(fit.unscaled))
    margin = t_quantile(0.975, fit.df_resid) * std_error
    found = {
        "estimate": fit.coefficients,
        "std.error": std_error,
        "statistic": fit.coefficients / std_error,
        "p.value": t_two_sided(fit.coefficients / std_error, fit.df_resid),
        "conf.low": fit.coefficients - margin,
        "conf.high": fit.coefficients + margin,
    }
    for column, values in found.items():
        assert equal(values.tolist(), [row[column] for row in known]), column


@EVERY_CASE
def test_glance_equals_r(case: dict[str, Any]) -> None:
    found = glance(fitted(case)[0], "residual")
    for theirs, ours in GLANCE.items():
        assert equal(found[ours], case["glance"][0][theirs]), ours


@EVERY_CASE
def test_augment_equals_r(case: dict[str, Any]) -> None:
    all_rows = diagnostics(fitted(case)[0]).rename(columns={".std_resid": ".std.resid"})
    free = [row[".hat"] < 1 - 1e-10 for row in case["augment"]]
    for column in all_rows.columns:
        found = all_rows[column]
        expected = [row[column] for row in case["augment"]]
        if column in (".std.resid", ".cooksd"):
            assert found.notna().tolist() == free  # R divides zero by zero there, up to rounding
            found, expected = found[free], [value for value, kept in zip(expected, free, strict=True) if kept]
        assert equal(found.tolist(), expected), column


@EVERY_CASE
@pytest.mark.parametrize("kind", ["I", "II", "III"])
def test_anova_equals_r(case: dict[str, Any], kind: AnovaType) -> None:
    fit, _ = fitted(case)
    if not case["anova"][kind]:  # car refuses aliased terms
        with pytest.raises(FormulaError, match="N:P:K equals"):
            anova_table(fit, kind)
        return
    found = anova_table(fit, kind)
    assert found["term"].tolist() == [row["term"] for row in case["anova"][kind]]
    for row, theirs in zip(found.to_dict("records"), case["anova"][kind], strict=True):
        for column in ("df", "sum_sq", "statistic", "p_value"):
            expected = theirs.get(column)
            if expected is None:
                assert math.isnan(row[column])
            else:
                assert equal(row[column], expected), (row["term"], column)


@pytest.mark.parametrize("case", [c for c in CASES if c["hc3"]], ids=lambda case: str(case["name"]))
def test_hc3_equals_r(case: dict[str, Any]) -> None:
    found = hc3(fitted(case)[0])
    assert found.matrix is not None
    assert found.std_error is not None
    expected = np.array(case["hc3"])
    assert found.matrix == pytest.approx(expected, rel=1e-8, abs=1e-8 * float(np.abs(expected).max()))
    assert found.std_error == pytest.approx(np.sqrt(np.diag(expected)), rel=1e-8)


@pytest.mark.parametrize("case", [c for c in CASES if c["lack_of_fit"]], ids=lambda case: str(case["name"]))
def test_lack_of_fit_equals_r(case: dict[str, Any]) -> None:
    fit, trials = fitted(case)
    found = dataclasses.asdict(lack_of_fit(fit, trials))
    for column, expected in case["lack_of_fit"].items():
        assert equal(found[column], expected), column


def test_an_aliased_term_tells_what_it_equals() -> None:
    fit, _ = fitted(CASES[0])
    assert [(term.name, term.position) for term in fit.dropped] == [("N:P:K", 12)]
    # The blocks whose plots have N x P x K = +1 and -1 (npk.csv), the first being the reference.
    signs = pd.read_csv(REFERENCE / "npk.csv").assign(
        s=lambda d: (2 * d["N"] - 1) * (2 * d["P"] - 1) * (2 * d["K"] - 1)
    )
    by_block = signs.groupby("block")["s"].agg(["min", "max"])
    assert (by_block["min"] == by_block["max"]).all()
    first = by_block["min"].loc[1]
    others = [f"{'-' if first > 0 else '+'} 2 block{b}" for b, sign in by_block["min"].items() if sign != first]
    assert fit.dropped[0].equals == " ".join([f"{first}", *others])
    assert fit.dropped[0].reason == f"in these trials N:P:K equals {fit.dropped[0].equals}"
    assert "N:P:K" not in [term.name for term in fit.model.terms]


@pytest.mark.parametrize("case", FORMULAS, ids=lambda case: str(case["formula"]))
def test_formulas_mean_what_they_mean_in_r(case: dict[str, Any]) -> None:
    table = pd.read_csv(REFERENCE / "mtcars.csv")
    trials = read_trials(table, response="mpg", direction="maximize", factors=["am", "vs"])
    fit = fit_ols(model_matrix(case["formula"].replace("cyl", "C(cyl)"), trials), trials.y, aliased="drop")
    assert list(fit.all_names) == case["names"]
    known = [
        (name, value) for name, value in zip(case["names"], case["coefficients"], strict=True) if value is not None
    ]
    assert list(fit.model.names) == [name for name, _ in known]
    assert equal(fit.coefficients.tolist(), [value for _, value in known])
    found = anova_table(fit)
    assert found["term"].tolist() == case["terms"]
    assert equal(found["sum_sq"].tolist(), case["sum_sq"])


def test_ill_conditioned_regression_equals_r() -> None:
    # Also certified by NIST (Statistical Reference Datasets, Longley) in other units.
    table = pd.read_csv(REFERENCE / "longley.csv")
    y = table.pop("Employed").to_numpy(dtype=np.float64)
    x = np.column_stack([np.ones(len(y)), table.to_numpy(dtype=np.float64)])
    found = solve(x, y)
    assert found is not None
    expected = RECORDED["longley"]
    assert found.coefficients == pytest.approx(expected["coefficients"], rel=1e-8)
    assert found.leverage == pytest.approx(expected["hat"], rel=1e-8)
    rss = float(((y - found.fitted) ** 2).sum())
    std_error = math.sqrt(rss / 9) * np.linalg.norm(found.inverse, axis=1)
    assert std_error == pytest.approx(expected["std_error"], rel=1e-8)
    # NIST: 1829.15146461355 persons (thousands in R's units) a year; R keeps thousandths of its units.
    assert found.coefficients[6] == pytest.approx(1829.15146461355 / 1000.0, rel=1e-10)


def centre_points() -> tuple[Fit, np.ndarray]:
    table = pd.read_csv(REFERENCE / "centre.csv")
    corners = table[table["A"] != 0]
    trials = read_trials(corners, response="y", direction="maximize", factors=["A", "B"])
    trials = dataclasses.replace(
        trials,
        frame=table,
        usable=np.ones(len(table), dtype=np.bool_),
        coded=table[["A", "B"]].astype("float64"),
        y=table["y"].to_numpy(),
    )
    return fit_ols(model_matrix("y ~ A * B", trials), trials.y), (table["A"] == 0).to_numpy()


def test_curvature_equals_r_and_the_book() -> None:
    found = curvature(*centre_points())
    for column, expected in RECORDED["curvature"].items():
        assert equal(dataclasses.asdict(found)[column], expected), column
    # Montgomery, example 6.7: curvature has the sum of squares 0.0027 and F = 0.063.
    assert found.sum_sq == pytest.approx(0.0027, abs=5e-5)
    assert found.statistic == pytest.approx(0.063, abs=5e-4)


def test_effects_on_the_original_scale_equal_r() -> None:
    table = pd.read_csv(REFERENCE / "toothgrowth.csv")
    trials = read_trials(table, response="len", direction="maximize", factors=["supp"])
    fit = fit_ols(model_matrix("log(len) ~ supp + dose", trials), trials.y)
    found = original_scale(fit, trials, sigma=fit.sigma, df=float(fit.df_resid)).iloc[0]
    for column, expected in RECORDED["original_scale"].items():
        assert found[column] == pytest.approx(expected, rel=1e-8), column
    assert found["at_high"] - found["at_low"] == pytest.approx(found["effect"], rel=1e-12)
    assert found["conf_low"] < found["effect"] < found["conf_high"]


def test_leverage_one_leaves_no_robust_standard_errors() -> None:
    fit, _ = fitted(next(c for c in CASES if c["name"] == "chemical, two trials fitted exactly"))
    found = hc3(fit)
    assert found.matrix is None
    assert found.std_error is None
    assert "2 of the 10 trials exactly" in found.reason
