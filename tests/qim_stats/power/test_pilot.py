"""The noise of a trial: R's numbers, and pilots that are not what they should be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qim_stats.errors import QimError, TrialsError
from qim_stats.power import Noise, guessed_noise, pilot_noise, pooled_noise


def table(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"run": [1, 1, 1, 2, 2], "accuracy": [0.5, 0.52, 0.54, 0.8, 0.84], **columns})


def test_the_pooled_sd_and_its_limits_are_those_of_r(reference: Any) -> None:
    expected = reference["sd"]
    noise = pooled_noise(expected["values"])
    assert isinstance(noise, Noise)
    assert (noise.df, noise.trials, noise.groups) == (expected["df"], 100, 5)
    assert [noise.sd, noise.low, noise.high] == pytest.approx(
        [expected[key] for key in ("sd", "low", "high")], rel=1e-10
    )


def test_a_table_is_pooled_within_its_runs() -> None:
    noise = pilot_noise(table(seconds=[1.0, 2.0, 3.0, 4.0, 5.0]), "accuracy")
    assert noise.df == 3
    assert noise.sd == pytest.approx(np.sqrt((2 * 0.02**2 + 2 * 0.02**2) / 3))
    assert noise.seconds == 3.0
    assert noise.alerts == ()


def test_factors_tell_replicates_where_they_are_columns() -> None:
    noise = pilot_noise(table(lr=[0.1, 0.1, 0.2, 0.2, 0.2]), "accuracy", ["lr", "other"])
    assert (noise.df, noise.groups) == (3, 2)
    assert noise.sd > 0.1


def test_blocks_are_kept_apart() -> None:
    assert pilot_noise(table(block=[1, 1, 2, 1, 1]), "accuracy").df == 2


def test_the_same_seed_again_is_no_replicate() -> None:
    repeated = table(seed=[7, 7, 8, 9, 9])
    noise = pilot_noise(repeated, "accuracy")
    assert (noise.df, noise.trials) == (1, 3)
    assert noise.sd == pytest.approx(0.03 / np.sqrt(2))
    assert [alert.code for alert in noise.alerts] == ["repeats_averaged"]
    unknown = table(seed=[None, None, None, 9, 9])
    assert pilot_noise(unknown, "accuracy").df == 2


def test_trials_without_a_response_are_left_out_and_counted() -> None:
    noise = pilot_noise(table(state=["done", "done", "diverged", "done", "done"]), "accuracy")
    assert noise.df == 2
    assert "1 of the pilot's 5 trials" in noise.alerts[0].message


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (table().assign(accuracy=[1, 1, 1, 2, 2]), "agree exactly"),
        (table().assign(run=[1, 2, 3, 4, 5]), "no two trials"),
        (table().drop(columns="run"), "which trials have the same levels"),
        (table().drop(columns="accuracy"), "no response column 'accuracy'"),
        (table().assign(accuracy=["high", 1, 2, 3, 4]), "not a finite number"),
        (table().assign(state="failed"), "no two trials"),
    ],
)
def test_a_pilot_that_tells_nothing_is_refused(frame: pd.DataFrame, told: str) -> None:
    with pytest.raises(TrialsError, match=told):
        pilot_noise(frame, "accuracy")


def test_the_place_of_a_mistake_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pilot.csv"
    path.write_text("run,accuracy\n1,0.5\n1,inf\n")
    with pytest.raises(TrialsError, match=r"pilot\.csv:3"):
        pilot_noise(path, "accuracy")


def test_a_guess_must_be_a_size() -> None:
    assert guessed_noise(0.01).high is None
    with pytest.raises(QimError, match="--sd"):
        guessed_noise(-0.01)
