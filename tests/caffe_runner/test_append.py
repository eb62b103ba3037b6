"""Appending runs to a study: what is refused, what goes on counting, and that the same file twice is one."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from caffe_runner.append import append_runs
from caffe_runner.conduct import LEDGER, described, export_table, plan_lines
from caffe_runner.errors import LedgerError
from caffe_runner.ledger import Ledger
from caffe_runner.lock import study_lock
from caffe_runner.plan import plan_trials, study_folder
from caffe_runner.study.study_file import Study, load_study
from caffe_runner.trial import TrialResult, TrialState
from qim_stats.errors import QimError
from qim_stats.trials.metadata import read_metadata

Write = Callable[..., Path]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def begun(write_study: Write) -> Study:
    """The LeNet study with a ledger in which every trial is done."""
    study = load_study(write_study())
    folder = study_folder(study.path)
    folder.mkdir()
    ledger = Ledger(folder / LEDGER)
    ledger.begin(described(study, "data"), "data", study.path, plan_trials(study))
    for entry in ledger.entries():
        result = TrialResult(TrialState.DONE, "", 1.0, 0, {"accuracy": 0.5 + entry.trial.number / 100})
        ledger.finish(ledger.start(entry.trial.number, {"image": "a"}), result)
    ledger.close()
    return study


def table(study: Study, name: str = "t.csv") -> list[dict[str, str]]:
    out = study.path.parent / name
    export_table(study, out)
    with out.open() as lines:
        return list(csv.DictReader(lines))


def next_file(study: Study, change: Callable[[list[dict[str, str]]], object] = list) -> Path:
    """Write two further runs: the first run's mirror in one factor, and the second run again."""
    rows = [dict(row) for row in table(study)[:2]]
    rows[0]["momentum"] = "0.5" if rows[0]["momentum"] == "0.9" else "0.9"
    for number, row in enumerate(rows):
        row |= {"state": "pending", "seconds": "", "accuracy": "", "block": "2", "order": str(20 - number)}
        row |= {"seed": str(1000 + number), "e1": "", "e2": "", "e3": ""}
    change(rows)
    path = study.path.parent / "next.csv"
    with path.open("w") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_appended_runs_go_on_from_the_study_as_a_block_of_their_own(begun: Study) -> None:
    old = table(begun)
    said = append_runs(begun, next_file(begun))
    assert "trials 13 to 14 as block 2" in said
    now = table(begun)
    assert now[:12] == old
    fresh, again = now[12:]
    assert (fresh["run"], fresh["replicate"], fresh["order"]) == ("13", "1", "14")
    assert (again["run"], again["replicate"], again["order"]) == (old[1]["run"], "2", "13")
    assert [row["state"] for row in (fresh, again)] == ["pending"] * 2
    assert [row["seed"] for row in (fresh, again)] == ["1000", "1001"]
    assert [row["block"] for row in now] == ["1"] * 12 + ["2"] * 2
    assert all(fresh[name] == again[name] == "" for name in ("e1", "e2", "e3", "accuracy"))
    assert any("trial 14 (seed 1001)" in line for line in plan_lines(begun))


def test_the_metadata_count_the_stages_and_a_study_without_appended_runs_has_none(begun: Study) -> None:
    table(begun)
    plain = json.loads((begun.path.parent / "t.meta.json").read_text())
    assert "stages" not in plain["design"]
    append_runs(begun, next_file(begun))
    table(begun)
    told = json.loads((begun.path.parent / "t.meta.json").read_text())
    assert told["design"].pop("stages") == 2
    assert told["design"].pop("stage_trials") == [12, 2]
    assert told == plain
    written = read_metadata(study_folder(begun.path) / "trials.csv")
    assert written is not None
    assert written.design["stages"] == 2


def test_the_same_file_again_changes_nothing(begun: Study) -> None:
    path = next_file(begun)
    append_runs(begun, path)
    before = table(begun)
    copy = path.with_name("copy.csv")
    copy.write_text(path.read_text().replace("\n", "\r\n"))
    assert "nothing is changed" in append_runs(begun, copy)
    assert table(begun) == before


def test_a_seed_that_is_left_out_is_made_and_a_second_file_is_a_third_stage(begun: Study) -> None:
    append_runs(begun, next_file(begun))
    append_runs(begun, next_file(begun, lambda rows: [row.update(seed="") for row in rows]))
    rows = table(begun)
    assert len({row["seed"] for row in rows}) == 16
    assert {row["block"] for row in rows[14:]} == {"3"}
    assert (rows[15]["run"], rows[15]["replicate"]) == (rows[1]["run"], "3")


@pytest.mark.parametrize(
    ("column", "text", "complaint"),
    [
        ("momentum", "0.7", "column 'momentum': the level is 0.7, which is not the study's"),
        ("momentum", "", "the level is missing"),
        ("weight_filler", "msra", "give 'gaussian' or 'xavier'"),
        ("seed", "0", "the seed 0 is not from 1"),
        ("seed", "1.5", "1.5 is not a whole number"),
        ("order", "first", "first is not a whole number"),
        ("state", "done", "was run already"),
        ("accuracy", "0.7", "was run already"),
    ],
)
def test_a_row_that_is_not_of_the_study_is_refused_and_nothing_is_changed(
    begun: Study, column: str, text: str, complaint: str
) -> None:
    before = table(begun)
    with pytest.raises(QimError) as caught:
        append_runs(begun, next_file(begun, lambda rows: rows[1].update({column: text})))
    assert complaint in str(caught.value)
    assert "next.csv" in str(caught.value)
    assert table(begun) == before


def test_a_seed_in_use_and_a_missing_factor_are_refused(begun: Study) -> None:
    taken = table(begun)[5]["seed"]
    with pytest.raises(LedgerError, match="in use already"):
        append_runs(begun, next_file(begun, lambda rows: rows[0].update(seed=taken)))
    with pytest.raises(LedgerError, match=r"no column for factor 'momentum'.*did you mean"):
        append_runs(begun, next_file(begun, lambda rows: [r.update(momentums=r.pop("momentum")) for r in rows]))


def test_nothing_is_appended_to_a_study_that_runs_or_was_never_begun(begun: Study, tmp_path: Path) -> None:
    path = next_file(begun)
    folder = study_folder(begun.path)
    with study_lock(folder), pytest.raises(LedgerError, match="being run by process"):
        append_runs(begun, path)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(LedgerError, match="ever started"):
        append_runs(begun, path)
    assert not folder.exists()


def test_the_verb_tells_a_mistake_in_one_line(begun: Study) -> None:
    wrong = next_file(begun, lambda rows: rows[0].update(momentum="0.7"))
    command = [sys.executable, "-m", "caffe_runner", "append", str(begun.path), str(wrong)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "0.7" in done.stderr


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_appended_runs_are_run_by_real_caffe(lenet: Write, runner: Command, tmp_path: Path) -> None:
    study = lenet()
    assert runner("run", study).returncode == 0
    trials = study.with_suffix(".runs") / "trials.csv"
    first = trials.read_bytes()
    following = tmp_path / "next.csv"
    following.write_text("momentum,weight_decay\n0.5,0.0005\n0.9,0.005\n")
    assert runner("append", study, following).returncode == 0
    assert trials.read_bytes().startswith(first)
    assert "2 pending" in runner("status", study).stdout
    done = runner("run", study)
    assert done.returncode == 0, done.stderr
    with trials.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["state"] for row in rows] == ["done"] * 6
    assert [row["block"] for row in rows] == ["1"] * 4 + ["2"] * 2
    assert [row["replicate"] for row in rows[4:]] == ["2", "2"]
    assert trials.read_bytes().startswith(first)
    assert "nothing is changed" in runner("append", study, following).stdout
