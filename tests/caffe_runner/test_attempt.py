"""A chain of stages as it is run: what each call gets, when it ends early, and that nothing is left behind."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from caffe_runner.attempt import Job, run_attempt, write_files
from caffe_runner.engines.base import Ending, Exit, OnLine
from caffe_runner.study.study_file import load_study
from caffe_runner.study.trial_files import materialize
from caffe_runner.trial import Trial, TrialResult, TrialState

Write = Callable[..., Path]
TRAINED = ("I1 x] Iteration 0, loss = 9", "I1 x] Iteration 20, loss = 0.5")
MEASURED = (*TRAINED, "I1 x] Iteration 20, Testing net (#0)", "I1 x]     Test net output #0: accuracy = 0.75")
Call = tuple[str, tuple[str, ...], float]


class Scripted:
    """A worker that says what it is told to say; each stage takes a quarter of a minute."""

    def __init__(self, **stages: tuple[Ending, int | None, tuple[str, ...]]) -> None:
        self.stages = stages
        self.calls: list[Call] = []
        self.cleared = 0

    def open(self) -> str:
        return "1.0.0"

    def run(self, solver: str, weights: Sequence[str], on_line: OnLine, seconds: float) -> Exit:
        self.calls.append((solver, tuple(weights), seconds))
        ending, code, lines = self.stages[Path(solver).parent.name]
        for line in lines:
            if on_line(line):
                return Exit(Ending.STOPPED, 15.0, None)
        return Exit(ending, 15.0, code)

    def clear(self) -> None:
        self.cleared += 1

    def stop(self) -> None:
        raise AssertionError


def attempt(study_path: Path, worker: Scripted) -> TrialResult:
    levels = {"hidden": 16, "pretrain_lr": 0.1}
    files = materialize(load_study(study_path), levels, 7, "/trials/0001/attempt-1", {"train": "/a", "test": "/b"})
    job = Job(
        Trial(1, 1, 1, 1, 1, 7, levels), 1, study_path.parent / "0001" / "attempt-1", "/trials/0001/attempt-1", files
    )
    write_files(job)
    return run_attempt(worker, job, "accuracy", 60.0)


def test_a_chain_hands_weights_on_and_shares_its_deadline(write_chain: Write) -> None:
    worker = Scripted(layer1=(Ending.EXITED, 0, TRAINED), finetune=(Ending.EXITED, 0, MEASURED))
    result = attempt(write_chain(), worker)
    assert worker.calls == [
        ("/trials/0001/attempt-1/layer1/solver.prototxt", (), 60.0),
        ("/trials/0001/attempt-1/finetune/solver.prototxt", ("/tmp/layer1_iter_20.caffemodel",), 45.0),  # noqa: S108
    ]
    assert (result.state, result.reason, result.seconds) == (TrialState.DONE, "", 30.0)
    assert result.metrics == {"layer1_loss": 0.5, "accuracy": 0.75}
    assert worker.cleared == 1


def test_files_and_logs_of_each_stage_are_kept(write_chain: Write) -> None:
    path = write_chain()
    attempt(path, Scripted(layer1=(Ending.EXITED, 0, TRAINED), finetune=(Ending.EXITED, 0, MEASURED)))
    folder = path.parent / "0001" / "attempt-1"
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == [
        f"{stage}/{name}"
        for stage in ("finetune", "layer1")
        for name in ("caffe.log", "net.prototxt", "solver.prototxt")
    ]
    assert (folder / "layer1" / "caffe.log").read_text().splitlines() == list(TRAINED)


def test_a_loss_that_the_log_does_not_show_at_the_end_is_left_out(write_chain: Write) -> None:
    worker = Scripted(layer1=(Ending.EXITED, 0, TRAINED[:1]), finetune=(Ending.EXITED, 0, MEASURED))
    assert attempt(write_chain(), worker).metrics == {"accuracy": 0.75}


@pytest.mark.parametrize(
    ("ended", "state", "reason"),
    [
        ((Ending.EXITED, 134, ("F1 x.cpp:1] Check failed: x",)), TrialState.FAILED, "stage layer1: Check failed: x"),
        (
            (Ending.EXITED, 0, ("I1 x] Iteration 5, loss = nan",)),
            TrialState.DIVERGED,
            "stage layer1: training loss is nan",
        ),
        (
            (Ending.DEADLINE, None, TRAINED[:1]),
            TrialState.TIMEOUT,
            "stage layer1: stopped after 60 s at iteration 0 of 20",
        ),
        ((Ending.OUT_OF_MEMORY, 137, ()), TrialState.OOM, "stage layer1: out of memory"),
        ((Ending.STOPPED, None, ()), TrialState.KILLED, "stage layer1: the container was killed"),
    ],
)
def test_the_first_stage_that_goes_wrong_ends_the_trial(
    write_chain: Write, ended: tuple[Ending, int | None, tuple[str, ...]], state: TrialState, reason: str
) -> None:
    worker = Scripted(layer1=ended)
    result = attempt(write_chain(), worker)
    assert result.state is state
    assert result.reason.startswith(reason)
    assert (result.metrics, result.seconds, len(worker.calls), worker.cleared) == ({}, 15.0, 1, 1)


def test_a_last_stage_that_goes_wrong_is_named_and_the_time_of_all_counts(write_chain: Write) -> None:
    worker = Scripted(layer1=(Ending.EXITED, 0, TRAINED), finetune=(Ending.EXITED, 0, TRAINED))
    result = attempt(write_chain(), worker)
    assert result.state is TrialState.FAILED
    assert result.reason == "stage finetune: no last test pass with 'accuracy' in the log"
    assert (result.metrics, result.seconds, worker.cleared) == ({}, 30.0, 1)
