"""The evidence beside effects and ranks, as an analysis gathers it."""

from __future__ import annotations

import numpy as np
import pandas as pd

import qim_stats as qs
from qim_stats.design import center_points

FACTORS = [qs.Factor(name, 0.0, 1.0) for name in ("lr", "momentum", "wd", "bs")]


def bent(bend: float) -> pd.DataFrame:
    """A fraction with three centre points, whose response bends in lr."""
    design = center_points(qs.fractional_factorial(FACTORS, runs=8), 3)
    coded = design.coded
    noise = 0.01 * np.random.default_rng(1).standard_normal(len(coded))
    return design.natural().assign(y=0.1 * coded["lr"] - bend * coded["lr"] ** 2 + noise)


def test_curvature_is_not_hidden_by_the_residual_that_holds_it() -> None:
    found = qs.analyze(bent(0.08), response="y", direction="maximize", factors=FACTORS)
    assert found.error_source == "residual"
    curvature = found.evidence.curvature
    assert curvature.p_value is not None
    assert curvature.p_value < 1e-3
    assert {(a.code, a.severity) for a in found.alerts} >= {("curvature", "warning")}
    straight = qs.analyze(bent(0.0), response="y", direction="maximize", factors=FACTORS).evidence.curvature
    assert straight.p_value is not None
    assert straight.p_value > 0.05


def test_pieces_are_made_once() -> None:
    evidence = qs.analyze(bent(0.0), response="y", direction="maximize", factors=FACTORS).evidence
    assert evidence.tipping is evidence.tipping
    assert evidence.box_meyer is evidence.box_meyer


def test_lost_runs_say_what_they_cost_and_what_to_run_first() -> None:
    design = qs.plackett_burman([qs.Factor(name, -1, 1) for name in "abcdefgh"])
    table = design.natural().assign(y=np.arange(12.0) ** 2, state="done")
    table.loc[3, "state"] = "timeout"
    found = qs.analyze(table, response="y", direction="maximize", factors=list("abcdefgh"))
    assert found.evidence.rerun["run"].tolist() == ["4"]
    inflation = found.evidence.se_inflation.set_index("term")["se_inflation"]
    # X'X = 12 I less the outer product of the lost row x, which has nine entries of -1 and +1: (X'X)^-1 = I/12 +
    # xx'/12^2 / (1 - 9/12), so that each variance grows from 1/12 to 1/12 + 4/144, by a third.
    assert np.allclose(inflation, np.sqrt(4 / 3))
    fresh = found.evidence.new_aliases
    assert fresh is not None
    assert fresh["new"].any()
    assert "runs_lost" in {a.code for a in found.alerts}
