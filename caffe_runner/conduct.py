"""Conduct a study from its file to its table: data, lock, ledger, trials, export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console

from caffe_runner.datasets import Dataset, cache_folder, prepare
from caffe_runner.errors import LedgerError
from caffe_runner.export import metadata, same_study, trials_csv, write_table
from caffe_runner.ledger import Entry, Ledger, LedgerReader
from caffe_runner.lock import study_lock
from caffe_runner.plan import plan_trials, study_folder
from caffe_runner.study.runnable import passed_on
from caffe_runner.study.stages import Stage
from caffe_runner.study.study_file import Study, canonical_text
from caffe_runner.trial import Trial, TrialState
from caffe_runner.trial_loop import OpenEngine, Session, pending, run_trials
from qim_stats.errors import one_line

LEDGER = "ledger.sqlite"
TABLE = "trials.csv"


def conduct(
    study: Study, jobs: int, retry: frozenset[TrialState], open_engine: OpenEngine, console: Console
) -> list[Entry]:
    """Run what is left of a study and write its table.

    Parameters
    ----------
    study : Study
        A checked study.
    jobs : int
        Trials at once.
    retry : frozenset of TrialState
        Finished states to try again.
    open_engine : callable
        Connects to an engine.
    console : Console
        Where progress is shown.

    Returns
    -------
    list of Entry
        Every trial with its final state.

    Raises
    ------
    QimError
        If the data, the engine, the ledger or the study's folder cannot be used, or the study has changed.
    """
    with begun(study, console) as session:
        run_pending(session, jobs, retry, open_engine)
        return session.ledger.entries()


@contextmanager
def begun(study: Study, console: Console) -> Iterator[Session]:
    """Own a study for a while, with its data ready and its ledger begun; its table is written at the end.

    Parameters
    ----------
    study : Study
        A checked study.
    console : Console
        Where progress is shown.

    Yields
    ------
    Session
        For ``run_pending``.

    Raises
    ------
    QimError
        If the data, the ledger or the study's folder cannot be used, or the study has changed.
    """
    dataset = prepare_data(study, console)
    folder = study_folder(study.path)
    folder.mkdir(exist_ok=True)
    with study_lock(folder), closing(Ledger(folder / LEDGER)) as ledger:
        ledger.begin(described(study, dataset.checksum), dataset.checksum, study.path, plan_trials(study))
        ledger.release_interrupted()
        try:
            yield Session(study, dataset, folder, ledger, console)
        finally:
            write_trials(study, ledger, folder / TABLE)


def run_pending(session: Session, jobs: int, retry: frozenset[TrialState], open_engine: OpenEngine) -> None:
    """Run the trials that are not done yet, and those to be tried again."""
    trials = pending(session.ledger.entries(), retry)
    if trials:
        run_trials(session, trials, open_engine, jobs)


def prepare_data(study: Study, console: Console) -> Dataset:
    """Make the study's data ready, as Caffe reads it."""
    data = study.data
    return prepare(
        data.source,
        cache_folder(),
        base=study.path.parent,
        label=data.label,
        shape=data.shape,
        test_fraction=data.test_fraction,
        seed=study.seed,
        orders=data.orders,
        train_images=data.train_images,
        progress=lambda text: console.print(text, markup=False, highlight=False),
    )


def read_entries(study: Study) -> list[Entry]:
    """Read where a study stands, also while it runs.

    Raises
    ------
    LedgerError
        If none of its trials was ever started, or the study has changed since.
    """
    with _reading(study) as ledger:
        return ledger.entries()


def export_table(study: Study, out: Path) -> str:
    """Write the trials table to a path of the user's; return a line that says so.

    Raises
    ------
    LedgerError
        If there is nothing to export, the study has changed, or `out` holds something that is not an earlier export of
        this study.
    """
    with _reading(study) as ledger:
        entries = ledger.entries()
        if out.exists() and not same_study(out, ledger):
            raise LedgerError(
                "the file is there already and is not an earlier export of this study",
                where=str(out),
                remedy="choose another name, or move it away first",
            )
        write_trials(study, ledger, out)
    done = sum(entry.state is TrialState.DONE for entry in entries)
    return f"{out}: {len(entries)} trials, {done} of them done"


def plan_lines(study: Study) -> list[str]:
    """Say what a run would do: the design, the fields each factor reaches, the trials."""
    appended = _appended_trials(study)
    trials = [*plan_trials(study), *appended]
    design = study.build_design()
    kind = f"{design.kind}, {len(appended)} of them appended" if appended else design.kind
    lines = [
        f"{study.name}: {len(trials)} trials ({kind}), seed {study.seed}; nothing is changed by this",
        *design.warnings,
    ]
    lines += [_stage_line(study, stage) for stage in study.stages if stage.name]
    for factor in study.factor_specs:
        lines.append(f"{factor.name}: {factor.low} / {factor.high}")
        lines += [f"    {path}" for path in factor.describe(study.stages)]
    for trial in sorted(trials, key=lambda t: t.order):
        levels = ", ".join(f"{name} {level}" for name, level in trial.levels.items())
        lines.append(f"trial {trial.number} (seed {trial.seed}): {levels}")
    return [one_line(line) for line in lines]


def _stage_line(study: Study, stage: Stage) -> str:
    """Say what a stage of a chain trains, and which layers it takes over."""
    taken = "".join(
        f"; takes {', '.join(layers)} from {earlier}" for earlier, layers in passed_on(study.stages, stage).items()
    )
    return f"stage {stage.name}: {stage.solver_path.name}, {stage.net_path.name}{taken}"


def _appended_trials(study: Study) -> list[Trial]:
    """Return the trials that the ledger has beyond the study's design."""
    path = study_folder(study.path) / LEDGER
    if not path.exists():
        return []
    with closing(LedgerReader(path)) as ledger:
        if not ledger.appended:
            return []
        return [entry.trial for entry in ledger.entries()][study.build_design().n :]


@contextmanager
def _reading(study: Study) -> Iterator[LedgerReader]:
    path = study_folder(study.path) / LEDGER
    if not path.exists():
        raise never_started(study)
    with closing(LedgerReader(path)) as ledger:
        if not ledger.study_id:
            raise never_started(study)
        # What was measured is not to be told with the factors, or the response, of another study.
        ledger.check(described(study, ledger.data_checksum), study.path)
        yield ledger


def never_started(study: Study) -> LedgerError:
    """Return the error of a study without a ledger."""
    return LedgerError(
        "no trial of this study was ever started",
        where=str(study.path),
        remedy=f"start with `python -m caffe_runner run {study.path}`",
    )


def described(study: Study, data_checksum: str) -> str:
    """Return everything that determines a study's responses, as text; the ledger keeps it and checks it."""
    return f"{canonical_text(study)}\ndata checksum = {data_checksum}\n"


def write_trials(study: Study, ledger: LedgerReader, path: Path) -> None:
    """Write the trials table of a ledger, and its metadata beside it."""
    write_table(path, trials_csv(ledger.entries(), study.response), metadata(study, ledger))
