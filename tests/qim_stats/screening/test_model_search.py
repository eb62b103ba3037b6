"""The search over models with heredity: equal to R's fits, and to published analyses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import QimError
from qim_stats.screening import model_space
from qim_stats.screening.heredity import HEREDITIES, Heredity, count_heredity_models
from qim_stats.screening.model_search import ModelSearch, search_models

Array = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parents[2] / "reference"
SEARCHES: list[dict[str, Any]] = json.loads((REFERENCE / "model_search.json").read_text())


def table(name: str, factors: list[str]) -> tuple[Array, Array]:
    frame = pd.read_csv(REFERENCE / name)
    levels = frame[factors].to_numpy(dtype=np.float64)
    return np.where(levels == levels.max(axis=0), 1.0, -1.0), frame["y"].to_numpy(dtype=np.float64)


def search(x: Array, y: Array, names: list[str], **options: Any) -> ModelSearch:
    found = search_models(x, y, names, **options)
    assert isinstance(found, ModelSearch), found
    return found


@pytest.mark.parametrize("expected", SEARCHES, ids=[each["name"] for each in SEARCHES])
def test_equals_r(expected: dict[str, Any]) -> None:
    factors = expected["factors"]
    x, y = table(expected["table"], factors)
    blocks = x.prod(axis=1, keepdims=True) if expected["blocked"] else None
    found = search(x, y, factors, heredity=expected["heredity"], max_terms=expected["most"], blocks=blocks)
    assert (found.count, found.aliased, found.close) == (expected["count"], 0, expected["close"])
    for column in ("aicc", "weight", "sigma", "r_squared"):
        values = [model[column] for model in expected["models"]]
        assert found.models[column].to_numpy() == pytest.approx(values, rel=1e-9, abs=1e-9)
    # Models as good as each other may stand in either order.
    places = found.models["aicc"].round(6)
    for aicc in places[places < places.max()].unique():
        here = {frozenset(terms) for terms in found.models["terms"][places == aicc]}
        assert here == {frozenset(m["terms"]) for m in expected["models"] if round(m["aicc"], 6) == aicc}
    importance = dict(zip(found.importance["term"], found.importance["importance"], strict=True))
    assert importance == pytest.approx(expected["importance"], abs=1e-9)


def test_fatigue_is_factor_f_and_its_interaction_with_g() -> None:
    # Hamada and Wu (1992), example 1: F and FG, R² = 0.89, where main effects alone gave F (R² = 0.45) and D.
    factors = list("ABCDEFG")
    x, y = table("fatigue.csv", factors)
    found = search(x, y, factors)
    assert found.models["terms"].iloc[0] == ("F", "F:G")
    assert round(found.models["r_squared"].iloc[0], 2) == 0.89
    # Their equation: log life = 5.7 + 0.458 F - 0.459 FG.
    assert found.effects["estimate"].round(3).tolist() == [0.458, -0.459]
    assert found.max_terms == 5
    assert not found.at_limit
    assert search(x, y, factors, max_terms=2).at_limit


def test_reactor_twelve_runs_give_the_effects_of_the_full_factorial() -> None:
    # Box, Hunter and Hunter: the 32 runs show B, D, E, BD and DE. Twelve of them that make a Plackett-Burman design
    # must lead to no other factor.
    factors = list("ABCDE")
    x, y = table("reactor.csv", factors)
    full = search(x, y, factors, heredity="strong", max_terms=5)
    assert set(full.models["terms"].iloc[0]) == {"B", "D", "E", "B:D", "D:E"}
    design = qs.plackett_burman([qs.Factor(name, -1, 1) for name in factors], runs=12, seed=0)
    runs = design.coded[factors].to_numpy(dtype=np.float64)
    rows = [int(np.flatnonzero((x == run).all(axis=1))[0]) for run in runs]
    few = search(x[rows], y[rows], factors)
    assert set("".join(few.models["terms"].iloc[0]).replace(":", "")) <= set("BDE")


def test_what_could_explain_the_same_data_is_named() -> None:
    # In the half fraction D = ABC the interactions A:B and C:D are one column, and C alone lets C:D in.
    base = np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)], dtype=np.float64)
    x = np.column_stack([base, base.prod(axis=1)])
    noise = np.array([0.1, -0.2, 0.3, 0.1, -0.1, 0.2, -0.3, 0.0])
    y = 3.0 * x[:, 0] + 2.0 * x[:, 2] + 2.0 * x[:, 0] * x[:, 1] + noise
    found = search(x, y, list("ABCD"), max_terms=4)
    assert found.models["terms"].tolist()[:2] == [("A", "C", "A:B"), ("A", "C", "C:D")]
    assert found.alternatives.iloc[0].to_dict() == {
        "delta": pytest.approx(0.0, abs=1e-9),
        "weight": found.models["weight"].iloc[0],
        "without": ("A:B",),
        "with": ("C:D",),
    }
    assert len(found.alternatives) == found.close - 1
    # Four terms can hold an interaction and its alias: A:B and C:D with A or B and C or D, and so on for three pairs.
    assert found.aliased == 3 * 4


@given(st.integers(0, 10**6), st.sampled_from(HEREDITIES), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_follows_rows_factors_levels_and_units(seed: int, heredity: Heredity, random: Any) -> None:
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 1.0], (14, 4))
    y = x[:, 0] * (1.0 + x[:, 1]) + 0.3 * rng.standard_normal(14)
    blocks = rng.choice([-1.0, 1.0], (14, 1))
    rows, order = random.sample(range(14), 14), random.sample(range(4), 4)
    signs = np.array([random.choice([-1.0, 1.0]) for _ in range(4)])
    names = list("abcd")
    one = search(x, y, names, heredity=heredity, max_terms=3, blocks=blocks)
    other = search(
        (x * signs)[np.ix_(rows, order)],
        5.0 - 100.0 * y[rows],
        [names[i] for i in order],
        heredity=heredity,
        max_terms=3,
        blocks=blocks[rows] * 2.0 + 1.0,
    )
    assert (one.count, one.aliased, one.close) == (other.count, other.aliased, other.close)

    def spelled(terms: tuple[str, ...]) -> set[frozenset[str]]:
        return {frozenset(term.split(":")) for term in terms}

    assert [spelled(terms) for terms in one.models["terms"]] == [spelled(terms) for terms in other.models["terms"]]
    for column in ("delta", "weight", "r_squared"):
        assert other.models[column].to_numpy() == pytest.approx(one.models[column].to_numpy(), rel=1e-6, abs=1e-8)
    assert other.models["sigma"].to_numpy() == pytest.approx(100.0 * one.models["sigma"].to_numpy(), rel=1e-8)
    assert [set(term.split(":")) for term in one.importance["term"]] == [
        set(term.split(":")) for term in other.importance["term"]
    ]


def test_says_when_the_space_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, y = np.sign(rng.standard_normal((12, 6))), rng.standard_normal(12)
    names = list("abcdef")
    assert search(x, y, names).cut is None
    asked = search(x, y, names, max_terms=30, heredity="strong")
    assert asked.max_terms == 8
    assert asked.cut == "models have up to 8 terms, not 30: more leave too few runs for AICc"
    monkeypatch.setattr(model_space, "MAX_MODELS", 500)
    cut = search(x, y, names)
    assert cut.count + cut.aliased == count_heredity_models(6, cut.max_terms, "weak") <= 500
    assert count_heredity_models(6, cut.max_terms + 1, "weak") > 500
    assert cut.cut == f"models have up to {cut.max_terms} terms, not 5: more make over 500 models of 6 factors"


def test_reasons_where_there_is_no_answer() -> None:
    x = np.sign(np.random.default_rng(0).standard_normal((12, 3)))
    names = ["a", "b", "c"]
    assert search_models(x, np.full(12, 0.3), names) == "the response is constant"
    assert search_models(x, x[:, 1], names, blocks=x[:, [1]]) == "the response is constant within blocks"
    assert search_models(x[:4], np.arange(4.0), names) == "4 runs are too few to compare models by AICc (at least 5)"
    assert str(search_models(x, x[:, 0] + 0.5 * x[:, 1], names)).startswith("some models fit the response exactly")


def test_mistakes() -> None:
    x, y = np.sign(np.random.default_rng(0).standard_normal((12, 3))), np.arange(12.0)
    with pytest.raises(QimError, match="no heredity 'week'; did you mean 'weak'"):
        search_models(x, y, ["a", "b", "c"], heredity="week")  # type: ignore[arg-type]
    with pytest.raises(QimError, match="max_terms=0"):
        search_models(x, y, ["a", "b", "c"], max_terms=0)
