"""The error estimate foreseen from a design is the one that an analysis of it makes."""

from collections.abc import Callable

import numpy as np
import pytest

from qim_stats.design import Design, foldover, full_factorial, plackett_burman, replicate
from qim_stats.factors import Factor
from qim_stats.power import design_power_line
from qim_stats.power.error_plan import ErrorPlan, plan_error
from qim_stats.power.options import candidates, coded_design, fewest_repeats, label, repeated, sight

Named = Callable[[int], list[Factor]]


def plan(design: Design) -> ErrorPlan:
    x, _, blocks = coded_design(design)
    return plan_error(x, blocks)


def test_each_kind_of_design_leaves_what_its_degrees_of_freedom_say(named: Named) -> None:
    twelve = plackett_burman(named(8))
    assert plan(twelve) == ErrorPlan("residual", 3.0)
    # 24 trials, 12 pairs: 8 factors and the difference of the blocks leave 3.
    assert plan(foldover(twelve)) == ErrorPlan("foldover", 3.0)
    assert plan(replicate(twelve, 2)) == ErrorPlan("pure", 12.0)
    assert plan(replicate(foldover(twelve), 2)) == ErrorPlan("pure", 24.0)
    assert plan(plackett_burman(named(11), 12)) == ErrorPlan("pse", None, 11)
    # Without a spare odd column a foldover has only what its residual holds: 24 - 1 - 1 - 11.
    assert plan(foldover(plackett_burman(named(11), 12))) == ErrorPlan("residual", 11.0)
    assert plan(full_factorial(named(4))) == ErrorPlan("residual", 11.0)
    assert plan(full_factorial(named(1))) == ErrorPlan("none")


def test_center_runs_are_their_own_mirror_image() -> None:
    rows = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1], [0, 0], [0, 0], [1, 1], [-1, -1], [0, 0], [0, 0]])
    assert plan_error(rows) == ErrorPlan("pure", 5.0)
    assert plan_error(-1.0 * rows) == plan_error(rows)


def test_what_a_design_sees_gets_smaller_with_repeats(named: Named) -> None:
    seen = sight(plackett_burman(named(8)))
    twice = repeated(seen, 2, 8, confidence=0.95)
    made = sight(replicate(plackett_burman(named(8)), 2))
    assert (twice.trials, twice.error) == (made.trials, made.error)
    assert twice.detectable(0.8) == pytest.approx(made.detectable(0.8))
    few = fewest_repeats(seen, 0.7, 8, power=0.8, confidence=0.95)
    assert few is not None
    assert (few.power(0.7) or 0.0) >= 0.8
    times = few.trials // 12
    assert (repeated(seen, times - 1, 8, confidence=0.95).power(0.7) or 0.0) < 0.8
    assert fewest_repeats(seen, 1e-6, 8, power=0.8, confidence=0.95) is None


def test_the_candidates_are_named_by_what_they_are(named: Named) -> None:
    designs = candidates(named(8))
    assert list(designs) == ["PB12", "PB12+foldover", "PB12 x2", "PB24", "PB12+foldover x2", "full 2^8"]
    assert [design.n for design in designs.values()] == [12, 24, 24, 24, 48, 256]
    assert [label(design) for design in designs.values()] == list(designs)
    assert list(candidates(named(10))) == ["PB12", "PB12+foldover", "PB12 x2", "PB24", "PB12+foldover x2"]


def test_a_designs_line(named: Named) -> None:
    design = plackett_burman(named(8))
    line = design_power_line(design, 0.01)
    smallest = sight(design).detectable(0.8) or 0.0
    assert line.startswith(f"detects effects of {smallest:.2g} seed SDs or more in 80 % of studies (12 trials, 3 df")
    assert line.endswith(f"with sd 0.01: {smallest * 0.01:.2g}")
    assert "contrasts" in design_power_line(plackett_burman(named(11), 12))
    assert "no error estimate" in design_power_line(full_factorial(named(1)))
