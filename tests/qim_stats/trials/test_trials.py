"""What counts as factor, response and usable trial, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.errors import FactorError, QimError, TrialsError
from qim_stats.trials import Trials, read_trials


def table(**changes: list[Any]) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "run": [1, 2, 3, 4],
        "lr": [0.001, 0.1, 0.001, 0.1],
        "act": ["tanh", "tanh", "relu", "relu"],
        "y": [1.0, 2.0, 3.0, 5.0],
    }
    return pd.DataFrame({**columns, **changes})


def read(frame: pd.DataFrame, **options: Any) -> Trials:
    return read_trials(frame, **{"response": "y", "direction": "maximize", **options})


def codes(trials: Trials) -> set[str]:
    return {alert.code for alert in trials.alerts}


def test_factors_are_the_columns_with_two_levels() -> None:
    trials = read(table(seconds=[1, 1, 2, 2], block=[1, 1, 2, 2], loss=[0.1, 0.2, 0.3, 0.4]))
    assert trials.factor_names == ["lr", "act"]
    assert trials.block == "block"
    assert trials.blocks == ["1", "1", "2", "2"]
    assert "factors_inferred" in codes(trials)
    assert trials.coded["lr"].to_list() == [-1, 1, -1, 1]


def test_text_levels_follow_high_or_the_alphabet() -> None:
    assert read(table()).coded["act"].to_list() == [1, 1, -1, -1]
    assert "levels_alphabetical" in codes(read(table()))
    chosen = read(table(), high={"act": "relu"})
    assert chosen.coded["act"].to_list() == [-1, -1, 1, 1]
    assert "levels_alphabetical" not in codes(chosen)
    assert read(table(), high={"lr": "1e-3"}).coded["lr"].to_list() == [1, -1, 1, -1]


@pytest.mark.parametrize("spelled", [["0.001", "0.1", "1e-3", "1E-1"], ["0.0010", "0.10", "0.001", "100e-3"]])
def test_a_level_is_one_however_it_is_spelled(tmp_path: Path, spelled: list[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("lr,y\n" + "".join(f"{s},{i * i}\n" for i, s in enumerate(spelled)))
    trials = read_trials(path, response="y", direction="minimize")
    assert trials.coded["lr"].to_list() == [-1, 1, -1, 1]
    assert trials.factors[0].low == 0.001


def test_truth_values_and_coded_columns() -> None:
    trials = read(table(norm=[True, False, False, True], coded=[-1, 1, 1, -1]), factors=["norm", "coded"])
    assert trials.coded["norm"].to_list() == [1, -1, -1, 1]
    natural = qs.Factor("coded", 16, 64)
    assert read(table(coded=[-1, 1, 1, -1]), factors=[natural]).coded["coded"].to_list() == [-1, 1, 1, -1]


def test_dummies_are_known_by_name_and_values() -> None:
    frame = table(e1=[-1, 1, 1, -1], e2=[0, 1, 1, 0])
    trials = read(frame)
    assert trials.dummies == ("e1",)
    assert "e2" in trials.factor_names
    assert "dummies_inferred" in codes(trials)
    assert read(frame, factors=["lr", "act"]).dummies == ()


def test_failed_trials_are_counted_and_named() -> None:
    frame = table(
        state=["done", "failed", "done", "done"],
        reason=["", "CUDA went away", "at chance", ""],
        y=[1.0, 9.0, 3.0, None],
    )
    trials = read(frame, factors=["act"])
    assert trials.n == 2
    assert [(s.run, s.state, s.reason) for s in trials.set_aside] == [
        ("2", "failed", "CUDA went away"),
        ("4", "done", "no y"),
    ]
    alert = next(a for a in trials.alerts if a.code == "trials_set_aside")
    assert "2 of 4" in alert.message
    assert "run 2 (failed: CUDA went away)" in alert.message


def test_at_chance_is_data() -> None:
    frame = table(state=["done"] * 4, reason=["", "", "at chance", "at chance"])
    trials = read(frame)
    assert trials.n == 4
    alert = next(a for a in trials.alerts if a.code == "at_chance")
    assert "2 of the 4" in alert.message


def test_a_response_of_a_failed_trial_is_never_read() -> None:
    trials = read(table(state=["done", "diverged", "done", "done"], y=["1", "inf", "2", "3"]), factors=["act"])
    assert trials.y.tolist() == [1.0, 2.0, 3.0]
    assert len(trials.set_aside) == 1


@pytest.mark.parametrize("word", ["NA", "nan", "NaN", "null", ""])
def test_words_for_a_missing_response(tmp_path: Path, word: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"a,y\n1,1\n2,2\n1,{word}\n2,5\n")
    trials = read_trials(path, response="y", direction="maximize")
    assert trials.n == 3
    assert trials.set_aside[0].row == 3


@pytest.mark.parametrize(
    ("frame", "options", "problem"),
    [
        (table(), {"response": "accuracy"}, "no response column 'accuracy'"),
        (table(), {"response": None}, "no response is named"),
        (table(), {"direction": None}, "no direction"),
        (table(), {"direction": "up"}, "'up' is not a direction"),
        (table(y=["1", "2", "bad", "4"]), {}, "row 3, column 'y': the response is 'bad', which is text"),
        (table(y=[True, False, True, False]), {"factors": ["lr"]}, "is text, not a number"),
        (table(y=[1.0, float("inf"), 2.0, 3.0]), {}, "row 2, column 'y': the response is 'inf', which is not finite"),
        (table(y=[2.0] * 4), {}, "constant (2 in all 4"),
        (table(y=[None] * 4), {"factors": ["lr"]}, "none of the 4 trials is usable"),
        (table(state=["failed"] * 4), {"factors": ["lr"]}, "none of the 4 trials is usable (failed)"),
        (table(state=["done", "failed", "failed", "failed"]), {"factors": ["lr"]}, "only one trial"),
        (table(), {"factors": ["lrr"]}, "unknown factor 'lrr'; did you mean 'lr'?"),
        (table(), {"factors": ["y"]}, "is the response"),
        (table(), {"factors": ["run"]}, "reserved"),
        (table(), {"factors": ["lr", "lr"]}, "'lr'"),
        (table(lr=[1, 2, 3, 1]), {"factors": ["lr"]}, "factor 'lr' has 3 levels (1, 2, 3) where two are needed"),
        (table(lr=[1, 1, 1, 1]), {"factors": ["lr"]}, "factor 'lr' has only the level 1 where two are needed"),
        (table(lr=[1, None, 2, 1]), {"factors": ["lr"]}, "row 2, column 'lr': the level is missing"),
        (table(lr=[1, 2, 1, 1], y=[1.0, None, 2.0, 3.0]), {"factors": ["lr"]}, "only the level 1"),
        (table(), {"factors": [qs.Factor("lr", 0.001, 0.2)]}, "level 0.1 of factor 'lr' is neither"),
        (table(), {"high": {"act": "elu"}}, "elu is not a level of factor 'act'"),
        (table(), {"high": {"akt": "relu"}}, "unknown factor 'akt'"),
        (table(), {"block": "day"}, "no column 'day'"),
        (table(block=[1, 2, None, 1]), {}, "row 3, column 'block': the block is missing"),
        (pd.DataFrame({"a": [1, 2, 3], "y": [1.0, 2.0, 3.0]}), {}, "no column has exactly two levels"),
    ],
)
def test_what_is_refused(frame: pd.DataFrame, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(QimError) as caught:
        read(frame, **options)
    assert problem in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", [1e308, 1e150, 1e-150, 1e-320])
def test_a_response_whose_squares_cannot_be_held_is_refused(scale: float) -> None:
    with pytest.raises(TrialsError, match="column 'y': the response spans"):
        read(table(y=[scale, -scale, scale, scale / 2.0]))


def test_a_column_that_would_be_a_factor_but_for_a_third_level_is_named() -> None:
    frame = pd.concat([table(), table(act=["tanh", "tanh ", "relu", "relu"])], ignore_index=True)
    frame["loss"] = range(8)
    found = read(frame)
    assert found.factor_names == ["lr"]
    told = [alert for alert in found.alerts if alert.code == "columns_left_out"]
    assert [alert.severity for alert in told] == ["warning"]
    assert "'act' ('relu', 'tanh', 'tanh ')" in told[0].message
    assert "loss" not in told[0].message
    assert all(alert.code != "columns_left_out" for alert in read(table()).alerts)


def test_three_levels_in_a_file_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,1\n2,2\n3,3\n1,4\n")
    (tmp_path / "t.meta.json").write_text(json.dumps({"schema": 1, "factors": [{"name": "a", "low": 1, "high": 2}]}))
    with pytest.raises(TrialsError, match=r"t\.csv:4, column 'a'.*level 3.*1, 2, 3"):
        read_trials(path, response="y", direction="maximize")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'say "hi"', "it's", "../../etc/passwd", "$(reboot)", "a b.c", "é", "~"]
)
def test_any_printable_name_is_a_name(tmp_path: Path, name: str) -> None:
    frame = table().rename(columns={"lr": name})
    assert read(frame).factor_names == [name, "act"]
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    assert read_trials(path, response="y", direction="maximize").factor_names == [name, "act"]


def test_a_name_with_a_line_break_is_refused() -> None:
    with pytest.raises(QimError, match="control characters"):
        read(table().rename(columns={"lr": "l\nr"}))
    with pytest.raises(FactorError):
        qs.Factor("l\nr", 1, 2)
