"""Estimates, standard errors, tests and limits equal to R's lm; the R script is tests/reference/lm.R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import qim_stats as qs

REFERENCE = Path(__file__).parents[2] / "reference"
CASES: list[dict[str, Any]] = json.loads((REFERENCE / "lm.json").read_text())
TIDY = {
    "estimate": "estimate",
    "std.error": "std_error",
    "statistic": "statistic",
    "p.value": "p_value",
    "conf.low": "conf_low",
    "conf.high": "conf_high",
}
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
AUGMENT = {
    ".fitted": ".fitted",
    ".resid": ".resid",
    ".std.resid": ".std_resid",
    ".hat": ".hat",
    ".cooksd": ".cooksd",
}


def analyze(case: dict[str, Any]) -> qs.Analysis:
    table = pd.read_csv(REFERENCE / case["table"])
    table = table.drop(index=[row - 1 for row in case["drop"]])
    return qs.analyze(table, response="y", direction="maximize", formula=case["formula"])


def close(value: float, expected: float) -> bool:
    return value == pytest.approx(expected, rel=1e-8, abs=1e-10)


def is_saturated(case: dict[str, Any]) -> bool:
    return bool(case["glance"][0]["df.residual"] == 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_terms_equal_r(case: dict[str, Any]) -> None:
    found = analyze(case).tidy().set_index("term")
    assert list(found.index) == [row["term"] for row in case["tidy"]]
    for row in case["tidy"]:
        for theirs, ours in TIDY.items():
            if is_saturated(case) and theirs != "estimate":
                continue
            assert close(found.at[row["term"], ours], row[theirs]), (row["term"], ours)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_glance_equals_r(case: dict[str, Any]) -> None:
    analysis = analyze(case)
    found = analysis.to_dict()["glance"]
    row = case["glance"][0]
    for theirs, ours in GLANCE.items():
        if is_saturated(case) and ours not in ("n", "df_resid", "r_squared"):
            assert found[ours] is None
        else:
            assert close(found[ours], row[theirs]), ours
    assert analysis.error_source == ("pse" if is_saturated(case) else "residual")
    assert list(analysis.glance().columns) == list(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_anova_equals_r(case: dict[str, Any]) -> None:
    found = analyze(case).to_dict()["anova"]
    assert [row["term"] for row in found] == [row["term"] for row in case["anova"]]
    for ours, theirs in zip(found, case["anova"], strict=True):
        for column in ("df", "sum_sq", "mean_sq", "statistic", "p_value"):
            expected = theirs.get(column)
            if expected is None or expected == "NaN":
                assert ours[column] is None, (ours["term"], column)
            else:
                assert close(ours[column], expected), (ours["term"], column)


@pytest.mark.parametrize("case", [c for c in CASES if not is_saturated(c)], ids=lambda case: str(case["name"]))
def test_augment_equals_r(case: dict[str, Any]) -> None:
    found = analyze(case).augment()
    assert len(found) == len(case["augment"])
    for theirs, ours in AUGMENT.items():
        expected = [row[theirs] for row in case["augment"]]
        assert found[ours].to_list() == pytest.approx(expected, rel=1e-8, abs=1e-10), ours


def test_fatigue_data_as_published() -> None:
    # Hamada and Wu (1992), table 4: F is the largest main effect, .458 per coded step, with R2 = .45 alone; adding FG
    # gives R2 = .89. Box and Meyer (1993) come to F and G as the active factors.
    table = REFERENCE / "fatigue.csv"
    mains = qs.analyze(table, response="y", direction="maximize")
    assert mains.trials.factor_names == list("ABCDEFG")
    assert mains.trials.dummies == ("e1", "e2", "e3", "e4")
    assert mains.ranking()["factor"].iloc[0] == "F"
    assert mains.tidy().set_index("term").at["F", "estimate"] == pytest.approx(0.458, abs=5e-4)
    alone = qs.analyze(table, response="y", direction="maximize", formula="y ~ F")
    assert alone.glance()["r_squared"].iloc[0] == pytest.approx(0.45, abs=5e-3)
    both = qs.analyze(table, response="y", direction="maximize", formula="y ~ F + F:G")
    assert both.glance()["r_squared"].iloc[0] == pytest.approx(0.89, abs=5e-3)
    assert both.tidy().set_index("term").at["F:G", "estimate"] == pytest.approx(-0.459, abs=5e-4)


def test_etch_rate_as_published() -> None:
    # Montgomery, Design and Analysis of Experiments, example 6.1: effects of gap, power and their interaction.
    found = qs.analyze(REFERENCE / "etch.csv", response="y", direction="maximize", formula="y ~ gap * flow * power")
    effects = found.tidy().set_index("term")["effect"]
    assert effects["gap"] == pytest.approx(-101.625)
    assert effects["power"] == pytest.approx(306.125)
    assert effects["gap:power"] == pytest.approx(-153.625)
    assert pd.isna(effects["(Intercept)"])
    pure = qs.analyze(REFERENCE / "etch.csv", response="y", direction="maximize", error="pure")
    full = found.glance().iloc[0]
    assert pure.error_source == "pure"
    assert pure.error.df == 8.0
    assert pure.error.sigma == pytest.approx(full["sigma"], rel=1e-12)
