"""The aliasing section: the map, the status of each effect, and the tipping points in words."""

import re
from collections.abc import Callable
from html import unescape
from types import SimpleNamespace

import pandas as pd

import qim_stats as qs
from qim_stats.report import render
from qim_stats.report.aliasing import aliasing_view

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]
CLAIMED = {"a", "b"}


def analyzed(table: pd.DataFrame, factors: tuple[qs.Factor, ...]) -> qs.Analysis:
    return qs.analyze(table, response="accuracy", direction="maximize", factors=factors)


def test_claimed_effects_come_first_and_the_others_are_folded(study: Study, check: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcdefg")
    analysis = analyzed(study(qs.plackett_burman(factors, runs=12)), factors)
    assert set(analysis.verdict.significant) == CLAIMED
    view = aliasing_view(analysis)
    assert [row["term"] for row in view["rows"][:2]] == ["a", "b"] == [row["term"] for row in view["claimed"]]
    assert {row["term"] for row in view["others"]} == set("cdefg")
    html = render(analysis)
    section = unescape(html[html.index('id="aliasing"') : html.index('id="box-meyer"')])
    shown, folded = section.split("<details>")
    for row in analysis.tipping_points().to_dict("records"):
        assert [row["words"] in part for part in (shown, folded)] == [
            row["term"] in CLAIMED,
            row["term"] not in CLAIMED,
        ]
    text = re.sub(r"\s+", " ", check(html).text["aliasing"])
    assert "The model leaves out 21 two-factor interactions" in text
    # Plackett and Burman's 12 runs: each main effect takes in a third of the 15 interactions of two other factors.
    assert re.search(r"\ba partly confounded \S+ \S+ \S+ 15 0.333 ", text)


def test_foldover_needs_no_map(study: Study, check: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcdefg")
    analysis = analyzed(study(qs.foldover(qs.plackett_burman(factors, runs=8))), factors)
    view = aliasing_view(analysis)
    assert view["map"] is None
    assert view["tipping"] is None
    assert {row["status"] for row in view["rows"]} == {"clear"}
    text = re.sub(r"\s+", " ", check(render(analysis)).text["aliasing"])
    assert "The model leaves out 21 two-factor interactions" in text
    assert "none is mixed into any of the 7 effects of the model" in text
    assert "Tipping points" not in text


def test_whole_interactions_are_called_confounded(study: Study) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcdefg")
    view = aliasing_view(analyzed(study(qs.plackett_burman(factors, runs=8)), factors))
    assert {row["status"] for row in view["rows"]} == {"confounded"}
    assert {row["largest"] for row in view["rows"]} == {"1.00"}


def test_model_with_all_interactions_leaves_out_none(study: Study, check: Read) -> None:
    factors = tuple(qs.Factor(name, -1, 1) for name in "abcd")
    analysis = qs.analyze(
        study(qs.full_factorial(factors)),
        response="accuracy",
        direction="maximize",
        factors=factors,
        formula="accuracy ~ (a + b + c + d)^2",
    )
    assert "The model leaves out no two-factor interaction." in check(render(analysis)).text["aliasing"]
