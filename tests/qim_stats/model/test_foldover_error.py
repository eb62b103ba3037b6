"""The foldover's error estimate: R's numbers, and what two-factor interactions cannot do to it."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import TrialsError
from qim_stats.model.foldover_error import FoldoverPairs, find_pairs
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.model.pure_error import find_cells

REFERENCE = Path(__file__).parents[2] / "reference"
EXPECTED = json.loads((REFERENCE / "errors.json").read_text())
NAMES = [f"x{i}" for i in range(6)]


def sigma_of(frame: pd.DataFrame, **options: object) -> tuple[float, float]:
    error = qs.analyze(frame, response="y", direction="maximize", error="foldover", **options).error  # type: ignore[arg-type]
    assert error.sigma is not None
    assert error.df is not None
    return error.sigma, error.df


def folded(seed: int, *, block: bool = True, replicates: int = 1) -> pd.DataFrame:
    design = qs.foldover(qs.plackett_burman([qs.Factor(n, -1, 1) for n in NAMES], runs=12, seed=seed))
    frame = pd.concat([design.coded[NAMES].assign(block=design.natural()["block"])] * replicates, ignore_index=True)
    frame["y"] = np.random.default_rng(seed).standard_normal(len(frame))
    return frame if block else frame.drop(columns="block")


def pairs_of(frame: pd.DataFrame) -> FoldoverPairs:
    trials = qs.read_trials(frame, response="y", direction="maximize")
    found = find_pairs(find_cells(trials), model_matrix(default_formula(trials), trials).matrix)
    assert isinstance(found, FoldoverPairs)
    return found


def test_equals_lm_on_half_differences() -> None:
    table = pd.read_csv(REFERENCE / "filtration.csv")
    assert sigma_of(table) == (pytest.approx(EXPECTED["foldover"]["sigma"], rel=1e-8), EXPECTED["foldover"]["df"])
    table["block"] = np.where(table["A"] * table["B"] * table["C"] > 0, 1, 2)
    assert sigma_of(table) == (pytest.approx(EXPECTED["shifted"]["sigma"], rel=1e-8), EXPECTED["shifted"]["df"])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 50),
    lost=st.sets(st.integers(0, 23), max_size=4),
    block=st.booleans(),
    size=st.floats(-100, 100),
)
def test_main_effects_blocks_and_two_factor_interactions_leave_it_alone(
    seed: int, lost: set[int], block: bool, size: float
) -> None:
    frame = folded(seed, block=block).drop(index=sorted(lost))
    moved = frame["y"] + size * frame["x0"] - 2.0 * size * frame["x3"] + 7.0
    for i, (a, b) in enumerate(combinations(NAMES, 2)):
        moved += size * (i % 4) * frame[a] * frame[b]
    if block:
        moved += size * (frame["block"] == 2)
    found = pairs_of(frame)
    before, after = found.sum_of_squares(np.array([frame["y"], moved]))
    assert after == pytest.approx(before, rel=1e-7, abs=1e-9)


def test_a_lost_run_takes_its_pair() -> None:
    frame = folded(0)
    assert sigma_of(frame)[1] == 12 - 6 - 1
    assert sigma_of(frame.drop(index=3))[1] == 11 - 6 - 1
    assert sigma_of(folded(0, block=False))[1] == 12 - 6


def test_replicates_add_their_pure_error_and_may_be_uneven() -> None:
    frame = folded(2, replicates=2)
    assert sigma_of(frame)[1] == 24 + 12 - 6 - 1
    one_lost = frame.drop(index=5)
    assert sigma_of(one_lost)[1] == 23 + 12 - 6 - 1
    shifted = one_lost.assign(y=one_lost["y"] + 5.0 * one_lost["x1"] * one_lost["x2"] + 3.0 * one_lost["x4"])
    assert sigma_of(shifted)[0] == pytest.approx(sigma_of(one_lost)[0], rel=1e-9)


def test_it_is_unbiased_and_needs_no_order_of_rows() -> None:
    frame = folded(1, replicates=2).drop(index=[4, 30])
    found = pairs_of(frame)
    y = 2.0 * np.random.default_rng(0).standard_normal((4_000, len(frame)))
    mean_squares = found.sum_of_squares(y) / found.df
    assert np.mean(mean_squares) == pytest.approx(4.0, abs=4.0 * 4.0 * np.sqrt(2.0 / found.df / 4_000))
    assert np.var(mean_squares) == pytest.approx(2.0 * 4.0**2 / found.df, rel=0.15)
    shuffled = frame.sample(frac=1.0, random_state=1)
    assert sigma_of(shuffled)[0] == pytest.approx(sigma_of(frame)[0], rel=1e-12)


def test_what_is_no_foldover_is_told() -> None:
    design = qs.plackett_burman([qs.Factor(n, -1, 1) for n in NAMES], runs=12, seed=0)
    plain = design.coded[NAMES].assign(y=np.arange(12.0) ** 2)
    with pytest.raises(TrialsError, match="no run has its mirror"):
        sigma_of(plain)
    frame = folded(0, block=False)
    with pytest.raises(TrialsError, match="only 2 of 13 trials have their mirror"):
        sigma_of(frame.iloc[:13])
