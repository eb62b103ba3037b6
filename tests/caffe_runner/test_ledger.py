"""The ledger keeps what it was told, whatever happens to its process."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from caffe_runner.errors import LedgerError
from caffe_runner.ledger import Ledger, LedgerReader, StudyChangedError
from caffe_runner.trial import Trial, TrialResult, TrialState

TRIALS = [
    Trial(number=n, run=n, replicate=1, block=1, order=5 - n, seed=100 + n, levels={"lr": 0.01, "type": "SGD"})
    for n in range(1, 5)
]
DONE = TrialResult(TrialState.DONE, "", 1.5, 0, {"accuracy": 0.8})


def begun(path: Path, description: str = "lr = 0.01\n") -> Ledger:
    ledger = Ledger(path)
    ledger.begin(description, "data", Path("study.toml"), TRIALS)
    return ledger


def test_trials_come_back_as_they_were(tmp_path: Path) -> None:
    ledger = begun(tmp_path / "l.sqlite")
    assert [entry.trial for entry in ledger.entries()] == TRIALS
    assert {entry.state for entry in ledger.entries()} == {TrialState.PENDING}


def test_a_finished_trial_is_read_by_the_next_process(tmp_path: Path) -> None:
    ledger = begun(tmp_path / "l.sqlite")
    ledger.finish(ledger.start(2, {"image": "a"}), DONE)
    ledger.close()
    again = begun(tmp_path / "l.sqlite")
    assert again.entries()[1].result == DONE
    assert again.environments() == [{"image": "a"}]


def test_interrupted_attempts_are_pending_again_and_finished_ones_are_not(tmp_path: Path) -> None:
    ledger = begun(tmp_path / "l.sqlite")
    ledger.finish(ledger.start(1, {}), DONE)
    ledger.start(2, {})
    assert ledger.release_interrupted() == 1
    states = [entry.state for entry in ledger.entries()]
    assert states == [TrialState.DONE, TrialState.PENDING, TrialState.PENDING, TrialState.PENDING]


def test_a_trial_cannot_run_twice_at_once_nor_be_done_twice(tmp_path: Path) -> None:
    ledger = begun(tmp_path / "l.sqlite")
    first = ledger.start(1, {})
    with pytest.raises(LedgerError):
        ledger.start(1, {})
    ledger.finish(first, DONE)
    second = ledger.start(1, {})
    with pytest.raises(LedgerError):
        ledger.finish(second, DONE)
    assert ledger.entries()[0].attempt == second


def test_earlier_attempts_stay(tmp_path: Path) -> None:
    ledger = begun(tmp_path / "l.sqlite")
    ledger.finish(ledger.start(1, {}), TrialResult(TrialState.TIMEOUT, "too long", 9.0, None))
    ledger.finish(ledger.start(1, {}), DONE)
    ledger.close()
    rows = sqlite3.connect(tmp_path / "l.sqlite").execute("SELECT state, seconds FROM attempt ORDER BY id").fetchall()
    assert rows == [("timeout", 9.0), ("done", 1.5)]


def test_a_changed_study_is_refused_with_the_difference(tmp_path: Path) -> None:
    begun(tmp_path / "l.sqlite").close()
    with pytest.raises(StudyChangedError) as caught:
        begun(tmp_path / "l.sqlite", "lr = 0.02\n")
    assert "-lr = 0.01" in caught.value.difference
    assert "+lr = 0.02" in caught.value.difference
    assert "study.toml" in str(caught.value)


def test_a_file_that_is_no_ledger_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    path.write_text("not a database, but long enough to be read as the header of one" * 10)
    with pytest.raises(LedgerError, match=r"l\.sqlite: the ledger cannot be used.*; put back a copy of it"):
        Ledger(path)


def test_what_was_recorded_survives_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    begun(path).close()
    program = f"""
        import os, signal
        from pathlib import Path
        from caffe_runner.ledger import Ledger
        from caffe_runner.trial import TrialResult, TrialState
        ledger = Ledger(Path({str(path)!r}))
        ledger.finish(ledger.start(1, {{}}), TrialResult(TrialState.DONE, "", 2.0, 0, {{"accuracy": 0.5}}))
        ledger.start(2, {{}})
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == -9
    ledger = Ledger(path)
    assert [entry.state for entry in ledger.entries()][:3] == [TrialState.DONE, TrialState.RUNNING, TrialState.PENDING]
    assert ledger.release_interrupted() == 1


def test_a_reader_sees_what_a_runner_is_writing_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "with space?#" / "l.sqlite"
    path.parent.mkdir()
    ledger = begun(path)
    ledger.start(2, {"image": "a"})
    reader = LedgerReader(path)
    assert reader.entries()[1].state is TrialState.RUNNING
    reader.check("lr = 0.01\n", Path("study.toml"))
    with pytest.raises(StudyChangedError):
        reader.check("lr = 0.02\n", Path("study.toml"))
    reader.close()
    ledger.finish(1, DONE)
    ledger.close()


def test_a_reader_needs_no_permission_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite"
    begun(path).close()
    monkeypatch.setattr(os, "access", lambda *_args: False)
    reader = LedgerReader(path)
    assert [entry.trial for entry in reader.entries()] == TRIALS
    assert [file.name for file in tmp_path.iterdir()] == ["l.sqlite"]
    reader.close()


@pytest.mark.parametrize("kind", [Ledger, LedgerReader])
def test_a_folder_in_its_place_is_told_like_any_mistake(tmp_path: Path, kind: type[LedgerReader]) -> None:
    with pytest.raises(LedgerError, match="cannot be used"):
        kind(tmp_path).entries()
