"""Permutation tests: known exact p-values, the promised error rate, and what each null hypothesis leaves free."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.screening.permutation import Exchange, PermutationTest, permutation_test


def factors(k: int) -> list[qs.Factor]:
    return [qs.Factor(f"x{i}", -1, 1) for i in range(k)]


def run(frame: pd.DataFrame, exchange: Exchange = "runs", formula: str | None = None) -> PermutationTest | str:
    trials = qs.read_trials(frame, response="y", direction="maximize", factors=[c for c in frame if c[0] == "x"])
    fit = fit_ols(model_matrix(formula or default_formula(trials), trials), trials.y)
    return permutation_test(fit, trials, exchange=exchange)


def done(found: PermutationTest | str) -> PermutationTest:
    assert isinstance(found, PermutationTest), found
    return found


def test_two_groups_without_overlap_have_their_exact_p_value() -> None:
    # Of the choose(8, 4) = 70 ways to split eight responses, two have a difference as large.
    found = done(run(pd.DataFrame({"x0": [-1] * 4 + [1] * 4, "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]})))
    assert found.exact
    assert found.permutations == 40_320
    assert found.p_values.tolist() == pytest.approx([2 / 70])


def test_blocks_keep_their_responses() -> None:
    # Two blocks of 2 + 2: choose(4, 2)^2 = 36 splits, of which one and its reverse have the largest difference.
    frame = pd.DataFrame({"x0": [-1, -1, 1, 1] * 2, "block": [1] * 4 + [2] * 4})
    frame["y"] = [1.0, 2.0, 3.0, 4.0, 101.0, 102.0, 103.0, 104.0]
    found = done(run(frame))
    assert found.permutations == 24 * 24
    assert found.p_global == pytest.approx(2 / 36)


def test_swaps_leave_two_factor_interactions_free() -> None:
    design = qs.foldover(qs.plackett_burman(factors(6), runs=12, seed=0)).coded[[f"x{i}" for i in range(6)]]
    frame = design.assign(y=np.random.default_rng(0).standard_normal(24) + 3.0 * design["x2"])
    found = done(run(frame, "mirrors"))
    assert (found.exact, found.permutations) == (True, 2**12)
    assert found.p_values[2] == found.p_global < 0.01
    disturbed = frame.assign(y=frame["y"] + 50.0 * frame["x0"] * frame["x1"] - 20.0 * frame["x3"] * frame["x5"])
    assert done(run(disturbed, "mirrors")).p_values.tolist() == found.p_values.tolist()
    assert "different blocks" in str(run(frame.assign(block=[1] * 12 + [2] * 12), "mirrors"))
    assert "no run has its mirror" in str(run(frame.iloc[:12], "mirrors"))


def test_sampled_orders_do_not_depend_on_rows_names_or_levels() -> None:
    design = qs.plackett_burman(factors(7), runs=12, seed=0).coded[[f"x{i}" for i in range(7)]]
    frame = design.assign(y=np.random.default_rng(4).standard_normal(12))
    one = done(run(frame))
    assert not one.exact
    shuffled = frame.sample(frac=1.0, random_state=2).rename(columns={"x0": "xa"})
    other = shuffled[["x6", "xa", "x1", "x2", "x3", "x4", "x5", "y"]].copy()
    other["x6"] = -other["x6"]
    theirs = done(run(other))
    assert dict(zip(theirs.factors, theirs.p_values, strict=True))["xa"] == one.p_values[0]
    assert theirs.p_values[0] == one.p_values[6]


def test_null_studies_are_rejected_as_often_as_promised() -> None:
    # 2^2 in two blocks: all 4!^2 orders; a share of p-values at or below 0.1 of at most 0.1.
    base = qs.replicate(qs.full_factorial(factors(2), seed=0), 2).coded[["x0", "x1"]].assign(block=[1] * 4 + [2] * 4)
    rng = np.random.default_rng(0)
    p_values = [done(run(base.assign(y=rng.exponential(size=8)))).p_global for _ in range(60)]
    assert np.mean(np.array(p_values) <= 0.1) <= 0.1 + 3.0 * np.sqrt(0.1 * 0.9 / 60)
    assert min(p_values) < 0.2


def test_covariates_are_refused() -> None:
    frame = pd.DataFrame({"x0": [-1, 1] * 4, "time": range(8), "y": np.arange(8.0) ** 2})
    assert "covariates" in str(run(frame, formula="y ~ x0 + time"))
