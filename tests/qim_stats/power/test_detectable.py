"""Detectable effects against R's power.t.test and pt, against simulation, and what must not change them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qim_stats.design import foldover, plackett_burman
from qim_stats.errors import DesignError, QimError
from qim_stats.factors import Factor
from qim_stats.power import detectable_effects, power_curve
from qim_stats.power.options import coded_design
from qim_stats.power.significance import LenthTest, TTest, detectable_shift
from qim_stats.screening.lenth_null import null_distribution, pseudo_standard_error

Named = Callable[[int], list[Factor]]


def balanced(n: int) -> np.ndarray[Any, Any]:
    """One factor, half of n trials at each level."""
    return np.repeat([-1.0, 1.0], n // 2)[:, None]


def test_one_factor_is_the_power_t_test_of_r(reference: Any) -> None:
    for row in reference["balanced"]:
        curve = power_curve(balanced(row["n"]), ["a"], row["n"] - 2, [row["effect"]])
        assert curve["power"].item() == pytest.approx(row["power"], abs=1e-9)


def test_one_factor_has_the_delta_of_r(reference: Any) -> None:
    for row in reference["delta"]:
        found = detectable_effects(balanced(row["n"]), ["a"], row["n"] - 2, power=row["power"])
        assert found["detectable"].item() == pytest.approx(row["effect"], rel=1e-7)


def test_the_noncentral_t_test_is_that_of_r(reference: Any) -> None:
    for row in reference["shifted"]:
        test = TTest(row["df"], row["tests"], 0.95)
        assert test.critical == pytest.approx(row["critical"], rel=1e-10)
        assert test.power(row["shift"]) == pytest.approx(row["power"], abs=1e-9)


@given(st.integers(1, 5000), st.integers(1, 60), st.floats(0.0, 5000.0))
def test_power_is_a_probability_that_rises_with_the_effect(df: int, tests: int, shift: float) -> None:
    test = TTest(float(df), tests, 0.95)
    assert 0.0 <= test.power(shift) <= test.power(1.1 * shift + 0.1) + 1e-9 <= 1.0 + 1e-9
    assert test.power(0.0) == pytest.approx(0.05 / tests, rel=1e-6)


def test_holm_claims_the_only_active_factor_as_often_as_said(named: Named) -> None:
    """Simulated studies of 12 trials and 8 factors, the largest with an effect of the detectable size."""
    x, names, _ = coded_design(plackett_burman(named(8)))
    row = detectable_effects(x, names, 3).iloc[0]
    rng = np.random.Generator(np.random.PCG64(1))
    studies = 20_000
    y = rng.standard_normal((studies, 12)) + x[:, 0] * row["detectable"] / 2.0
    effects = y @ x / 6.0
    rest = y - y.mean(axis=1, keepdims=True) - effects @ x.T / 2.0
    error = 2.0 * np.sqrt((rest**2).sum(axis=1) / 3.0 / 12.0)
    claimed = float((np.abs(effects[:, 0]) > row["critical"] * error).mean())
    assert claimed == pytest.approx(0.8, abs=4.0 * np.sqrt(0.16 / studies))


def test_lenths_power_is_that_of_fresh_sets() -> None:
    test = LenthTest(contrasts=11, tests=11, confidence=0.95, seed=0)
    shift = detectable_shift(test, 0.8)
    draws = np.random.Generator(np.random.PCG64(7)).standard_normal((40_000, 11))
    draws[:, 3] += shift
    p = null_distribution(11, 0).p_individual(draws[:, 3] / pseudo_standard_error(draws))
    # Two simulations of 20,000 and 40,000 sets.
    assert float((11 * p < 0.05).mean()) == pytest.approx(0.8, abs=4.0 * np.sqrt(0.16 / 20_000 + 0.16 / 40_000))
    assert test.power(0.0) == pytest.approx(0.05 / 11, abs=4.0 * np.sqrt(0.0045 / 20_000))


def test_an_orthogonal_design_has_the_same_limit_for_every_factor(named: Named) -> None:
    x, names, blocks = coded_design(foldover(plackett_burman(named(8))))
    found = detectable_effects(x, names, 3, blocks, sd=0.01)
    assert found["factor"].tolist() == names
    assert found["std_error"].to_numpy() == pytest.approx(2 * 0.01 / np.sqrt(24))
    assert found["detectable"].to_numpy() == pytest.approx(0.01 * found["detectable_sd"])


@given(st.permutations(range(11)), st.lists(st.booleans(), min_size=4, max_size=4), st.permutations(range(4)))
def test_a_lost_trial_row_order_signs_and_names_follow(rows: list[int], flips: list[bool], columns: list[int]) -> None:
    x, _, _ = coded_design(plackett_burman([Factor(f"x{i}", -1, 1) for i in range(4)]))
    x = x[:11]
    signs = np.where(flips, -1.0, 1.0)
    plain = detectable_effects(x, list("abcd"), 6)
    moved = detectable_effects(x[rows][:, columns] * signs, [list("abcd")[c] for c in columns], 6)
    merged = plain.merge(moved, on="factor")
    assert merged["detectable_x"].to_numpy() == pytest.approx(merged["detectable_y"].to_numpy(), rel=1e-12)
    assert plain["std_error"].min() > 2.0 / np.sqrt(12)


def test_curves_pass_through_the_detectable_effect(named: Named) -> None:
    x, names, _ = coded_design(plackett_burman(named(8)))
    for df in (3, None):
        effect = float(detectable_effects(x[:, :7], names[:7], df, sd=0.02)["detectable"].iloc[2])
        curve = power_curve(x[:, :7], names[:7], df, [effect, -effect], sd=0.02)
        assert curve["power"].to_numpy() == pytest.approx(0.8, abs=1e-4)
    default = power_curve(x, names, 3)
    assert default.groupby("factor")["power"].max().to_numpy() == pytest.approx(0.999, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"power": 0.04}, "--power"),
        ({"power": 1.0}, "--power"),
        ({"confidence": 0.4}, "--confidence"),
        ({"sd": 0.0}, "--sd"),
        ({"sd": float("nan")}, "--sd"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(QimError, match=told):
        detectable_effects(balanced(8), ["a"], 6, **options)


def test_factors_that_cannot_be_told_apart_are_refused() -> None:
    twice = np.column_stack([balanced(8), balanced(8)])
    with pytest.raises(DesignError, match="apart"):
        detectable_effects(twice, ["a", "b"], 5)
    with pytest.raises(DesignError, match="column for each of 2 factors"):
        detectable_effects(balanced(8), ["a", "b"], 5)
    with pytest.raises(DesignError, match="apart"):
        detectable_effects(balanced(8), ["a"], 5, blocks=[1] * 4 + [2] * 4)
    with pytest.raises(DesignError, match="4 blocks are given for 8 trials"):
        detectable_effects(balanced(8), ["a"], 5, blocks=[1] * 4)
    with pytest.raises(QimError, match="0 degrees of freedom"):
        detectable_effects(balanced(8), ["a"], 0)
