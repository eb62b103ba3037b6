from __future__ import annotations

import pytest

from qim_stats.design import Aliasing, Design, aliasing, foldover, full_factorial, plackett_burman, replicate
from qim_stats.factors import Factor


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def of(design: Design) -> Aliasing:
    return aliasing(design.coded, [f.name for f in design.factors], design.dummies)


def test_twelve_runs_alias_main_effects_by_a_third() -> None:
    # Lin and Draper (1992), Technometrics 34, 423-428: every 2FI has correlation +-1/3 with each other main effect.
    found = of(plackett_burman(factors(11), 12))
    assert found.main_largest == pytest.approx(1 / 3)
    assert (found.main_whole, found.spare_whole, found.pairs_whole) == ((), (), 0)


def test_eight_saturated_runs_alias_main_effects_completely() -> None:
    # 2^(7-4): each of 7 main effects with three of the 21 2FIs (Box, Hunter and Hunter, 2nd ed., section 6.2).
    found = of(plackett_burman(factors(7), 8))
    assert found.main_largest == 1.0
    assert len(found.main_whole) == 7
    assert found.pairs_whole == 21


def test_half_of_sixteen_runs_is_resolution_four() -> None:
    found = of(plackett_burman(factors(8), 16))
    assert found.main_largest == 0.0
    assert found.pairs_whole == 28
    assert len(found.spare_whole) == 7


@pytest.mark.parametrize("k", [1, 2, 6])
def test_a_full_factorial_aliases_nothing(k: int) -> None:
    assert of(full_factorial(factors(k))) == Aliasing(0.0, (), (), 0)


def test_forty_runs_are_a_foldover_for_nineteen_factors() -> None:
    assert of(plackett_burman(factors(19), 40)).main_largest == 0.0
    assert of(plackett_burman(factors(20), 40)).main_largest > 0.0


def test_replicates_change_no_alias() -> None:
    base = plackett_burman(factors(9), 20)
    assert of(replicate(base, 3)) == of(base)


@pytest.mark.parametrize("runs", [8, 16, 32, 64])
def test_a_power_of_two_says_what_is_lost(runs: int) -> None:
    warnings = plackett_burman(factors(runs - 1), runs).warnings
    assert f"main effects of {runs - 1} of {runs - 1} factors are completely aliased" in warnings[0]
    assert f"{runs + 4} runs alias them only in part" in warnings[0]


def test_a_power_of_two_with_clear_main_effects_does_not_say_they_are_aliased() -> None:
    warnings = plackett_burman(factors(5), 16).warnings
    assert not any("main effects" in warning for warning in warnings)
    assert any("two-factor interactions are completely aliased with one another" in warning for warning in warnings)


@pytest.mark.parametrize("k", [1, 5, 10, 18, 34, 50, 62, 98])
def test_the_default_design_has_nothing_to_warn_of(k: int) -> None:
    assert plackett_burman(factors(k)).warnings == ()


def test_a_doubled_design_says_that_interactions_alias_one_another() -> None:
    warnings = plackett_burman(factors(38)).warnings
    assert "703 two-factor interactions are completely aliased with one another" in warnings[0]
    assert "1 of 1 spare columns" in warnings[1]


def test_a_saturated_design_says_that_no_error_estimate_is_left() -> None:
    saturated = plackett_burman(factors(11), 12)
    assert any("pseudo standard error" in warning for warning in saturated.warnings)
    assert foldover(saturated).warnings == ()
    assert replicate(saturated, 2).warnings == ()


def test_a_foldover_takes_back_the_warning_of_aliased_main_effects() -> None:
    folded = foldover(plackett_burman(factors(7), 8))
    assert not any("main effects" in warning for warning in folded.warnings)
    assert of(folded).main_largest == 0.0


def test_a_foldover_that_only_repeats_says_so() -> None:
    for base in (full_factorial(factors(3)), plackett_burman(factors(7), 16)):
        assert "serve as replicates" in foldover(base).warnings[-1]
    assert foldover(plackett_burman(factors(7), 12)).warnings == ()
