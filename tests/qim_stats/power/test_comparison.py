"""Designs side by side: the answer, the costs, the JSON and the terminal's 80 columns."""

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from qim_stats.design import DesignSettings
from qim_stats.errors import QimError
from qim_stats.factors import Factor
from qim_stats.plain import to_json
from qim_stats.plots.power import power_curves
from qim_stats.power import Price, Question, compare_designs, comparison_text, guessed_noise, pooled_noise

Named = Callable[[int], list[Factor]]


def test_the_cheapest_design_that_sees_the_effect_is_named(named: Named) -> None:
    found = compare_designs(named(8), Question(effect=0.02, noise=guessed_noise(0.01), studies=500))
    able = found.designs[found.designs["power"] >= 0.8]
    assert found.cheapest in able[able["trials"] == able["trials"].min()]["design"].tolist()
    assert (able["detectable"] <= 0.02).all()
    assert found.enough is None
    text = comparison_text(found)
    assert text.startswith("The cheapest design here that sees an effect of 0.02 (2 seed SDs)")
    assert str(found.cheapest) in text.splitlines()[1]


def test_where_none_sees_it_the_replicates_that_would_are_named(named: Named) -> None:
    found = compare_designs(named(10), Question(effect=0.004, noise=guessed_noise(0.01), studies=500))
    assert found.cheapest is None
    assert found.enough is not None
    name, trials = found.enough
    assert trials > found.designs["trials"].max() / 2
    assert f"{name}, {trials} trials, would" in comparison_text(found).replace("\n", " ")
    hopeless = compare_designs(named(10), Question(effect=1e-9, noise=guessed_noise(0.01), studies=500))
    assert hopeless.enough is None
    assert "No design of 100,000 trials" in comparison_text(hopeless)


def test_the_files_own_design_is_among_them_and_marked(named: Named) -> None:
    own = compare_designs(named(8), Question(studies=500), DesignSettings(runs=20, replicates=3))
    assert own.designs[own.designs["asked"]]["design"].tolist() == ["PB20 x3"]
    assert "PB20 x3 *" in comparison_text(own)
    usual = compare_designs(named(8), Question(studies=500), DesignSettings(runs=12))
    assert usual.designs["design"].tolist().count("PB12") == 1


def test_costs_are_trials_times_their_time(named: Named) -> None:
    found = compare_designs(named(8), Question(price=Price(90.0, jobs=8, device="GPU", devices=2), studies=500))
    row = found.designs.iloc[0]
    assert row["device_hours"] == pytest.approx(12 * 90 * 2 / 3600)
    # Twelve trials in eight slots are two rounds.
    assert row["clock_hours"] == pytest.approx(2 * 90 / 3600)
    with pytest.raises(QimError, match="--jobs"):
        Price(90.0, jobs=0)


@pytest.mark.parametrize("k", [1, 2, 8, 16])
def test_the_text_keeps_to_80_columns_whatever_is_asked(named: Named, k: int) -> None:
    noise = pooled_noise([[0.71, 0.72, 0.74], [0.81, 0.80, 0.83]])
    assert not isinstance(noise, str)
    question = Question(effect=0.012345678, noise=noise, price=Price(12345.678, 3), studies=200)
    for asked in (question, Question(studies=200)):
        settings = DesignSettings("full-factorial", replicates=11) if k < 8 else None
        text = comparison_text(compare_designs(named(k), asked, settings))
        assert max(map(len, text.splitlines())) <= 80
        assert "nan" not in text


def test_the_upper_limit_of_the_sd_makes_a_careful_answer(named: Named) -> None:
    noise = pooled_noise([[0.71, 0.72, 0.74]])
    assert not isinstance(noise, str)
    found = compare_designs(named(8), Question(effect=0.06, noise=noise, studies=500))
    ratio = found.designs["detectable_careful"] / found.designs["detectable"]
    assert ratio.to_numpy() == pytest.approx((noise.high or 0.0) / noise.sd)
    assert "leaves it open" in comparison_text(found).replace("\n", " ")


def test_json_has_null_for_what_cannot_be_had(named: Named) -> None:
    found = compare_designs(named(1), Question(studies=500))
    answer = json.loads(to_json(found.to_dict()))
    assert list(answer) == ["schema", "noise", "price", "designs", "curves", "cheapest", "enough", "method", "alerts"]
    first = answer["designs"][0]
    told = [first[key] for key in ("design", "error", "detectable_sd", "p_top3")]
    assert told == ["full 2^1", "none", None, None]
    assert answer["method"]["assumptions"]["active"] == 1


def test_the_same_question_has_the_same_answer(named: Named) -> None:
    texts = {to_json(compare_designs(named(5), Question(seed=3, studies=500)).to_dict()) for _ in range(2)}
    assert len(texts) == 1


def test_the_curves_rise_and_pass_the_limits(named: Named) -> None:
    found = compare_designs(named(8), Question(noise=guessed_noise(0.01), studies=500))
    for row in found.designs.to_dict("records"):
        curve = found.curves[found.curves["design"] == row["design"]]
        assert (np.diff(curve["power"]) >= -1e-9).all()
        if row["detectable"] < curve["effect"].max():
            assert np.interp(row["detectable"], curve["effect"], curve["power"]) == pytest.approx(0.8, abs=0.05)


def test_the_figure_has_a_curve_for_each_design(named: Named) -> None:
    found = compare_designs(named(8), Question(noise=guessed_noise(0.01), studies=500))
    svg = power_curves(found.curves, unit="accuracy", power=0.8, effect=0.02)
    assert svg == power_curves(found.curves, unit="accuracy", power=0.8, effect=0.02)
    texts = [element.text for element in ElementTree.fromstring(svg).iter("text")]  # noqa: S314
    assert set(found.designs["design"]) <= set(texts)
    assert not re.search(r"nan", svg)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"effect": 0.02}, "without the noise"),
        ({"effect": -1.0, "noise": guessed_noise(1.0)}, "--effect"),
        ({"seed": -1}, "--seed"),
        ({"power": 2.0}, "--power"),
    ],
)
def test_questions_that_mean_nothing_are_refused(options: dict[str, float], told: str) -> None:
    with pytest.raises(QimError, match=told):
        Question(**options)  # type: ignore[arg-type]
