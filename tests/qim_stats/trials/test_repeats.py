"""Repeats are averaged and said; replicates are kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.trials import Trials, read_trials


def read(columns: dict[str, list[Any]] | pd.DataFrame, **options: Any) -> Trials:
    return read_trials(pd.DataFrame(columns), response="y", direction="maximize", factors=["lr", "act"], **options)


def table(**changes: list[Any]) -> dict[str, list[Any]]:
    """Return the four runs of a 2² design, the last one in two rows."""
    return {
        "lr": [0.1, 0.2, 0.1, 0.2, 0.2],
        "act": ["tanh", "tanh", "relu", "relu", "relu"],
        "y": [1.0, 2.0, 3.0, 5.0, 6.0],
        "loss": [0.9, 0.8, 0.7, 0.4, 0.5],
        **changes,
    }


def repeats(trials: Trials) -> list[str]:
    return [alert.message for alert in trials.alerts if alert.code == "repeats_averaged"]


@pytest.mark.parametrize(
    "columns",
    [
        {"run": [1, 2, 3, 4, 4], "replicate": [1] * 5},
        {"seed": [11, 12, 13, 14, 14]},
        {"seed": [" a", "b", "c", "d", "d "]},
        {"seed": [11, 12, 13, 14, 14], "run": [1, 2, 3, 4, 5]},
        {"seed": [11, 12, 13, 14, 14], "replicate": [1, 1, 1, 1, 2], "y": [1.0, 2.0, 3.0, 5.5, 5.5]},
    ],
)
def test_repeats_become_one_trial_with_the_mean_response(columns: dict[str, list[Any]]) -> None:
    trials = read(table(**columns))
    assert trials.y.tolist() == [1.0, 2.0, 3.0, 5.5]
    assert trials.coded["lr"].tolist() == [-1, 1, -1, 1]
    assert trials.usable.tolist() == [True] * 4 + [False]
    assert trials.trial_of.tolist() == [0, 1, 2, 3, 3]
    assert trials.set_aside == ()
    assert trials.used["loss"].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.45])
    assert repeats(trials)[0].startswith("2 rows are repeats of 1 trial (")


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"run": [1, 2, 3, 4, 4]},
        {"run": [1, 2, 3, 4, 4], "replicate": [1, 1, 1, 1, 2]},
        {"run": [1, 2, 3, 4, 4], "replicate": [1, 1, 1, 1, None]},
        {"run": [1, 2, 3, 4, 4], "replicate": [1] * 5, "seed": [11, 12, 13, 14, 15]},
        {"seed": [11, 12, 13, 14, 14], "replicate": [1, 1, 1, 1, 2]},
        {"seed": [11, 12, 13, 14, 14], "block": [1, 1, 1, 1, 2]},
        {"seed": [1, 1, 1, 1, 1], "other": [8, 8, 8, 8, 16]},
        {"seed": [1, 1, 1, 1, 1], "device": ["cpu", "cpu", "cpu", "cpu", "gpu"]},
        {"seed": [None] * 5},
    ],
)
def test_replicates_stay_trials_of_their_own(columns: dict[str, list[Any]]) -> None:
    trials = read(table(**columns))
    assert trials.n == 5
    assert trials.usable.all()
    assert repeats(trials) == []
    assert trials.used["loss"].tolist() == [0.9, 0.8, 0.7, 0.4, 0.5]


def test_a_trial_that_failed_and_was_done_again_is_no_repeat() -> None:
    state = ["done", "done", "done", "failed", "done"]
    trials = read(table(run=[1, 2, 3, 4, 4], replicate=[1] * 5, state=state))
    assert trials.y.tolist() == [1.0, 2.0, 3.0, 6.0]
    assert [s.row for s in trials.set_aside] == [4]
    assert repeats(trials) == []


def test_copies_give_no_pure_error() -> None:
    copied = pd.DataFrame(table()).iloc[[0, 1, 2, 3] * 2].assign(seed=[1, 2, 3, 4] * 2)
    with pytest.raises(qs.TrialsError, match="no pure error"):
        qs.analyze(copied, response="y", direction="maximize", factors=["lr", "act"], error="pure")


def test_a_response_that_varies_between_repeats_only_is_constant() -> None:
    with pytest.raises(qs.TrialsError, match="constant"):
        read(table(y=[2.0, 2.0, 2.0, 1.0, 3.0], seed=[1, 2, 3, 4, 4]))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), times=st.integers(2, 4))
def test_the_order_of_the_rows_does_not_matter(seed: int, times: int) -> None:
    rng = np.random.default_rng(seed)
    once = pd.DataFrame(table()).iloc[:4].assign(seed=[1, 2, 3, 4])
    frame = pd.concat([once] * times, ignore_index=True)
    frame["y"] = rng.standard_normal(len(frame))
    shuffled = read(frame.iloc[rng.permutation(len(frame))])
    expected = [math.fsum(frame.loc[frame["seed"] == s, "y"]) / times for s in (1, 2, 3, 4)]
    found = dict(zip(shuffled.used["seed"], shuffled.y, strict=True))
    assert [found[s] for s in (1, 2, 3, 4)] == expected
