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
from caffe_runner.study.study_file import Study, canonical_text
from caffe_runner.trial import TrialState
from caffe_runner.trial_loop import OpenEngine, Session, pending, run_trials
from qim_stats.errors import one_line

_LEDGER = "ledger.sqlite"
_TABLE = "trials.csv"


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
    dataset = prepare_data(study, console)
    folder = study_folder(study.path)
    folder.mkdir(exist_ok=True)
    with study_lock(folder):
        ledger = Ledger(folder / _LEDGER)
        try:
            ledger.begin(_description(study, dataset.checksum), dataset.checksum, study.path, plan_trials(study))
            ledger.release_interrupted()
            trials = pending(ledger.entries(), retry)
            try:
                if trials:
                    session = Session(study, dataset, folder, ledger, console)
                    run_trials(session, trials, open_engine, jobs)
            finally:
                _write(study, ledger, folder / _TABLE)
            return ledger.entries()
        finally:
            ledger.close()


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
        _write(study, ledger, out)
    done = sum(entry.state is TrialState.DONE for entry in entries)
    return f"{out}: {len(entries)} trials, {done} of them done"


def plan_lines(study: Study) -> list[str]:
    """Say what a run would do: the design, the fields each factor reaches, the trials."""
    trials = plan_trials(study)
    design = study.build_design()
    lines = [
        f"{study.name}: {len(trials)} trials ({design.kind}), seed {study.seed}; nothing is changed by this",
        *design.warnings,
    ]
    solver, net = study.solver_message(), study.net_message()
    for factor in study.factor_specs:
        lines.append(f"{factor.name}: {factor.low} / {factor.high}")
        lines += [f"    {path}" for path in factor.describe(solver, net)]
    for trial in sorted(trials, key=lambda t: t.order):
        levels = ", ".join(f"{name} {level}" for name, level in trial.levels.items())
        lines.append(f"trial {trial.number} (seed {trial.seed}): {levels}")
    return [one_line(line) for line in lines]


@contextmanager
def _reading(study: Study) -> Iterator[LedgerReader]:
    path = study_folder(study.path) / _LEDGER
    never = LedgerError(
        "no trial of this study was ever started",
        where=str(study.path),
        remedy=f"start with `python -m caffe_runner run {study.path}`",
    )
    if not path.exists():
        raise never
    with closing(LedgerReader(path)) as ledger:
        if not ledger.study_id:
            raise never
        # What was measured is not to be told with the factors, or the response, of another study.
        ledger.check(_description(study, ledger.data_checksum), study.path)
        yield ledger


def _description(study: Study, data_checksum: str) -> str:
    return f"{canonical_text(study)}\ndata checksum = {data_checksum}\n"


def _write(study: Study, ledger: LedgerReader, path: Path) -> None:
    write_table(path, trials_csv(ledger.entries(), study.response), metadata(study, ledger))
