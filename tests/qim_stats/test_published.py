"""Published tables from CSV to JSON by the command line, every column equal to R's: tests/reference/others.R."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main
from qim_stats.errors import FormulaError

REFERENCE = Path(__file__).parents[1] / "reference"
CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in json.loads((REFERENCE / "others.json").read_text())}
EVERY_CASE = pytest.mark.parametrize("name", CASES)
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


def equal(found: object, expected: object) -> bool:
    """Compare to 1e-8; what is zero but for rounding in R may be so in its own way here."""
    return found is None if expected is None else found == pytest.approx(expected, rel=1e-8, abs=1e-12)


@cache
def table(name: str) -> pd.DataFrame:
    case = CASES[name]
    return pd.read_csv(REFERENCE / "others" / f"{case['table']}.csv").drop(index=[row - 1 for row in case["drop"]])


@cache
def analysis(name: str) -> qs.Analysis:
    words = CASES[name]["arguments"]
    options: dict[str, Any] = {
        option.removeprefix("--"): value for option, value in zip(words[::2], words[1::2], strict=True)
    }
    options["factors"] = options["factors"].split(",")
    return qs.analyze(table(name), response=CASES[name]["response"], direction="maximize", **options)


@EVERY_CASE
def test_json_equals_r(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path, out = tmp_path / "table.csv", tmp_path / "out.json"
    table(name).to_csv(path, index=False)
    asked = ["--response", case["response"], "--direction", "maximize", "--error", "residual", "--json", str(out)]
    assert main(["analyze", str(path), *asked, *case["arguments"]]) == 0
    found = json.loads(out.read_text())
    assert [row["term"] for row in found["terms"]] == [row["term"] for row in case["tidy"]]
    for row, expected in zip(found["terms"], case["tidy"], strict=True):
        for theirs, ours in TIDY.items():
            assert equal(row[ours], expected.get(theirs)), (row["term"], ours)
    for theirs, ours in GLANCE.items():
        assert equal(found["glance"][ours], case["glance"][0][theirs]), ours
    assert found["glance"]["error_source"] == "residual"
    assert len(found["dropped"]) == sum(row["estimate"] is None for row in case["tidy"])
    compare_anova(found["anova"], case["anova"]["I"])


def compare_anova(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [row["term"] for row in found] == [row["term"] for row in expected]
    for row, theirs in zip(found, expected, strict=True):
        for column in ("df", "sum_sq", "mean_sq", "statistic", "p_value"):
            assert equal(row[column], theirs.get(column)), (row["term"], column)


@EVERY_CASE
def test_type_two_and_three_equal_car(name: str) -> None:
    for kind in ("II", "III"):
        expected = CASES[name]["anova"][kind]
        if expected:
            table = analysis(name).anova(kind).astype(object)  # type: ignore[arg-type]
            compare_anova(table.where(table.notna(), None).to_dict("records"), expected)
        else:  # car refuses aliased terms
            with pytest.raises(FormulaError, match="aliased"):
                analysis(name).anova(kind)  # type: ignore[arg-type]


@EVERY_CASE
def test_augment_equals_r(name: str) -> None:
    found = analysis(name).augment()
    for position, expected in enumerate(CASES[name]["augment"]):
        row = found.iloc[position]
        for theirs in expected:
            ours = theirs.replace("std.resid", "std_resid")
            if theirs in (".std.resid", ".cooksd") and expected[".hat"] > 1 - 1e-10:
                assert math.isnan(row[ours])  # R divides zero by zero there, up to rounding
            else:
                assert row[ours] == pytest.approx(expected[theirs], rel=1e-8, abs=1e-9), (position, ours)
