"""Pseudo and pure error combined, equal to R's DoE.base.

The numbers of ``combined_error.json`` are ``CME.LW98(contrasts, std_error, pure_df, simulated = FALSE)$CPSE`` and those
of ``CME.EM08`` with weight0 = 5: what these functions of DoE.base compute, run by R 4.2.2 on made-up contrasts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qim_stats.screening.lenth_null import NoiseScale, null_distribution

REFERENCE = Path(__file__).parents[2] / "reference"
CASES: list[dict[str, Any]] = json.loads((REFERENCE / "combined_error.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['set']}-{c['pure_df']}-{c['std_error']}")
def test_combined_errors_equal_doe_base(case: dict[str, Any]) -> None:
    contrasts = np.array([case["contrasts"]])
    pure = np.array([case["std_error"] ** 2])
    m = contrasts.shape[1]
    df = case["pure_df"]
    found = {
        "larntz_whitcomb": NoiseScale(m, "lenth", df).pool(contrasts, pure)[0],
        "edwards_mee": NoiseScale(m, "edwards-mee", df).pool(contrasts, pure)[0],
    }
    assert found["larntz_whitcomb"] == pytest.approx(case["larntz_whitcomb"], rel=1e-12)
    assert found["edwards_mee"] == pytest.approx(case["edwards_mee"], rel=1e-12)


def test_the_two_differ_where_pure_error_tells_more_contrasts_apart() -> None:
    assert any(abs(c["larntz_whitcomb"] - c["edwards_mee"]) > 0.01 for c in CASES)


def test_simulated_null_keeps_the_error_rate_of_edwards_and_mee() -> None:
    """Fresh noise exceeds the simulated simultaneous margin in 5 % of the sets, within three Monte Carlo errors."""
    scale = NoiseScale(11, "edwards-mee", 2)
    margin = null_distribution(11, 0, "edwards-mee", 2).simultaneous_margin(0.95)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((20_000, 11))
    outside = np.abs(noise).max(axis=1) / scale.draw(noise, rng) > margin
    assert outside.mean() == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 20_000))


def test_without_pure_error_it_is_lenth() -> None:
    noise = np.random.default_rng(2).standard_normal((5, 15))
    assert (NoiseScale(15, "edwards-mee").pool(noise, None) == NoiseScale(15).pool(noise, None)).all()
