"""The loop: pending trials to the engine, what came of them to the ledger, and the trials table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from caffe_runner.attempt import Job, run_attempt, write_files
from caffe_runner.datasets import DATA_FILE, Dataset
from caffe_runner.engines.base import Engine, Limits, Mounts, Worker
from caffe_runner.ledger import Entry, Ledger
from caffe_runner.pool import Broken, Finished, Opened, WorkerPool
from caffe_runner.progress import Reporter, Tally, reporter
from caffe_runner.study.study_file import Study
from caffe_runner.study.trial_files import materialize
from caffe_runner.trial import Trial, TrialResult, TrialState

TRIALS = "trials"
_SEEN_TRIALS = "/trials"
_SEEN_DATA = "/data"

OpenEngine = Callable[[tuple[str, ...], str], Engine]


@dataclass(frozen=True, slots=True)
class Session:
    """A study being run: what it is, what it reads, where it is written down.

    Parameters
    ----------
    study : Study
        The checked study.
    dataset : Dataset
        Its data, as Caffe reads it.
    folder : Path
        Where trial files and tables go.
    ledger : Ledger
        Its record, begun with this very study.
    console : Console
        Where progress is shown.
    """

    study: Study
    dataset: Dataset
    folder: Path
    ledger: Ledger
    console: Console


def pending(entries: list[Entry], retry: frozenset[TrialState]) -> list[Trial]:
    """Choose the trials to run, in the design's random order.

    Parameters
    ----------
    entries : list of Entry
        Every trial with its state.
    retry : frozenset of TrialState
        Finished states whose trials are to be tried again.

    Returns
    -------
    list of Trial
    """
    chosen = [entry.trial for entry in entries if entry.state is TrialState.PENDING or entry.state in retry]
    return sorted(chosen, key=lambda trial: trial.order)


def run_trials(session: Session, trials: list[Trial], open_engine: OpenEngine, jobs: int) -> None:
    """Run trials until none is left.

    Parameters
    ----------
    session : Session
        The study.
    trials : list of Trial
        In the order to run them.
    open_engine : callable
        Connects to an engine, given the study's images and its id.
    jobs : int
        How many at once.

    Raises
    ------
    EngineError
        If the engine or the image is not there, or goes away; what was measured is in the ledger.
    KeyboardInterrupt
        If the user stops the study; the trials under way are pending again.
    """
    study, ledger = session.study, session.ledger
    engine = open_engine(study.images, ledger.study_id)
    engine.clear()
    facts = engine.facts()
    trials_folder = session.folder / TRIALS
    trials_folder.mkdir(exist_ok=True)
    # Whatever the umask says: Caffe runs as another user where the runner is root.
    trials_folder.chmod(0o755)
    mounts = Mounts(
        {
            trials_folder.resolve(): _SEEN_TRIALS,
            # The data files alone: a lock file that another reader left in the folder would keep Caffe out.
            **{
                (folder / DATA_FILE).resolve(): f"{_SEEN_DATA}/{folder.name}/{DATA_FILE}"
                for folder in (*session.dataset.trains, session.dataset.test)
            },
        }
    )
    limits = _limits(study)
    earlier = [entry.result for entry in ledger.entries() if entry.result and entry.trial not in trials]
    tally = Tally(study.response, study.direction == "maximize", len(trials) + len(earlier), jobs, earlier)

    def execute(worker: Worker, job: Job) -> TrialResult:
        return run_attempt(worker, job, study.response, limits.seconds)

    def begin(trial: Trial, caffe_version: str) -> Job:
        environment = {
            "image": facts.image,
            "image_id": facts.image_id,
            "caffe_version": caffe_version,
            "engine_version": facts.engine_version,
        }
        return _prepare(session, trial, ledger.start(trial.number, environment))

    jobs = min(jobs, len(trials))
    pool = WorkerPool[Job, TrialResult](jobs, lambda: engine.worker(mounts, limits), execute)
    with reporter(tally, session.console) as shown, _settling(ledger, pool) as under_way, pool:
        _feed(pool, trials, begin, ledger, shown, under_way)


def _limits(study: Study) -> Limits:
    asked = study.limits
    limits = Limits(asked.cpus, asked.memory_bytes, asked.pids, asked.seconds)
    # The weights that stages hand on are as large as the net is; the limit of memory holds them too.
    return replace(limits, scratch=limits.memory) if len(study.stages) > 1 else limits


def _feed(
    pool: WorkerPool[Job, TrialResult],
    trials: list[Trial],
    begin: Callable[[Trial, str], Job],
    ledger: Ledger,
    shown: Reporter,
    under_way: dict[int, Job],
) -> None:
    waiting = iter(trials)
    left = len(trials)
    versions: dict[int, str] = {}

    def next_job(slot: int) -> None:
        trial = next(waiting, None)
        if trial is not None:
            under_way[slot] = begin(trial, versions[slot])
            pool.submit(slot, under_way[slot])

    while left:
        happened = pool.wait(0.5)
        match happened:
            case None:
                shown.tick()
            case Broken():
                raise happened.error
            case Opened():
                versions[happened.slot] = happened.caffe_version
                next_job(happened.slot)
            case Finished():
                ledger.finish(happened.job.attempt, happened.result)
                del under_way[happened.slot]
                left -= 1
                next_job(happened.slot)
                shown.finished(happened.job.trial, happened.result)


@contextmanager
def _settling(ledger: Ledger, pool: WorkerPool[Job, TrialResult]) -> Iterator[dict[int, Job]]:
    # Closes after the pool, when nothing runs any more: a trial that came to its end while the session was being
    # stopped is recorded like any other, and one that was cut short is pending again.
    under_way: dict[int, Job] = {}
    try:
        yield under_way
    finally:
        for ended in pool.leftovers():
            if ended.result.state is not TrialState.KILLED:
                ledger.finish(ended.job.attempt, ended.result)
                under_way.pop(ended.slot, None)
        for job in under_way.values():
            ledger.interrupt(job.attempt)


def _prepare(session: Session, trial: Trial, attempt: int) -> Job:
    name = f"{trial.number:04d}/attempt-{attempt}"
    seen = f"{_SEEN_TRIALS}/{name}"
    folders = {"train": session.dataset.train_of(trial.seed), "test": session.dataset.test}
    data = {part: f"{_SEEN_DATA}/{folder.name}" for part, folder in folders.items()}
    files = materialize(session.study, trial.levels, trial.seed, seen, data)
    job = Job(trial, attempt, session.folder / TRIALS / name, seen, files)
    write_files(job)
    return job
