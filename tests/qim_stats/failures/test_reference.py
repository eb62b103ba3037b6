"""Firth's regression, Fisher's test and the widening of standard errors against R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qim_stats.failures import FirthFit, fisher_exact, fit_firth, se_inflation

# tests/reference/failures.R writes it, and says where the data come from.
REFERENCE: dict[str, Any] = json.loads((Path(__file__).parents[2] / "reference" / "failures.json").read_text())


@pytest.mark.parametrize("case", REFERENCE["firth"], ids=lambda case: case["name"])
def test_firth_equals_r(case: dict[str, Any]) -> None:
    fit = fit_firth(np.array(case["x"], dtype=float), np.array(case["y"]) > 0)
    assert isinstance(fit, FirthFit)
    # R's limits come from a maximizer and a root finder of their own, which stop at about 1e-8. Near 1 a p-value falls
    # with the root of the statistic, so that another processor's rounding (1e-15 of it) moves it by some 1e-8.
    for key, tolerance in {
        "coefficients": 1e-8,
        "std_errors": 1e-8,
        "p_values": 1e-6,
        "conf_low": 1e-6,
        "conf_high": 1e-6,
        "log_likelihood": 1e-10,
    }.items():
        assert getattr(fit, key) == pytest.approx(case[key], rel=tolerance, abs=tolerance), key


@pytest.mark.parametrize("case", REFERENCE["fisher"], ids=lambda case: str(case["table"]))
def test_fisher_equals_r(case: dict[str, Any]) -> None:
    assert fisher_exact(*case["table"]) == pytest.approx(case["p_value"], rel=1e-10)


def test_inflation_equals_r() -> None:
    case = REFERENCE["inflation"]
    matrix = np.array(case["x"], dtype=float)
    kept = np.ones(len(matrix), dtype=bool)
    kept[np.array(case["lost"]) - 1] = False
    table = se_inflation(matrix, kept, tuple("ABCDEF"))
    assert table["estimable"].all()
    assert table["se_inflation"].to_list() == pytest.approx(case["ratio"], rel=1e-10)
