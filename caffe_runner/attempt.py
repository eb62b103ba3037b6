"""One attempt at a trial: its files on disk, its stages one after another, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from caffe_runner.caffe.log import CaffeLog
from caffe_runner.engines.base import Exit, Worker
from caffe_runner.judge import Expectation, judge
from caffe_runner.study.trial_files import StageFiles, TrialFiles
from caffe_runner.trial import Trial, TrialResult, TrialState

_LOG = "caffe.log"
_NET, _SOLVER = "net.prototxt", "solver.prototxt"


@dataclass(frozen=True, slots=True)
class Job:
    """An attempt at a trial, with all that a worker needs for it.

    Parameters
    ----------
    trial : Trial
        The trial.
    attempt : int
        The attempt's number in the ledger.
    folder : Path
        Where its files and logs are kept.
    seen : str
        That folder as the container sees it.
    files : TrialFiles
        What it runs.
    """

    trial: Trial
    attempt: int
    folder: Path
    seen: str
    files: TrialFiles


def write_files(job: Job) -> None:
    """Write the solvers and nets of an attempt, those of each stage of a chain in a folder of the stage's name."""
    job.folder.mkdir(parents=True)
    folders = {job.folder, job.folder.parent}
    for stage in job.files.stages:
        folder = job.folder / stage.name
        folder.mkdir(exist_ok=True)
        folders.add(folder)
        for name, text in ((_SOLVER, stage.solver), (_NET, stage.net)):
            path = folder / name
            path.write_text(text, encoding="utf-8")
            # Caffe runs as another user where the runner is root.
            path.chmod(0o644)
    for made in folders:
        made.chmod(0o755)


def run_attempt(worker: Worker, job: Job, response: str, deadline: float) -> TrialResult:
    """Train the stages of a trial one after another, until one goes wrong or the last has measured the response.

    Parameters
    ----------
    worker : Worker
        Where to run it.
    job : Job
        The attempt, with its files written.
    response : str
        The output of the last stage's test net that is measured.
    deadline : float
        The seconds that all stages may take together.

    Returns
    -------
    TrialResult
        That of the last stage run, with the time of all. In a chain the reason names the stage that went wrong, and the
        metrics of a trial that is done also hold each earlier stage's last training loss, as ``STAGE_loss``.
    """
    stages = job.files.stages
    seconds = 0.0
    losses: dict[str, float] = {}
    try:
        for stage in stages:
            last = stage is stages[-1]
            log = CaffeLog()
            ended = _train(worker, job, stage, log, deadline - seconds)
            seconds += ended.seconds
            chance = job.files.chance if last else None
            result = judge(ended, log, Expectation(response if last else None, stage.max_iter, deadline, chance))
            if result.state is not TrialState.DONE:
                reason = f"stage {stage.name}: {result.reason}" if stage.name else result.reason
                return replace(result, reason=reason, seconds=seconds)
            loss = log.last_loss(stage.max_iter)
            if not last and loss is not None:
                losses[f"{stage.name}_loss"] = loss
        return replace(result, seconds=seconds, metrics={**losses, **result.metrics})
    finally:
        if len(stages) > 1:
            worker.clear()


def _train(worker: Worker, job: Job, stage: StageFiles, log: CaffeLog, seconds: float) -> Exit:
    solver = "/".join(filter(None, (job.seen, stage.name, _SOLVER)))
    with (job.folder / stage.name / _LOG).open("w", encoding="utf-8") as kept:

        def on_line(line: str) -> bool:
            kept.write(line + "\n")
            log.feed(line)
            # Nothing can be learned from a net whose loss is no number any more.
            return bool(log.diverged)

        return worker.run(solver, stage.weights, on_line, seconds)
