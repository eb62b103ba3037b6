"""Rows without a response: their levels are kept, a level that is lost is named, a score is given only when asked."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from qim_stats.errors import TrialsError
from qim_stats.factors import Factor
from qim_stats.trials import Trials, read_trials
from qim_stats.trials.confounded_block import check_blocks


def table(**changes: list[Any]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "lr": [0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2],
        "act": ["tanh", "tanh", "relu", "relu"] * 2,
        "y": [1.0, None, 3.0, 5.0, 2.0, None, 4.0, 7.0],
        "state": ["done", "diverged", "done", "done", "done", "oom", "done", "done"],
    }
    return pd.DataFrame({**columns, **changes})


def read(frame: pd.DataFrame, **options: Any) -> Trials:
    return read_trials(frame, **{"response": "y", "direction": "maximize", "factors": ["lr", "act"], **options})


def test_the_levels_of_failed_trials_are_coded_too() -> None:
    trials = read(table())
    assert trials.coded.index.tolist() == [0, 2, 3, 4, 6, 7]
    assert trials.all_coded["lr"].tolist() == [-1, 1] * 4
    assert trials.all_coded["act"].tolist() == [1, 1, -1, -1] * 2
    assert trials.all_coded.loc[trials.coded.index].equals(trials.coded)
    assert trials.lost.tolist() == [False, True, False, False, False, True, False, False]


@pytest.mark.parametrize("level", [None, 0.3])
def test_a_failed_trial_of_unknown_level_is_left_out(level: float | None) -> None:
    frame = table(lr=[0.1, level, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2])
    assert read(frame, factors=[Factor("lr", 0.1, 0.2), "act"]).all_coded.index.tolist() == [0, 2, 3, 4, 5, 6, 7]


def test_coded_levels_and_spare_columns_of_failed_trials() -> None:
    frame = table(lr=[-1, 1, -1, 1, -1, 1, -1, 1], e1=[-1, 1, 1, -1] * 2)
    frame["act"] = [1, 1, -1, -1] * 2
    trials = read(frame, factors=None)
    assert trials.dummies == ("e1",)
    assert trials.all_coded["e1"].tolist() == frame["e1"].tolist()
    natural = [Factor("lr", 0.001, 0.1), "act"]
    assert read(frame, factors=natural).all_coded["lr"].tolist() == frame["lr"].tolist()


def test_diverged_trials_are_scored_only_when_asked() -> None:
    frame = table()
    assert read(frame).n == 6
    trials = read(frame, diverged_as=0.1)
    assert trials.y.tolist() == [1.0, 0.1, 3.0, 5.0, 2.0, 4.0, 7.0]
    assert [s.state for s in trials.set_aside] == ["oom"]
    assert trials.scored.tolist() == [False, True] + [False] * 6
    assert trials.frame["state"].tolist() == frame["state"].tolist()
    told = [alert for alert in trials.alerts if alert.code == "failures_scored"]
    assert "set to 0.1 for 1 trial that diverged" in told[0].message
    assert all(alert.code != "failures_scored" for alert in read(frame).alerts)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_must_be_a_number(value: float) -> None:
    with pytest.raises(TrialsError, match=r"--diverged-as.*not a finite number"):
        read(table(), diverged_as=value)


def test_a_level_whose_trials_all_failed_is_named() -> None:
    state = ["done", "diverged", "done", "timeout", "done", "diverged", "done", "diverged"]
    with pytest.raises(TrialsError) as caught:
        read(table(state=state))
    assert "all 4 trials with lr = 0.2 failed (3 diverged and 1 timeout)" in str(caught.value)
    assert "bring the level nearer to 0.1" in str(caught.value)
    assert read(table(state=state), factors=["act"]).n == 4
    assert read(table(state=["done", "diverged"] * 4), diverged_as=0.0).n == 8


def test_a_text_level_whose_trials_all_failed_is_named() -> None:
    with pytest.raises(TrialsError, match=r"with act = tanh failed .4 oom.*choose another level"):
        read(table(state=["oom", "oom", "done", "done"] * 2, y=[1, 2, 3, 5] * 2))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"y": [2.0, None, 2.0, 2.0, 2.0, 9.0, 2.0, 2.0]}, "constant (2 in all 6 usable trials)"),
        ({"y": [1.0, "x", 3.0, "x", 2.0, 2.0, 4.0, 7.0]}, "row 4, column 'y': the response is 'x', which is text"),
        ({"y": [1.0, "inf", 3.0, "inf", 2.0, 2.0, 4.0, 7.0]}, "row 4, column 'y': the response is 'inf'"),
    ],
)
def test_bad_responses_beside_failed_trials(changes: dict[str, list[Any]], problem: str) -> None:
    with pytest.raises(TrialsError) as caught:
        read(table(**changes))
    assert problem in str(caught.value)


def test_a_factor_confounded_with_the_block_is_named() -> None:
    check_blocks(read(table()))
    check_blocks(read(table(block=[1, 1, 1, 1, 2, 2, 2, 2])))
    with pytest.raises(TrialsError, match="factor 'act' is confounded with the block column 'block'"):
        check_blocks(read(table(block=[1, 1, 2, 2, 3, 3, 2, 2])))
    # Only the trials that are left count: the one that failed was the only one at the other level.
    with pytest.raises(TrialsError, match="factor 'lr' is confounded with the block column 'day'"):
        check_blocks(read(table(day=[1, 1, 1, 2, 1, 1, 1, 2]), block="day"))
