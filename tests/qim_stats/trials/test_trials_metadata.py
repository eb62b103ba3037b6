"""The metadata beside a table: used where arguments are silent, and refused with its place when malformed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import qim_stats as qs
from qim_stats.errors import TrialsError
from qim_stats.trials import read_trials
from qim_stats.trials.metadata import metadata_path, read_metadata

DATA: dict[str, Any] = {
    "schema": 1,
    "study": "lenet",
    "response": "accuracy",
    "direction": "maximize",
    "seed": 3,
    "design": {"kind": "plackett-burman", "runs": 12, "foldover": False, "replicates": 1, "dummies": ["spare"]},
    "factors": [{"name": "act", "low": "tanh", "high": "relu", "scale": "linear", "unit": None, "target": "net.x"}],
    "provenance": {"image": "bvlc/caffe:cpu"},
}
TABLE = "act,spare,other,accuracy\ntanh,1,5,0.1\nrelu,-1,6,0.4\ntanh,-1,6,0.2\nrelu,1,5,0.3\n"


def write(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "trials.csv"
    path.write_text(TABLE)
    metadata_path(path).write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_metadata_gives_what_the_arguments_do_not(tmp_path: Path) -> None:
    trials = read_trials(write(tmp_path, DATA))
    assert (trials.response, trials.direction) == ("accuracy", "maximize")
    assert trials.factors == (qs.Factor("act", "tanh", "relu"),)
    assert trials.coded["act"].to_list() == [-1, 1, -1, 1]
    assert trials.dummies == ("spare",)
    assert trials.metadata is not None
    assert trials.metadata.provenance == {"image": "bvlc/caffe:cpu"}
    assert trials.metadata.seed == 3
    assert not trials.alerts


def test_the_command_line_wins(tmp_path: Path) -> None:
    path = write(tmp_path, DATA)
    trials = read_trials(path, direction="minimize", factors=["other", "act"], high={"act": "tanh"})
    assert trials.direction == "minimize"
    assert trials.factor_names == ["other", "act"]
    assert trials.coded["act"].to_list() == [1, -1, 1, -1]


def test_no_file_is_no_metadata(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "trials.csv") is None


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("{\n bad", "trials.meta.json:2: is not JSON"),
        ([], "schema 1"),
        ({"schema": 2}, "schema 1"),
        ({**DATA, "factors": [{"name": "act"}]}, "wrong kind"),
        ({**DATA, "factors": [{"name": "act", "low": [1], "high": 2}]}, "wrong kind"),
        ({**DATA, "factors": [{"name": "act", "low": 1, "high": 1}]}, "same low and high"),
        ({**DATA, "factors": [{"name": "act", "low": 1, "high": 2, "scale": "cubic"}]}, "cubic"),
        ({**DATA, "factors": 3}, "wrong kind"),
        ({**DATA, "response": 3}, "wrong kind"),
        ({**DATA, "design": 3}, "wrong kind"),
    ],
)
def test_malformed_metadata_is_refused_with_its_place(tmp_path: Path, data: object, problem: str) -> None:
    with pytest.raises(TrialsError) as caught:
        read_trials(write(tmp_path, data))
    assert "trials.meta.json" in str(caught.value)
    assert problem in str(caught.value)


def test_a_factor_that_the_table_lacks(tmp_path: Path) -> None:
    data = {**DATA, "factors": [{"name": "gone", "low": 1, "high": 2}]}
    with pytest.raises(qs.FactorError, match="unknown factor 'gone'"):
        read_trials(write(tmp_path, data))
