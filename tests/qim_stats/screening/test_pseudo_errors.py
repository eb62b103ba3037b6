"""Pseudo standard errors and their simulated null distributions against R's unrepx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qim_stats.screening.contrasts import Contrasts
from qim_stats.screening.lenth import Lenth, lenth
from qim_stats.screening.lenth_null import NoiseScale, null_distribution
from qim_stats.screening.pseudo_errors import PSEUDO_ERRORS, PseMethod

REFERENCE = Path(__file__).parents[2] / "reference" / "pseudo_standard_errors.json"
SETS: list[dict[str, Any]] = json.loads(REFERENCE.read_text())["sets"]
THEIRS: dict[PseMethod, str] = {
    "lenth": "Lenth",
    "dong": "Dong",
    "zahn": "Zahn",
    "juan-pena": "JuanPena",
    "daniel": "Daniel",
}
# These contrasts are the medians of their sets, whose ratio has a positive probability of its own: see test_lenth.py.
OWN_PROBABILITY = {("fifteen", "lenth", "e6")}


@pytest.mark.parametrize("method", THEIRS)
@pytest.mark.parametrize("case", SETS, ids=lambda case: str(case["name"]))
def test_equals_unrepx(case: dict[str, Any], method: PseMethod) -> None:
    effects = np.array(list(case["effects"].values()))
    pse = PSEUDO_ERRORS[method](effects[None, :])[0]
    assert pse == pytest.approx(case["pse"][THEIRS[method]], rel=1e-8)
    reference = case.get(f"p_{THEIRS[method]}")
    if reference is None:
        return
    null = null_distribution(len(effects), 0, method)
    ratios = dict(zip(case["effects"], effects / pse, strict=True))
    for term, ratio in ratios.items():
        if (case["name"], method, term) in OWN_PROBABILITY:
            continue
        individual, simultaneous = null.p_individual(np.array([ratio])), null.p_simultaneous(np.array([ratio]))
        assert individual[0] == pytest.approx(reference["p_individual"][term], abs=0.01), term
        assert simultaneous[0] == pytest.approx(reference["p_simultaneous"][term], abs=0.01), term


@pytest.mark.parametrize("method", THEIRS)
@given(st.lists(st.lists(st.floats(-100, 100), min_size=9, max_size=9), min_size=1, max_size=4))
def test_sets_do_not_mix_and_scale_sign_and_order_mean_nothing(method: PseMethod, sets: list[list[float]]) -> None:
    effects = np.array(sets)
    together = PSEUDO_ERRORS[method](effects)
    alone = [float(PSEUDO_ERRORS[method](one[None, :])[0]) for one in effects]
    assert together.tolist() == pytest.approx(alone)
    # Doubling is exact, so that effects at the very limit stay on their side of it.
    doubled = PSEUDO_ERRORS[method](-2.0 * effects[:, ::-1])
    assert doubled.tolist() == pytest.approx((2.0 * together).tolist())


@pytest.mark.parametrize("method", THEIRS)
def test_a_few_large_effects_hardly_move_it(method: PseMethod) -> None:
    draws = np.random.default_rng(3).standard_normal((500, 15))
    inert = np.median(PSEUDO_ERRORS[method](draws))
    draws[:, :3] += 1000.0
    assert np.median(PSEUDO_ERRORS[method](draws)) < 2.0 * inert


@pytest.mark.parametrize("method", THEIRS)
def test_other_null_sets_exceed_the_margin_as_often_as_promised(method: PseMethod) -> None:
    draws = np.random.default_rng(1).standard_normal((8_000, 11))
    ratios = np.abs(draws).max(axis=1) / PSEUDO_ERRORS[method](draws)
    share = np.mean(ratios > null_distribution(11, 0, method).simultaneous_margin(0.95))
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 8_000))


def test_the_analysis_takes_the_method_and_gives_no_t_margins_that_were_not_made_for_it() -> None:
    hadamard = np.array([[1.0]])
    for _ in range(3):
        hadamard = np.kron(hadamard, [[1.0, 1.0], [1.0, -1.0]])
    y = hadamard[:, 1:] @ np.array(list(SETS[0]["effects"].values())) / 2.0
    found = lenth(Contrasts(tuple(SETS[0]["effects"]), hadamard[:, 1:]), y, method="zahn")
    assert isinstance(found, Lenth)
    assert found.method == "zahn"
    assert found.pse == pytest.approx(SETS[0]["pse"]["Zahn"])
    assert np.isnan([found.me_t, found.sme_t]).all()
    assert found.me == pytest.approx(null_distribution(7, 0, "zahn").margin(0.95) * found.pse)
    assert found.sigma == pytest.approx(found.pse * np.sqrt(8) / 2)


def test_pure_error_pools_by_degrees_of_freedom() -> None:
    contrasts = np.array([[0.5, -1.0, 0.2, 3.0, 0.8, -0.1]])
    pse = PSEUDO_ERRORS["lenth"](contrasts)[0]
    scale = NoiseScale(6, "lenth", 3)
    assert scale.df == 5.0
    assert scale.pool(contrasts, np.array([4.0]))[0] == pytest.approx(np.sqrt((2.0 * pse**2 + 3.0 * 4.0) / 5.0))


@pytest.mark.parametrize("pure_df", [1, 4])
def test_pooled_ratios_keep_their_error_rate_also_when_correlated(pure_df: int) -> None:
    rng = np.random.default_rng(5)
    correlation = np.full((7, 7), 0.3) + 0.7 * np.eye(7)
    draws = rng.standard_normal((8_000, 7)) @ np.linalg.cholesky(correlation).T
    scale = NoiseScale(7, "lenth", pure_df).pool(draws, rng.chisquare(pure_df, 8_000) / pure_df)
    null = null_distribution(7, 0, "lenth", pure_df, correlation)
    share = np.mean(np.abs(draws).max(axis=1) / scale > null.simultaneous_margin(0.95))
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 8_000))
