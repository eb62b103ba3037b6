"""What a diverged trial counts as in a full factorial."""

import math
from pathlib import Path

import pandas as pd
import pytest
from factorial.diverged import as_guessing
from peers.tables import load as load_peer
from validation.tables import load, read_list

TABLE = Path(__file__).parents[2] / "analysis" / "lenet_mnist" / "full.csv"


def test_a_diverged_trial_counts_as_guessing_and_no_other() -> None:
    trials = pd.DataFrame(
        {"state": ["done", "diverged", "failed"], "accuracy": [0.9, None, None], "loss": [0.3, None, None]}
    )
    counted = as_guessing(trials)
    assert counted["accuracy"].to_list()[:2] == [0.9, 0.1]
    assert counted["loss"].to_list()[:2] == [0.3, pytest.approx(math.log(10))]
    assert counted.loc[2, ["accuracy", "loss"]].isna().all()
    assert as_guessing(trials[["state"]]).columns.to_list() == ["state"]


def test_a_recorded_table_with_diverged_trials_is_full() -> None:
    recorded = pd.read_csv(TABLE)
    assert (recorded["state"] == "diverged").sum() == 2
    listed = next(table for table in read_list().tables if table.name == "lenet_mnist")
    for full in (load(listed).full, load_peer(TABLE).full):
        assert full.cells == 256
        assert full.means.min() == pytest.approx(min(0.1, recorded["accuracy"].min()))
