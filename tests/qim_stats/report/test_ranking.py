"""The ranking section: both layers, the pairs, and the cases in which there is less to say."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.analysis import Analysis
from qim_stats.report import render
from qim_stats.report.ranking import MAX_PAIRED, ranking_view

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]


@pytest.fixture(scope="module")
def screen(study: Study, factors: tuple[qs.Factor, ...]) -> Analysis:
    table = study(qs.plackett_burman(factors, runs=12, seed=3), noise=0.03)
    return qs.analyze(table, response="accuracy", direction="maximize", factors=factors)


def test_both_layers_are_those_of_the_ranking(screen: Analysis) -> None:
    view, table = ranking_view(screen), screen.ranking()
    assert view["aware"]
    for told, row in zip(view["layers"], table.to_dict("records"), strict=True):
        noise, aware = row["sampling"], row["alias_aware"]
        assert told["noise"] == f"{noise['rank_low']}\N{EN DASH}{noise['rank_high']}"
        assert float(told["size"]) == pytest.approx(aware["size"], abs=5e-4)
        assert told["marginal"] == f"{aware['marginal_low']}\N{EN DASH}{aware['marginal_high']}"
        assert told["raw_rank"] == str(row["raw_rank"])
        assert float(told["raw_effect"].replace("\N{MINUS SIGN}", "-")) == pytest.approx(row["raw_effect"], abs=5e-4)


def test_pairs_are_a_square_whose_halves_add_to_one(screen: Analysis) -> None:
    view, pairs = ranking_view(screen)["pairs"], screen.pairs()
    names = [row["factor"] for row in view["rows"]]
    cells = {(row["factor"], name): c for row in view["rows"] for name, c in zip(names, row["cells"], strict=True)}
    assert [row["cells"][i] for i, row in enumerate(view["rows"])] == [None] * 7
    for row in pairs.to_dict("records"):
        here, there = cells[row["factor"], row["other"]], cells[row["other"], row["factor"]]
        assert here["claimed"] == row["ordered"]
        assert not there["claimed"]
        if 0.005 <= row["p_larger"] < 0.995:
            assert float(here["text"]) == pytest.approx(row["p_larger"], abs=0.005)
            assert float(here["text"]) + float(there["text"]) == pytest.approx(1.0, abs=0.0101)
        assert (here["shade"] > there["shade"]) >= (row["p_larger"] >= 0.6)
    assert view["claimed"] == pairs["ordered"].sum()


def test_answers_that_depend_on_the_prior_have_a_table(check: Read) -> None:
    factors = [qs.Factor(f"f{i}", -1, 1) for i in range(4)]
    design = qs.plackett_burman(factors, runs=12, seed=0)
    coded = design.coded[[factor.name for factor in factors]]
    x = coded.to_numpy()
    noise = 0.1 * np.random.default_rng(3).standard_normal(12)
    table = coded.assign(y=np.exp(x @ [0.4, 2.5, 0.5, 0.8] - 1.2 * x[:, 0] * x[:, 1] + noise))
    found = qs.analyze(table, response="y", direction="maximize", factors=factors)
    page = check(render(found))
    text = re.sub(r"\s+", " ", page.text["ranking"])
    assert "What depends on the prior" in text
    sensitivity = found.ranked.sensitivity
    assert sensitivity is not None
    under = sensitivity.priors[0]
    assert (sensitivity.first, under.first) == ("f1", "f3")
    assert f"response as given f3 {under.p_first['f3']:.2f} {under.p_first['f1']:.2f} none" in text
    assert "prior_matters" in page.text["alerts"]
    assert "is simpler with its lower end stretched" in text


def test_answers_that_do_not_depend_on_the_prior_have_a_line(check: Read) -> None:
    names = ["rate", "units", "batch", "decay"]
    x = qs.plackett_burman([qs.Factor(name, -1, 1) for name in names], runs=12, seed=0).coded[names].to_numpy(float)
    x = np.vstack([x, -x])
    y = x @ [3.0, 1.0, 0.1, 0.0] + 0.1 * np.random.default_rng(3).standard_normal(24)
    screen = qs.analyze(pd.DataFrame(x, columns=names).assign(y=y), response="y", direction="maximize", factors=names)
    sensitivity = screen.ranked.sensitivity
    assert sensitivity is not None
    assert not sensitivity.differing
    text = re.sub(r"\s+", " ", check(render(screen)).text["ranking"])
    assert "What depends on the prior" not in text
    assert f"the answers stay: {sensitivity.first} is likeliest to have the largest effect" in text


def test_no_layer_for_interactions_is_told_with_its_reason(
    screen: Analysis, monkeypatch: pytest.MonkeyPatch, check: Read
) -> None:
    monkeypatch.setattr("qim_stats.ranks.ranking.alias_aware_layer", lambda *_, **__: "the <i>moon</i> is full")
    page = check(render(qs.analyze(screen.trials.frame, response="accuracy", direction="maximize")))
    text = re.sub(r"\s+", " ", page.text["ranking"])
    assert "No layer allows for interactions outside the model: the <i>moon</i> is full." in text
    assert "95 % confidence as far as the noise of trials goes" in text
    assert "P(sign)" not in text
    assert "as far as the noise of trials goes" in text
    assert "in the line of Box and Meyer" not in page.text["methods"]


def test_many_factors_have_no_table_of_pairs(monkeypatch: pytest.MonkeyPatch, check: Read) -> None:
    for slow in ("ranks.ranking.alias_aware_layer", "evidence.search_p_value"):
        monkeypatch.setattr(f"qim_stats.{slow}", lambda *_, **__: "it was left out")
    rng = np.random.default_rng(5)
    names = [f"f{i}" for i in range(MAX_PAIRED + 1)]
    design = qs.plackett_burman(tuple(qs.Factor(name, -1, 1) for name in names), runs=24)
    table = design.table().assign(y=rng.normal(size=24))
    analysis = qs.analyze(table, response="y", direction="maximize", factors=names)
    text = re.sub(r"\s+", " ", check(render(analysis)).text["ranking"])
    assert "0 of 210 orders of two factors are claimed. With more than 20 factors" in text


def test_factor_that_is_not_estimable_has_no_rank(check: Read) -> None:
    table = qs.replicate(qs.full_factorial((qs.Factor("a", -1, 1), qs.Factor("b", -1, 1))), 3).table()
    table["twin"] = table["a"]
    table["y"] = np.random.default_rng(4).normal(size=12) + table["a"]
    names = ["a", "b", "twin"]
    page = check(render(qs.analyze(table, response="y", direction="maximize", factors=names, aliased="drop")))
    ranking, effects, aliasing = (re.sub(r"\s+", " ", page.text[name]) for name in ("ranking", "effects", "aliasing"))
    assert re.search("\N{EN DASH} 1\N{EN DASH}3 twin \\(?cannot tell\\)?", ranking)
    assert "twin \N{EN DASH} not estimated: in these trials it equals a" in effects
    assert " twin not estimable" in aliasing
