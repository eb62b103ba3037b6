"""Posteriors over a grid of priors agree with single analyses; the data's own g."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qim_stats.errors import QimError
from qim_stats.screening.box_meyer import BoxMeyer, box_meyer
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.screening.box_meyer_sensitivity import LikelyG, PriorSensitivity, likely_g, prior_sensitivity

REFERENCE = Path(__file__).parents[2] / "reference"
FATIGUE = pd.read_csv(REFERENCE / "fatigue.csv")
NAMES = list("ABCDEFG")
X = FATIGUE[NAMES].to_numpy(dtype=np.float64)
Y = FATIGUE["y"].to_numpy(dtype=np.float64)


def test_each_point_of_the_grid_is_an_analysis() -> None:
    found = prior_sensitivity(X, Y, NAMES, BoxMeyerOptions(max_factors=3, max_order=2))
    assert isinstance(found, PriorSensitivity)
    assert len(found.table) == 7 * 3 * 5
    for p, g in zip(found.none["p"], found.none["g"], strict=True):
        part = found.table[(found.table["p"] == p) & (found.table["g"] == g)]
        single = box_meyer(X, Y, NAMES, BoxMeyerOptions(3, 2, p, g))
        assert isinstance(single, BoxMeyer)
        assert part["posterior"].to_numpy() == pytest.approx(single.factors["posterior"].to_numpy(), rel=1e-12)
        none = found.none[(found.none["p"] == p) & (found.none["g"] == g)]["none"]
        assert none.to_numpy() == pytest.approx([single.none], rel=1e-12)
    single = box_meyer(X, Y, NAMES, BoxMeyerOptions(3, 2))
    assert isinstance(single, BoxMeyer)
    assert (found.ranges["low"] <= single.factors["posterior"]).all()
    assert (found.ranges["high"] >= single.factors["posterior"]).all()


def test_isatin_as_published() -> None:
    published = json.loads((REFERENCE / "box_meyer_published.json").read_text())["isatin"]
    table = pd.read_csv(REFERENCE / "isatin.csv")
    contrasts = [np.ones(16)]
    for factor in "ABCD":
        contrasts += [each * table[factor].to_numpy(dtype=np.float64) for each in contrasts]
    names = [f"x{i}" for i in range(1, 16)]
    found = prior_sensitivity(
        np.column_stack(contrasts[1:]),
        table["y"].to_numpy(dtype=np.float64),
        names,
        BoxMeyerOptions(max_factors=15, max_order=1, p=0.2),
        ps=[0.2],
        gs=published["gamma"],
    )
    assert isinstance(found, PriorSensitivity)
    assert found.none["none"].to_numpy() == pytest.approx(published["posterior"]["none"], abs=6e-4)
    for name in names:
        posterior = found.table["posterior"][found.table["factor"] == name]
        assert posterior.to_numpy() == pytest.approx(published["posterior"][name], abs=6e-4)


def test_a_p_of_ones_own_is_in_the_grid() -> None:
    found = prior_sensitivity(X, Y, NAMES, BoxMeyerOptions(max_factors=2, p=0.05))
    assert isinstance(found, PriorSensitivity)
    assert sorted(found.none["p"].unique()) == [0.05, 0.1, 0.25, 0.4]


def test_the_likeliest_g_leaves_least_to_no_factor() -> None:
    found = likely_g(X, Y, NAMES, BoxMeyerOptions(max_factors=3, max_order=2))
    assert isinstance(found, LikelyG)
    assert found.table["g"].to_numpy()[found.table["none"].to_numpy().argmin()] == found.g
    assert found.table["log_marginal"].max() == 0.0
    assert not found.at_edge


def test_noise_leaves_g_at_the_edge() -> None:
    y = np.random.default_rng(4).standard_normal(12)
    found = likely_g(X, y, NAMES, BoxMeyerOptions(max_factors=3, max_order=2), gs=(1.0, 2.0, 4.0))
    assert isinstance(found, LikelyG)
    assert found.at_edge


def test_mistakes_and_constants() -> None:
    assert prior_sensitivity(X, np.ones(12), NAMES) == "the response is constant"
    assert likely_g(X, np.ones(12), NAMES) == "the response is constant"
    with pytest.raises(QimError, match="g=0 is no prior"):
        prior_sensitivity(X, Y, NAMES, gs=[0.0])
    with pytest.raises(QimError, match="p=1 is no prior"):
        prior_sensitivity(X, Y, NAMES, ps=[1.0])
