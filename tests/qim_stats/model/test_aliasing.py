"""Which two-factor interactions add to main effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.model.aliasing import MainEffectAliases, main_effect_aliases


def aliases(table: pd.DataFrame, formula: str | None = None) -> MainEffectAliases | None:
    frame = table.assign(y=np.arange(len(table)) ** 2 * 1.0)
    return main_effect_aliases(qs.analyze(frame, response="y", direction="maximize", formula=formula).fit)


def factors(k: int) -> list[qs.Factor]:
    return [qs.Factor(f"x{i}", 0, 1) for i in range(k)]


def test_plackett_burman_aliases_partly_and_its_foldover_not_at_all() -> None:
    design = qs.plackett_burman(factors(5), runs=12, seed=0)
    found = aliases(design.natural())
    assert found is not None
    assert found.largest == pytest.approx(1 / 3)
    assert found.interactions == 10
    assert len(found.affected) == 5
    assert aliases(qs.foldover(design).natural()) is None


def test_a_power_of_two_aliases_completely() -> None:
    found = aliases(qs.plackett_burman(factors(7), runs=8, seed=0).natural())
    assert found is not None
    assert found.largest == pytest.approx(1.0)


def test_a_full_factorial_aliases_nothing_until_a_run_is_lost() -> None:
    table = qs.full_factorial(factors(3), seed=0).natural()
    assert aliases(table) is None
    assert aliases(table.drop(index=[2])) is not None


def test_interactions_in_the_model_do_not_count() -> None:
    table = qs.plackett_burman(factors(3), runs=12, seed=0).natural()[["x0", "x1", "x2"]]
    assert aliases(table) is not None
    assert aliases(table, "y ~ (x0 + x1 + x2)^2") is None
