"""What the report tells of trials that failed: the ranking that is refused, the causes, the cost, the rerun list."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.report import render
from qim_stats.report.failures import failures_view

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]
FACTORS = tuple(qs.Factor(name, -1, 1) for name in "abcdefgh")


def with_failures(study: Study, rows: list[int], state: str = "diverged") -> qs.Analysis:
    table = study(qs.plackett_burman(FACTORS, runs=12, seed=4)).assign(state="done")
    table.loc[rows, "state"], table.loc[rows, "accuracy"] = state, None
    return qs.analyze(table, response="accuracy", direction="maximize", factors=FACTORS)


def test_refused_ranking_is_said_and_the_rest_stays(study: Study, check: Read) -> None:
    analysis = with_failures(study, [0, 1, 2, 3, 5])
    assert not len(analysis.ranking())
    page = check(render(analysis))
    assert "The factors are not ranked: too many trials failed" in page.text["ranking"]
    assert "Cannot tell." in page.text["verdict"]
    assert "Not drawn, since the factors are not ranked." in page.text["main-effects"]
    assert "Klein" not in page.text["methods"]
    failures = analysis.evidence.failures
    assert failures is not None
    assert f"{failures.text} {failures.advice}" in page.text["set-aside"]


@pytest.mark.parametrize("state", ["diverged", "timeout"])
def test_cost_and_rerun_list_are_those_of_the_evidence(study: Study, state: str, check: Read) -> None:
    analysis = with_failures(study, [2, 7], state)
    evidence, view = analysis.evidence, failures_view(analysis)
    assert [row["run"] for row in view["lost"]["rerun"]] == evidence.rerun["run"].tolist()
    assert [row["factor"] for row in view["factors"]] == list("abcdefgh")
    inflation = dict(zip(evidence.se_inflation["term"], evidence.se_inflation["se_inflation"], strict=True))
    assert view["lost"]["wider"]
    for row in view["lost"]["wider"]:
        if row["estimable"]:
            assert float(row["factor"]) == pytest.approx(inflation[row["term"]], rel=0.005)
    assert evidence.new_aliases is not None
    assert view["lost"]["aliases_total"] == evidence.new_aliases["term"].isin(list("abcdefgh")).sum()
    text = re.sub(r"\s+", " ", check(render(analysis)).text["set-aside"])
    assert "2 of 12 trials of the design are missing." in text
    assert f"{state} {'no: change a level' if state == 'diverged' else 'yes'}" in text


def test_nothing_is_said_of_failing_where_nothing_failed(study: Study, check: Read) -> None:
    text = check(render(with_failures(study, []))).text["set-aside"]
    assert "make trials fail" not in text
    assert "missing runs" not in text


def test_trials_not_run_are_missing_but_did_not_fail(study: Study, check: Read) -> None:
    text = check(render(with_failures(study, [4], "pending"))).text["set-aside"]
    assert "make trials fail" not in text
    assert "1 of 12 trials of the design are missing." in text
