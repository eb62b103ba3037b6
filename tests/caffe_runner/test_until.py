"""The loop until a goal is settled: the recorded full factorial as Caffe, then the real thing."""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from caffe_runner import conduct
from caffe_runner.cli import main
from caffe_runner.conduct import LEDGER, TABLE, read_entries
from caffe_runner.ledger import Ledger, LedgerReader
from caffe_runner.plan import study_folder, trial_seed
from caffe_runner.study.study_file import Study, load_study
from caffe_runner.trial import Trial, TrialResult, TrialState
from caffe_runner.trial_loop import Session
from caffe_runner.until import Ended, read_until, run_until
from qim_stats.followup.settle import NextRuns, Settled, settle_step
from qim_stats.followup.story import story_record, tell_story
from qim_stats.trials import read_trials
from qim_stats.trials.metadata import read_metadata

Write = Callable[..., Path]
Command = Callable[..., subprocess.CompletedProcess[str]]
GOAL = "top-2 settled at 0.9"
NOBODY: Any = None


class KilledError(Exception):
    """Stands for ``kill -9``: nothing is tidied up."""


class Recorded:
    """Runs trials by looking them up in the full factorial of LeNet."""

    def __init__(self, analysis: Path) -> None:
        full = pd.read_csv(analysis / "lenet_fashion" / "full.csv")
        others = {"run", "replicate", "block", "order", "seed", "state", "reason", "seconds", "accuracy", "loss"}
        self.names = [str(name) for name in full if name not in others]
        lines = full[[*self.names, "accuracy"]].to_numpy().tolist()
        self.responses: dict[tuple[Any, ...], float] = {tuple(line[:-1]): line[-1] for line in lines}
        self.left = sys.maxsize
        self.image = "a"
        self.seen: list[list[int]] = []

    def __call__(self, session: Session, trials: Sequence[Trial], _engine: object, _jobs: int) -> None:
        self.seen.append([trial.number for trial in trials])
        for trial in trials:
            attempt = session.ledger.start(trial.number, {"image_id": self.image})
            if not self.left:
                raise KilledError
            self.left -= 1
            value = self.responses[tuple(trial.levels[name] for name in self.names)]
            session.ledger.finish(attempt, TrialResult(TrialState.DONE, "", 1.0, 0, {"accuracy": value}))


@pytest.fixture
def recorded(analysis: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """The full factorial in Caffe's place, and no data."""
    caffe = Recorded(analysis)
    monkeypatch.setattr(conduct, "run_trials", caffe)
    monkeypatch.setattr(conduct, "prepare_data", lambda *_: SimpleNamespace(checksum="data"))
    return caffe


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Put the handlers back that the command line replaces."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def go(study: Study, goal: str = GOAL, budget: int = 40, jobs: int = 4, console: Console | None = None) -> Ended:
    quiet = Console(file=StringIO()) if console is None else console
    return run_until(study, read_until(study, goal, budget, jobs), frozenset(), NOBODY, quiet)


def rows(study: Study) -> str:
    return (study_folder(study.path) / TABLE).read_text()


@pytest.fixture
def study(write_study: Write) -> Study:
    """The LeNet study, of which nothing was run."""
    return load_study(write_study())


def test_it_ends_settled_and_tells_what_each_block_taught(study: Study, recorded: Recorded) -> None:
    shown = StringIO()
    ended = go(study, console=Console(file=shown, width=200))
    assert isinstance(ended.step, Settled)
    assert set(ended.step.standing.answer) == {"base_lr", "momentum"}
    blocks = len(ended.story)
    assert [len(numbers) for numbers in recorded.seen] == [12] + [4] * (blocks - 1)
    lines = [line for line in shown.getvalue().splitlines() if line.startswith("block ")]
    assert len(lines) == blocks
    assert lines[0].startswith("block 1, trials 1-12: p(top 2) 0.")
    assert lines[1].startswith("block 2, trials 13-16: p(top 2) 0.")
    assert " -> " in lines[1]
    table = list(csv.DictReader(StringIO(rows(study))))
    # One block for the statistics: nothing but the settings changes between batches.
    assert {row["block"] for row in table} == {"1"}
    assert [int(row["seed"]) for row in table] == [trial_seed(study.seed, i + 1) for i in range(len(table))]
    metadata = read_metadata(study_folder(study.path) / TABLE)
    assert metadata is not None
    assert metadata.design["stages"] == blocks
    assert metadata.design["stage_trials"] == [12] + [4] * (blocks - 1)


@pytest.mark.usefixtures("recorded")
def test_the_story_is_that_of_the_table_alone(study: Study) -> None:
    ended = go(study)
    path = study_folder(study.path) / TABLE
    again = tell_story(read_trials(path), ended.step.standing.goal, 0.9, seed=study.seed)
    assert [c.to_dict() for c in again] == [c.to_dict() for c in ended.story]
    step = settle_step(path, until=GOAL, budget=40, jobs=4, seed=study.seed)
    assert step.to_dict()["standing"] == ended.step.to_dict()["standing"]
    assert story_record(step, again)["blocks"][0]["last_trial"] == 12


def test_the_same_command_again_runs_nothing_and_says_the_same(study: Study, recorded: Recorded) -> None:
    first = go(study)
    before, runs = rows(study), len(recorded.seen)
    second = go(study)
    assert len(recorded.seen) == runs
    assert rows(study) == before
    assert second.step.to_dict() == first.step.to_dict()


def test_killed_anywhere_it_goes_on_as_if_it_had_not_been(
    study: Study, recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = "base_lr before weight_decay settled at 0.99"
    whole = go(study, goal, budget=20)
    undisturbed = rows(study)
    # In the design, between it and the next batch, and within that.
    for alive in (5, 12, 14):
        study_folder(study.path).rename(tmp_path / f"before-{alive}")
        recorded.left = alive
        with monkeypatch.context() as dying:
            # What a killed process does not come to do any more.
            dying.setattr(conduct, "write_trials", lambda *_: None)
            with pytest.raises(KilledError):
                go(study, goal, budget=20)
        recorded.left = sys.maxsize
        again = go(study, goal, budget=20)
        assert rows(study) == undisturbed
        assert again.step.to_dict() == whole.step.to_dict()


def test_runs_are_in_the_ledger_before_any_of_them_is_run(study: Study, recorded: Recorded) -> None:
    recorded.left = 12
    with pytest.raises(KilledError):
        go(study)
    ledger = LedgerReader(study_folder(study.path) / LEDGER)
    entries = ledger.entries()
    assert ledger.stages == [12, 4]
    ledger.close()
    assert [entry.state for entry in entries[12:]] == [TrialState.RUNNING] + [TrialState.PENDING] * 3


def test_a_study_may_go_on_from_runs_that_were_appended_and_in_another_image(study: Study, recorded: Recorded) -> None:
    first = go(study, "sign of base_lr settled at 0.6")
    assert not first.step.alerts
    recorded.image = "b"
    ledger = Ledger(study_folder(study.path) / LEDGER)
    last = ledger.entries()[-1].trial
    more = [Trial(13 + i, 13 + i, 1, 2, 13 + i, 99 + i, last.levels, {}) for i in range(2)]
    ledger.append("digest", "by hand", more)
    ledger.close()
    ended = go(study, "top-3 settled at 0.99", budget=20)
    assert [(c.first, c.last) for c in ended.story][:3] == [(1, 12), (13, 14), (15, 18)]
    assert [alert.code for alert in ended.step.alerts] == ["several_images"]
    table = list(csv.DictReader(StringIO(rows(study))))
    assert [row["block"] for row in table] == ["1"] * 12 + ["2"] * (len(table) - 12)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--until", "top-3 settled at 0.9", "--budget", "15", "--jobs", "2"], "12 and a batch of 4 are 16"),
        (["--until", "top-3 settled at 0.9", "--budget", "16", "--jobs", "5"], "12 and a batch of 5 are 17"),
        (["--until", "momentun before base_lr"], "--until: unknown factor 'momentun'; did you mean 'momentum'?"),
        (["--until", "top-9"], "no question which 9 of 8"),
        (["--until", "top-3 settled at 1"], "1 is no probability between"),
        (["--until", "soon"], "'soon' is not a goal"),
        (["--until", "top-3", "--cost", "max_iter=150:2"], "factor 'max_iter' has no level 150"),
        (["--until", "top-3", "--report", "nowhere/r.html"], "there is no folder 'nowhere'"),
        (["--budget", "40"], "--budget belongs to --until"),
        (["--json", "-"], "--json belongs to --until"),
    ],
)
def test_mistakes_are_told_before_any_trial_is_run(
    study: Study, recorded: Recorded, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(study.path), *words]) == 2
    told = capsys.readouterr().err
    assert complaint in told
    assert told.count("\n") == 1
    assert not recorded.seen
    assert not study_folder(study.path).exists()


@pytest.mark.parametrize("option", ["--report", "--json"])
def test_results_do_not_replace_what_the_study_is_made_of(
    study: Study, recorded: Recorded, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(study.path), "--until", GOAL, "--budget", "40", "--jobs", "4", option]
    folder = study_folder(study.path)
    folder.mkdir(parents=True)
    files = [study.path, *study.path.parent.glob("*.prototxt")]
    before = [path.read_bytes() for path in files]
    # The ledger and the table are not there yet, and will be.
    for path in [*files, folder / LEDGER, folder / TABLE, folder / TABLE.replace(".csv", ".meta.json")]:
        assert main([*words, str(path)]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"{option}: ") or f" {option}: " in told
        assert told.count("\n") == 1
    assert [path.read_bytes() for path in files] == before
    assert len(files) > 1
    assert not list(folder.iterdir())
    assert not recorded.seen


@pytest.mark.usefixtures("recorded")
def test_a_dry_run_says_what_comes_first_and_the_most_it_may_take(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", str(study.path), "--until", GOAL, "--budget", "20", "--jobs", "4", "--dry-run"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "first: the 12 trials of these that are not done yet" in told
    assert "20 more trials, 4 at once, each stopped after 120 s (limits.seconds): 10:00" in told
    assert not study_folder(study.path).exists()
    go(study, "sign of base_lr settled at 0.6", budget=16)
    before = rows(study)
    assert main(words) == 0
    told = capsys.readouterr().out
    assert told.count("\nfirst: base_lr 0.") == 4
    assert "8 more trials" in told
    assert "by the trials so far, of 1.0 s each: about 0:02" in told
    assert rows(study) == before
    assert len(read_entries(study)) == 12
    step = settle_step(study_folder(study.path) / TABLE, until=GOAL, budget=20, jobs=4, seed=study.seed)
    assert isinstance(step, NextRuns)
    assert f"base_lr {step.runs['base_lr'].iloc[0]}, momentum {step.runs['momentum'].iloc[0]}" in told


@pytest.mark.usefixtures("recorded")
def test_the_verb_prints_writes_and_its_status_tells(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, record = tmp_path / "r.html", tmp_path / "r.json"
    words = ["run", str(study.path), "--jobs", "4", "--report", str(report), "--json", str(record)]
    assert main([*words, "--until", GOAL, "--budget", "40"]) == 0
    told = capsys.readouterr().out
    assert "Settled: base_lr and momentum are the first 2" in " ".join(told.split())
    assert all(len(line) <= 80 for line in told.splitlines() if str(tmp_path) not in line)
    found = json.loads(record.read_text(), parse_constant=pytest.fail)
    assert found["outcome"] == "settled"
    assert found["until"] == GOAL
    assert [block["first_trial"] for block in found["blocks"]][:2] == [1, 13]
    page = report.read_text()
    assert "What each block taught" in page
    assert page.index("What each block taught") < page.index('id="ranking"')
    assert "--until" in page
    # Not settled within the budget: something needs attention.
    assert main(["run", str(study.path), "--until", "order settled at 0.99", "--budget", "24", "--jobs", "4"]) == 1
    assert "order is open, with" in " ".join(capsys.readouterr().out.split())


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_real_caffe_goes_on_by_itself_and_after_a_kill(lenet: Write, runner: Command) -> None:
    path = lenet(factors=("momentum", "base_lr", "gamma", "power", "weight_decay"))
    path.write_text(path.read_text().replace('kind = "full-factorial"', 'kind = "plackett-burman", runs = 8'))
    words = ("run", path, "--until", "order settled at 0.999", "--budget", "12", "--jobs", "2")
    process = subprocess.Popen([sys.executable, "-m", "caffe_runner", *map(str, words)], stderr=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(b"block 1, trials 1-8"):
            break
    process.kill()
    process.wait()
    process.stderr.close()
    ended = runner(*words)
    assert ended.returncode in (0, 1), ended.stderr
    assert "block 2, trials 9-12" in ended.stderr
    with (path.with_suffix(".runs") / TABLE).open() as lines:
        table = list(csv.DictReader(lines))
    assert {row["state"] for row in table} == {"done"}
    assert len(table) == 12
    assert ended.returncode == (0 if "Settled" in ended.stdout else 1)
