"""What missing runs take from a design, and the order in which to run them again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.failures import loss_text, lost_runs, rerun_list, se_inflation
from qim_stats.trials import Trials

NAMES = ["a", "b", "c", "d", "e"]


def study(lost: dict[int, str], *, folded: bool = False, **columns: Any) -> Trials:
    """Return a screen of five factors whose rows (from 0) named in ``lost`` ended in these states."""
    made = qs.plackett_burman([qs.Factor(n, -1, 1) for n in NAMES], runs=12, seed=0)
    frame = (qs.foldover(made) if folded else made).coded.assign(**columns)
    frame["y"] = np.random.default_rng(0).standard_normal(len(frame))
    frame["state"] = [lost.get(row, "done") for row in range(len(frame))]
    return qs.read_trials(frame, response="y", direction="maximize", factors=NAMES)


def at_high(name: str, count: int, state: str = "failed") -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(study({}).coded[name] > 0)[:count].tolist(), state)


def test_a_complete_design_has_lost_nothing() -> None:
    found = lost_runs(study({}))
    table = se_inflation(found.matrix, found.kept, found.names)
    assert table["se_inflation"].to_list() == pytest.approx([1.0] * 6)
    assert rerun_list(study({})).empty


def test_the_loss_is_told() -> None:
    assert loss_text(study({})) is None
    told = loss_text(study({0: "oom"}))
    found = lost_runs(study({0: "oom"}))
    widest = se_inflation(found.matrix, found.kept, found.names)["se_inflation"].max()
    assert told is not None
    assert told.startswith("1 of 12 runs is missing. At the same noise, this widens")
    assert f"{100 * (widest - 1):.0f} %" in told
    gone = loss_text(study(dict.fromkeys(range(8), "killed")))
    assert gone is not None
    assert "can no longer be estimated" in gone


def test_blocks_stand_in_the_model() -> None:
    found = lost_runs(study({3: "failed", 20: "pending"}, folded=True))
    assert found.names == ("(Intercept)", "block2", *NAMES)
    assert found.kept.sum() == 22


def test_terms_that_cannot_be_told_apart_any_more_are_named() -> None:
    # In the rows that are left, c is made to equal a.
    trials = study(at_high("a", 5))
    found = lost_runs(trials)
    matrix = found.matrix.copy()
    matrix[:, 3] = np.where(found.kept, matrix[:, 1], matrix[:, 3])
    table = se_inflation(matrix, found.kept, found.names)
    gone = table.loc[~table["estimable"]]
    assert gone["term"].tolist() == ["a", "c"]
    assert gone["se_inflation"].isna().all()


def test_rerunning_all_restores_the_design() -> None:
    table = rerun_list(study({1: "oom", 4: "failed", 7: "timeout", 9: "pending"}))
    assert sorted(table["row"]) == [2, 5, 8, 10]
    assert table["d_efficiency"].iloc[-1] == pytest.approx(1.0)
    assert table["se_inflation"].iloc[-1] == pytest.approx(1.0)
    assert (np.diff(table["d_efficiency"]) > 0).all()


def test_what_cannot_be_estimated_comes_back_first() -> None:
    trials = study(dict.fromkeys(range(8), "killed"))
    table = rerun_list(trials)
    found = lost_runs(trials)
    missing = len(found.names) - np.linalg.matrix_rank(found.matrix[found.kept])
    assert missing > 1
    assert table["gain"].isna().sum() == missing
    assert table["gain"].isna().iloc[:missing].all()
    lost = se_inflation(found.matrix, found.kept, found.names)
    assert {name for names in table["estimable_again"] for name in names} == set(lost.loc[~lost["estimable"], "term"])
    assert table["d_efficiency"].iloc[missing - 2] == 0.0 < table["d_efficiency"].iloc[missing - 1]
    assert not table["se_inflation"].iloc[missing:].isna().any()


def test_a_diverged_trial_comes_last_and_is_marked() -> None:
    table = rerun_list(study({0: "diverged", 1: "oom", 2: "diverged", 3: "timeout"}))
    assert table["state"].tolist()[2:] == ["diverged", "diverged"]
    assert table["same_settings"].tolist() == [True, True, False, False]


def test_a_run_that_was_made_good_is_not_missing() -> None:
    trials = study({})
    again = trials.frame.iloc[[5]].assign(state="failed", y=None)
    both = pd.concat([trials.frame, again, again], ignore_index=True)
    read = qs.read_trials(both, response="y", direction="maximize", factors=NAMES)
    assert len(read.set_aside) == 2
    assert rerun_list(read).empty
    without = both.assign(state=["failed" if row == 5 else s for row, s in enumerate(both["state"])])
    read = qs.read_trials(without, response="y", direction="maximize", factors=NAMES)
    assert rerun_list(read)["row"].tolist() == [6]


def test_equal_trials_keep_the_order_of_the_table() -> None:
    trials = study({})
    twice = pd.concat([trials.frame] * 2, ignore_index=True).drop(columns=["run", "replicate", "seed"], errors="ignore")
    twice.loc[[3, 15], "state"] = "oom"
    read = qs.read_trials(twice, response="y", direction="maximize", factors=NAMES)
    assert rerun_list(read)["row"].tolist() == [4, 16]


@settings(max_examples=25, deadline=None)
@given(rows=st.sets(st.integers(0, 23), min_size=1, max_size=8))
def test_each_step_has_the_largest_determinant(rows: set[int]) -> None:
    trials = study(dict.fromkeys(rows, "oom"), folded=True)
    found = lost_runs(trials)
    kept = found.kept.copy()
    for row, gain in rerun_list(trials)[["row", "gain"]].itertuples(index=False):
        start = np.linalg.slogdet(found.matrix[kept].T @ found.matrix[kept])[1]
        rises = {}
        for candidate in np.flatnonzero(~kept):
            trial = kept.copy()
            trial[candidate] = True
            rises[int(candidate)] = np.linalg.slogdet(found.matrix[trial].T @ found.matrix[trial])[1] - start
        chosen = int(np.flatnonzero(found.rows == row - 1)[0])
        assert math.isclose(rises[chosen], max(rises.values()), abs_tol=1e-8)
        assert gain == pytest.approx(rises[chosen], abs=1e-8)
        kept[chosen] = True


@settings(max_examples=25, deadline=None)
@given(rows=st.sets(st.integers(0, 11), min_size=1, max_size=5))
def test_inflation_is_the_ratio_of_least_squares_errors(rows: set[int]) -> None:
    found = lost_runs(study(dict.fromkeys(rows, "failed")))
    table = se_inflation(found.matrix, found.kept, found.names)
    left = found.matrix[found.kept]
    if np.linalg.matrix_rank(left) < left.shape[1]:
        assert not table["estimable"].all()
        return
    after, before = (np.diag(np.linalg.inv(x.T @ x)) for x in (left, found.matrix))
    assert table["se_inflation"].to_list() == pytest.approx(np.sqrt(after / before).tolist())
    assert (table["se_inflation"] >= 1.0 - 1e-9).all()
