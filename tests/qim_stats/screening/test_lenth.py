"""Lenth's method against R's unrepx and against published numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.screening import lenth_null
from qim_stats.screening.contrasts import Contrasts
from qim_stats.screening.lenth import Lenth, lenth
from qim_stats.screening.lenth_null import null_distribution, pseudo_standard_error

REFERENCE = Path(__file__).parents[2] / "reference"
SETS: list[dict[str, Any]] = json.loads((REFERENCE / "lenth_unrepx.json").read_text())["sets"]

# PSE = 1.5 median, so the median contrast has the ratio 2/3 exactly, which 5 % of the simulated ones have too. unrepx
# compares the two as floating-point numbers and counts a part of them (0.503); P(ratio >= 2/3) is 0.540.
RATIO_OF_THE_MEDIAN = ("fifteen", "e6")


def of_effects(effects: dict[str, float], seed: int = 0) -> Lenth | str:
    """Analyze given effects: with an orthogonal matrix of n rows, y = X effect / 2 has just these contrasts."""
    m = len(effects)
    n = 8
    while n < m + 1:
        n *= 2
    hadamard = np.array([[1.0]])
    while len(hadamard) < n:
        hadamard = np.kron(hadamard, [[1.0, 1.0], [1.0, -1.0]])
    matrix = hadamard[:, 1 : m + 1]
    y = matrix @ np.array(list(effects.values())) / 2.0
    return lenth(Contrasts(tuple(effects), matrix), y, seed=seed)


@pytest.mark.parametrize("case", SETS, ids=lambda case: str(case["name"]))
def test_equals_unrepx(case: dict[str, Any]) -> None:
    found = of_effects(case["effects"])
    assert isinstance(found, Lenth)
    assert found.m == len(case["effects"])
    assert found.pse == pytest.approx(case["pse"], rel=1e-10)
    assert found.me_t == pytest.approx(case["me_t"], rel=1e-8)
    assert found.sme_t == pytest.approx(case["sme_t"], rel=1e-8)
    table = found.effects.set_index("term")
    for kind in ("individual", "simultaneous"):
        for term, p_value in case[f"p_{kind}"].items():
            if (case["name"], term) == RATIO_OF_THE_MEDIAN:
                continue
            assert table.at[term, f"p_{kind}"] == pytest.approx(p_value, abs=0.01), (term, kind)


def test_the_ratio_of_the_median_contrast_is_counted_whatever_its_rounding() -> None:
    null = null_distribution(15, 0)
    above, below = np.nextafter(2 / 3, 1.0), np.nextafter(2 / 3, 0.0)
    p_values = null.p_individual(np.array([below, 2 / 3, above]))
    assert (p_values == p_values[0]).all()
    assert p_values[0] == pytest.approx(0.540, abs=0.01)


def test_margins_cut_off_five_percent_of_the_null() -> None:
    null = null_distribution(11, 3)
    assert null.p_individual(np.array([null.margin(0.95)]))[0] == pytest.approx(0.05, abs=1e-3)
    assert null.p_simultaneous(np.array([null.simultaneous_margin(0.95)]))[0] == pytest.approx(0.05, abs=1e-3)


def test_filtration_rate_as_published() -> None:
    # Montgomery, Design and Analysis of Experiments, example 6.2: effects, and Lenth's PSE, ME and SME.
    found = qs.analyze(REFERENCE / "filtration.csv", response="y", direction="maximize", formula="y ~ A * B * C * D")
    pseudo = found.lenth()
    assert pseudo is not None
    assert pseudo.m == 15
    assert pseudo.pse == pytest.approx(2.625)
    assert pseudo.me_t == pytest.approx(6.748, abs=5e-4)
    assert pseudo.sme_t == pytest.approx(13.699, abs=5e-4)
    effects = pseudo.effects.set_index("term")["effect"]
    assert effects["A"] == pytest.approx(21.625)
    assert effects["A:C"] == pytest.approx(-18.125)
    assert effects["A:D"] == pytest.approx(16.625)
    assert effects["A:B:C:D"] == pytest.approx(1.375)
    assert found.error_source == "pse"
    terms = found.tidy().set_index("term")
    assert terms.at["A", "std_error"] == pytest.approx(2.625 / 2)
    assert terms.at["A", "df"] == pytest.approx(5.0)
    assert terms.at["A", "p_value"] == effects_p(found.lenth(), "A")
    assert terms.at["A", "conf_high"] == pytest.approx((21.625 + pseudo.me) / 2)


def effects_p(pseudo: Lenth | None, term: str) -> float:
    assert pseudo is not None
    return float(pseudo.effects.set_index("term").at[term, "p_individual"])


def test_process_development_as_published() -> None:
    # Box, Hunter and Hunter (2005), table 5.10: effects; Lenth's PSE 0.75, ME 1.93 (t 2.57), SME 3.91 (t 5.22).
    table = REFERENCE / "process.csv"
    found = qs.analyze(table, response="y", direction="maximize", formula="y ~ a * b * c * d")
    effects = found.tidy().set_index("term")["effect"]
    assert effects[["a", "b", "c", "d", "b:d"]].to_list() == pytest.approx([-8.0, 24.0, -0.25, -5.5, 4.5])
    pseudo = found.lenth()
    assert pseudo is not None
    assert (pseudo.m, pseudo.pse) == (15, pytest.approx(0.75))
    assert pseudo.me_t == pytest.approx(1.93, abs=5e-3)
    assert pseudo.sme_t == pytest.approx(3.91, abs=5e-3)


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=30), st.floats(0.1, 10.0))
def test_pse_follows_scale_sign_and_order(effects: list[float], factor: float) -> None:
    given_effects = np.array([effects])
    pse = pseudo_standard_error(given_effects)[0]
    assert pseudo_standard_error(-factor * given_effects[:, ::-1])[0] == pytest.approx(
        factor * pse, rel=1e-9, abs=1e-12
    )
    assert pse <= 1.5 * np.abs(given_effects).max() + 1e-12


def test_simulation_is_seeded() -> None:
    first = null_distribution(7, 5).pooled.copy()
    lenth_null._simulate.cache_clear()
    assert (null_distribution(7, 5).pooled == first).all()
    assert (null_distribution(7, 6).pooled != first).any()


@pytest.mark.parametrize("m", [4, 7, 11, 15, 23])
def test_null_data_exceed_the_simultaneous_margin_as_often_as_promised(m: int) -> None:
    draws = np.random.default_rng(1).standard_normal((4_000, m))
    ratios = np.abs(draws).max(axis=1) / pseudo_standard_error(draws)
    share = np.mean(ratios > null_distribution(m, 0).simultaneous_margin(0.95))
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4_000))


def test_too_few_contrasts_or_zero_contrasts_give_a_reason() -> None:
    assert isinstance(of_effects({"a": 1.0, "b": 2.0, "c": 3.0}), str)
    zeros = {f"e{i}": 0.0 for i in range(6)}
    assert "zero" in str(of_effects({"a": 1.0, **zeros}))


def test_none_where_rows_are_missing() -> None:
    table = pd.read_csv(REFERENCE / "filtration.csv").drop(index=[3])
    found = qs.analyze(table, response="y", direction="maximize")
    assert found.lenth() is None
    assert found.to_dict()["lenth"] is None
    assert any(a.code == "lenth_unavailable" and "orthogonal" in a.message for a in found.alerts)
