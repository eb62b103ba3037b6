"""The effects section: limits, error sources, tests of the whole, other responses, the response's own scale."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.report import render
from qim_stats.report.effects import original_scale_view, responses_view, terms_view, whole_view

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]
FACTORS = tuple(qs.Factor(name, -1, 1) for name in "abcde")


@pytest.fixture
def table(study: Study) -> pd.DataFrame:
    """A foldover of 16 runs, once replicated, with a loss beside the accuracy."""
    table = study(qs.replicate(qs.foldover(qs.plackett_burman(FACTORS, runs=8)), 2))
    return table.assign(loss=1.0 - table["accuracy"] ** 2)


def analyzed(table: pd.DataFrame, **options: Any) -> qs.Analysis:
    return qs.analyze(table, **{"response": "accuracy", "direction": "maximize", "factors": FACTORS, **options})


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_limits_for_all_effects_together(table: pd.DataFrame) -> None:
    analysis = analyzed(table)
    terms = analysis.tidy().set_index("term")
    for row in terms_view(analysis)["rows"]:
        if row["term"] in "abcde":
            low, high = map(number, row["simultaneous"].split(" to "))
            assert low == pytest.approx(terms["conf_low_simultaneous"][row["term"]], abs=1e-4)
            assert high == pytest.approx(terms["conf_high_simultaneous"][row["term"]], abs=1e-4)
            single = [number(limit) for limit in row["limits"].split(" to ")]
            assert low <= single[0] < single[1] <= high


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("residual", "the residuals of the model"),
        ("pure", "replicated runs (pure error)"),
        ("foldover", "the pairs of mirrored runs of the foldover"),
    ],
)
def test_error_source_is_told_in_words(table: pd.DataFrame, error: str, words: str, check: Read) -> None:
    analysis = analyzed(table, error=error)
    assert analysis.error_source == error
    assert f"The error estimate comes from {words}" in check(render(analysis)).text["effects"]


def test_pseudo_standard_error_is_named(study: Study, check: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcdefg")
    page = check(
        render(
            qs.analyze(
                study(qs.plackett_burman(factors, runs=8)),
                response="accuracy",
                direction="maximize",
                factors=factors,
                pse="dong",
            )
        )
    )
    assert "comes from Dong's pseudo standard error" in page.text["effects"]
    assert "Dong's pseudo standard error of 7 contrasts" in re.sub(r"\s+", " ", page.text["contrasts"])
    assert "Lenth's t approximation" not in page.text["contrasts"]


def test_tests_of_the_whole_are_those_of_the_evidence(table: pd.DataFrame) -> None:
    analysis = analyzed(table)
    evidence, view = analysis.evidence, whole_view(analysis)
    anything, permutation = evidence.anything, evidence.permutation
    assert not isinstance(anything, str)
    assert not isinstance(permutation, str)
    values = [anything.p_value, permutation.p_global, evidence.lack_of_fit.p_value]
    for row, value in zip(view["rows"], values, strict=False):
        assert value is not None
        assert row["p_value"] == ("<0.001" if value < 0.001 else f"{value:.3f}")
    assert view["rows"][3]["p_value"] == "\N{EN DASH}"  # no centre points
    assert dict(view["permutation"]).keys() == set("abcde")


@pytest.mark.parametrize("kind", ["I", "II", "III"])
def test_type_of_the_analysis_of_variance_is_named(table: pd.DataFrame, kind: str, check: Read) -> None:
    text = check(render(analyzed(table, anova=kind))).text["anova"]
    assert (f"type {kind})" if kind == "I" else f"Type {kind}:") in text


def test_centre_points_are_tested_for_curvature_and_shown_as_zeros(check: Read) -> None:
    factors = tuple(qs.Factor(name, 0.0, 1.0) for name in "abc")
    table = qs.center_points(qs.full_factorial(factors), 4).table()
    table["y"] = np.random.default_rng(2).normal(size=len(table)) + 4.0 * (table["a"] == 0.5)
    page = check(render(qs.analyze(table, response="y", direction="maximize", factors=factors)))
    curvature = re.search(r"Is the response curved\? (\S+)", re.sub(r"\s+", " ", page.text["effects"]))
    assert curvature is not None
    assert curvature[1] == "<0.001" or float(curvature[1]) < 0.05
    assert len(re.findall(r"0 0\.5\s", page.text["design"])) == 3 * 4


def test_other_responses_have_their_own_columns(table: pd.DataFrame, check: Read) -> None:
    analysis = analyzed(table, response=["accuracy", "loss"])
    view = responses_view(analysis)
    assert view is not None
    told = analysis.responses().set_index(["response", "term"])["effect"]
    for row in view["rows"]:
        for name, (effect, _) in zip(view["names"], row["cells"], strict=True):
            assert number(effect) == pytest.approx(told[name, row["term"]], abs=1e-4)
    assert "Only accuracy is ranked." in check(render(analysis)).text["effects"]
    assert responses_view(analyzed(table)) is None


def test_transformed_response_is_told_back(table: pd.DataFrame, check: Read) -> None:
    analysis = analyzed(table, transform="logit")
    view = original_scale_view(analysis)
    assert view is not None
    for row in view["rows"]:
        assert number(row["at_high"]) - number(row["at_low"]) == pytest.approx(number(row["effect"]), abs=2e-4)
    page = check(render(analysis))
    assert "here of logit(accuracy)" in page.text["effects"]
    assert "logit(accuracy)" in page.text["main-effects"]
    assert "There is no way back from rank(accuracy)" in render(analyzed(table, transform="rank"))


def test_coefficients_in_own_units_keep_their_own_digits(check: Read) -> None:
    factors = (qs.Factor("rate", 0.00001, 0.00002), qs.Factor("size", 100, 200), qs.Factor("depth", 1, 2))
    table = qs.replicate(qs.full_factorial(factors), 2).table()
    rng = np.random.default_rng(3)
    table["y"] = 3e5 * table["rate"] + 0.02 * table["size"] + rng.normal(0.0, 0.1, len(table))
    options: dict[str, Any] = {"response": "y", "direction": "maximize", "factors": factors}
    natural, coded = (qs.analyze(table, units=units, **options) for units in ("natural", "coded"))
    rows = {row["term"]: row for row in terms_view(natural)["rows"]}
    assert number(rows["size"]["estimate"]) == pytest.approx(coded.tidy()["effect"][2] / 100.0, rel=1e-3)
    text = check(render(natural)).text
    assert "numeric factors in their own units" in text["effects"]
    # What is drawn does not depend on the units of the coefficients.
    assert text["contrasts"] == check(render(coded)).text["contrasts"]
