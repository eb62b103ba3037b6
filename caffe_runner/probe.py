"""Probe a study before it is run: one configuration twice with the same seed, then with new seeds, in real containers.

Probe trials have a folder and ledgers of their own beside the study, ``NAME.probe``, one for each configuration; the
study's own trials are never touched. A ledger plans as many seeds as anyone may ask for, of which only the first are
run: asking for more seeds later goes on from those measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from caffe_runner.conduct import prepare_data
from caffe_runner.datasets import Dataset
from caffe_runner.errors import StudyError
from caffe_runner.export import trials_csv
from caffe_runner.ledger import Entry, Ledger
from caffe_runner.lock import study_lock
from caffe_runner.plan import trial_seed
from caffe_runner.probe_findings import Configuration, Probe
from caffe_runner.study.runnable import check_run
from caffe_runner.study.study_file import Study, canonical_text
from caffe_runner.trial import Trial, TrialState
from caffe_runner.trial_loop import OpenEngine, Session, pending, run_trials
from qim_stats.errors import QimError
from qim_stats.factors import Level
from qim_stats.output import write_text

MAX_SEEDS = 100
"""As many new seeds as can be asked for."""

_SEED_OFFSET = 1 << 30  # the study's own trials are numbered from 1, so no probe trial shares a seed with them
TABLE = "trials.csv"
"""The trials of the configurations probed last, as a pilot for ``python -m qim_stats power``."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How many trials of a configuration to run, and how."""

    count: int
    open_engine: OpenEngine
    console: Console
    jobs: int
    retry: frozenset[TrialState]


def probe_folder(study_path: Path) -> Path:
    """Return the folder that holds a study's probe trials: beside the study file, ``NAME.probe``."""
    return study_path.with_suffix(".probe")


def probe(
    study: Study,
    places: Sequence[str],
    seeds: int,
    open_engine: OpenEngine,
    console: Console,
    *,
    jobs: int = 1,
    retry: frozenset[TrialState] = frozenset(),
) -> Probe:
    """Run what is left of a probe and tell what it found.

    Parameters
    ----------
    study : Study
        A checked study.
    places : sequence of str
        The configurations: ``"low"``, ``"high"``, ``"center"``, or the number of a run of the design.
    seeds : int
        How many new seeds each gets, beside the one that is run twice; 1 to 100.
    open_engine : callable
        Connects to an engine.
    console : Console
        Where progress is shown.
    jobs : int
        Trials at once.
    retry : frozenset of TrialState
        Finished states to try again.

    Returns
    -------
    Probe
        Every probe trial asked for, with its state.

    Raises
    ------
    QimError
        If a configuration cannot be run, or the data, the engine, a ledger or the folder cannot be used.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise StudyError(f"{seeds} new seeds are not from 1 to {MAX_SEEDS}", where="--seeds", remedy="give 4, say")
    manner = _Manner(seeds + 2, open_engine, console, jobs, retry)
    # All are tried before any is run.
    levels = {place: configuration(study, place) for place in dict.fromkeys(places)}
    dataset = prepare_data(study, console)
    folder = probe_folder(study.path)
    folder.mkdir(exist_ok=True)
    with study_lock(folder):
        found: list[Configuration] = []
        for place, chosen in levels.items():
            trials = plan_probe(study, chosen)
            entries = _run(study, dataset, folder / _folder_name(place), trials, manner)
            found.append(Configuration(place, chosen, tuple(entries)))
        write_text(folder / TABLE, trials_csv(_numbered(found), study.response))
    return Probe(study.name, study.response, tuple(found), study.build_design(), study.chance_text(), study.data.orders)


def configuration(study: Study, place: str) -> dict[str, Level]:
    """Return the levels of a configuration, after trying whether it can be measured.

    Parameters
    ----------
    study : Study
        A checked study.
    place : str
        ``"low"``, ``"high"``, ``"center"`` (numeric factors halfway, rounded where both levels are whole; the others at
        low), or the number of a run of the design.

    Returns
    -------
    dict of str to level
        Of every factor.

    Raises
    ------
    StudyError
        If there is no such configuration, or it would end without a response.
    """
    if place in ("low", "high"):
        levels = {factor.name: factor.low if place == "low" else factor.high for factor in study.factors}
    elif place == "center":
        levels = {factor.name: factor.low for factor in study.factors}
        for factor in study.factors:
            if factor.is_numeric:
                halfway = factor.decode(0)
                whole = isinstance(factor.low, int) and isinstance(factor.high, int)
                levels[factor.name] = round(float(halfway)) if whole else halfway
    else:
        levels = _run_levels(study, place)
    try:
        check_run(study, levels)
    except QimError as error:
        problem = f"{place} cannot be run: {error.problem}"
        raise StudyError(problem, where="--at", remedy="say low, high, or the number of a run") from error
    return levels


def plan_probe(study: Study, levels: dict[str, Level]) -> list[Trial]:
    """Plan the trials of a configuration: number 1 and its repeat, number 2, with the same seed, then new seeds."""
    return [
        Trial(
            number=number,
            run=1,
            replicate=number,
            block=1,
            order=number,
            seed=trial_seed(study.seed, _SEED_OFFSET + max(number, 2)),
            levels=levels,
        )
        for number in range(1, MAX_SEEDS + 3)
    ]


def _run_levels(study: Study, place: str) -> dict[str, Level]:
    design = study.build_design()
    runs = {str(row["run"]): row for row in design.coded.to_dict("records")}
    if place not in runs:
        raise StudyError(
            f"{place!r} is no configuration of this study",
            where="--at",
            remedy=f"say low, high, center, or a run of the design, 1 to {len(runs)}",
        )
    return {factor.name: factor.decode(int(runs[place][factor.name])) for factor in design.factors}


def _numbered(found: Sequence[Configuration]) -> list[Entry]:
    """Return all trials with a run number for each configuration: so a table of them tells what belongs together."""
    return [
        replace(entry, trial=replace(entry.trial, run=run))
        for run, one in enumerate(found, start=1)
        for entry in one.entries
    ]


def _folder_name(place: str) -> str:
    return f"run-{place}" if place.isdecimal() else place


def _run(study: Study, dataset: Dataset, folder: Path, trials: list[Trial], manner: _Manner) -> list[Entry]:
    """Run the trials of a configuration that are asked for and not done yet; return them with their states."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    ledger = Ledger(folder / "ledger.sqlite")
    try:
        description = f"{canonical_text(study)}\nprobe of {dict(trials[0].levels)!r}\n"
        ledger.begin(f"{description}data checksum = {dataset.checksum}\n", dataset.checksum, study.path, trials)
        ledger.release_interrupted()
        wanted = [entry for entry in ledger.entries() if entry.trial.number <= manner.count]
        left = pending(wanted, manner.retry)
        if left:
            session = Session(study, dataset, folder, ledger, manner.console)
            run_trials(session, left, manner.open_engine, manner.jobs)
        return [entry for entry in ledger.entries() if entry.trial.number <= manner.count]
    finally:
        ledger.close()
