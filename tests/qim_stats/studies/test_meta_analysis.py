"""Pooled effects equal to R's metafor, Kendall's W to R's friedman.test; the R script is tests/reference/meta.R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qim_stats.studies.concordance import kendall_w
from qim_stats.studies.meta_analysis import pool_effects

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "meta.json").read_text())


@pytest.mark.parametrize("case", REFERENCE["pooled"], ids=lambda case: str(case["name"]))
def test_pooled_effects_equal_metafor(case: dict[str, Any]) -> None:
    pooled = pool_effects(np.array(case["effects"]), np.array(case["std_errors"]), 0.95)
    for key in ("effect", "std_error", "conf_low", "conf_high", "p_value", "q", "q_p_value"):
        assert getattr(pooled, key) == pytest.approx(case[key], rel=1e-7, abs=1e-12), key
    assert pooled.tau == pytest.approx(case["tau"], rel=1e-6, abs=1e-9)
    m = len(case["effects"])
    assert pooled.i2 == pytest.approx(max(0.0, 1.0 - (m - 1) / case["q"]))


@pytest.mark.parametrize("case", REFERENCE["concordance"], ids=lambda case: str(case["name"]))
def test_kendall_w_equals_friedman(case: dict[str, Any]) -> None:
    found = kendall_w(np.array(case["ranks"], dtype=np.float64), seed=0)
    assert found.w == pytest.approx(case["w"], rel=1e-10)
    assert found.chi2 == pytest.approx(case["chi2"], rel=1e-10)
    assert found.p_value == pytest.approx(case["p_value"], rel=1e-10)


def test_permutation_p_value_is_the_exact_one_within_monte_carlo_error() -> None:
    """Three rankings of three factors: of the 36 pairs of orders beside the first, one agrees completely."""
    found = kendall_w(np.array([[1.0, 2.0, 3.0]] * 3), seed=0)
    assert found.w == pytest.approx(1.0)
    assert found.p_permutation == pytest.approx(1 / 36, abs=0.005)


def test_the_factors_order_changes_nothing() -> None:
    ranks = np.array(REFERENCE["concordance"][1]["ranks"], dtype=np.float64)
    order = np.array([3, 0, 5, 1, 4, 2])
    assert kendall_w(ranks, 7) == kendall_w(ranks[:, order], 7)


def test_pooling_follows_shift_scale_and_sign() -> None:
    effects, errors = np.array([0.3, 0.8, 0.1, 0.5]), np.array([0.1, 0.2, 0.15, 0.1])
    plain = pool_effects(effects, errors, 0.9)
    turned = pool_effects(-3.0 * effects, 3.0 * errors, 0.9)
    assert turned.effect == pytest.approx(-3.0 * plain.effect)
    assert turned.conf_low == pytest.approx(-3.0 * plain.conf_high)
    assert turned.tau == pytest.approx(3.0 * plain.tau)
    assert turned.i2 == pytest.approx(plain.i2)
