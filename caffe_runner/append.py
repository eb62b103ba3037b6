"""Appending further runs to a study that was begun: checked against the study, then durable in its ledger."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from caffe_runner.conduct import LEDGER, TABLE, described, never_started, write_trials
from caffe_runner.errors import LedgerError
from caffe_runner.ledger import Ledger
from caffe_runner.lock import study_lock
from caffe_runner.plan import study_folder, trial_seed
from caffe_runner.study.study_file import Study
from caffe_runner.trial import Trial, TrialState
from qim_stats.factors import Factor, Level, nearest
from qim_stats.trials.table import Table, read_table

_LARGEST_SEED = 2**31 - 1
_NUMBERS = ("run", "replicate", "block", "order", "seed")


@dataclass(frozen=True, slots=True)
class _Row:
    """A run as the file asks for it; a number that the file does not give is None."""

    levels: dict[str, Level]
    dummies: dict[str, int]
    numbers: dict[str, int | None]


def append_runs(study: Study, source: Path) -> str:
    """Add the runs of a file to a study, as a new block.

    Parameters
    ----------
    study : Study
        A checked study that was begun.
    source : Path
        A CSV with a column for each factor, in natural levels; ``block``, ``order``, ``seed`` and spare columns are
        used where they are there. A block of the file becomes the study's next block; a setting that the study has gets
        its run number and the next replicate number; a run without a seed gets one derived from the study's.

    Returns
    -------
    str
        A line that says what was done. The same file again changes nothing.

    Raises
    ------
    QimError
        If the study was never begun, has changed, or is being run by another process; if a level is not the study's, a
        number is none, a seed is in use, or a row was run already. Nothing is changed then.
    """
    rows = _read(study, source)
    folder = study_folder(study.path)
    if not (folder / LEDGER).exists():
        raise never_started(study)
    with study_lock(folder), closing(Ledger(folder / LEDGER)) as ledger:
        if not ledger.study_id:
            raise never_started(study)
        ledger.check(described(study, ledger.data_checksum), study.path)
        digest = _digest(rows)
        if ledger.has_appended(digest):
            return f"{source}: appended already; nothing is changed"
        trials = _numbered(study, [entry.trial for entry in ledger.entries()], rows, source)
        ledger.append(digest, str(source), trials)
        write_trials(study, ledger, folder / TABLE)
    blocks = sorted({trial.block for trial in trials})
    told = f"block {blocks[0]}" if len(blocks) == 1 else f"blocks {blocks[0]} to {blocks[-1]}"
    span = f"trials {trials[0].number} to {trials[-1].number}" if len(trials) > 1 else f"trial {trials[0].number}"
    return f"{source}: appended {span} as {told}; `python -m caffe_runner run {study.path}` runs them"


def _read(study: Study, source: Path) -> list[_Row]:
    table = read_table(source)
    columns = [str(name) for name in table.frame.columns]
    for factor in study.factors:
        if factor.name not in columns:
            raise LedgerError(
                f"there is no column for factor {factor.name!r}",
                where=str(source),
                remedy=nearest(factor.name, columns),
            )
    spare = [name for name in study.build_design().dummies if name in columns]
    rows = []
    for number, line in enumerate(table.frame.to_dict("records")):
        cells = {str(name): value for name, value in line.items()}
        _refuse_measured(table, number, cells, study.response)
        rows.append(
            _Row(
                levels={f.name: _level(table, number, f, cells[f.name]) for f in study.factors},
                dummies={n: int(cells[n]) for n in spare if _whole(table, number, n, cells[n]) in (-1, 1)},
                numbers={n: _whole(table, number, n, cells[n]) if n in columns else None for n in _NUMBERS},
            )
        )
    return rows


def _refuse_measured(table: Table, number: int, cells: Mapping[str, object], response: str) -> None:
    state = cells.get("state")
    waiting = _empty(state) or str(state).strip().lower() == TrialState.PENDING.value
    if not waiting or not _empty(cells.get(response)):
        raise LedgerError(
            "the row was run already",
            where=table.place(number),
            remedy="give a file with the new runs alone, as --out of augment writes it",
        )


def _level(table: Table, number: int, factor: Factor, value: object) -> Level:
    side = None if _empty(value) else factor.side(value)
    if side not in (-1.0, 1.0):
        told = "missing" if _empty(value) else f"{value!s}, which is not the study's"
        raise LedgerError(
            f"the level is {told}",
            where=table.place(number, factor.name),
            remedy=f"give {factor.low!r} or {factor.high!r}",
        )
    return factor.high if side > 0.0 else factor.low


def _whole(table: Table, number: int, name: str, value: object) -> int | None:
    if _empty(value):
        return None
    try:
        found = float(str(value))
    except ValueError:
        found = math.nan
    if not found.is_integer():
        raise LedgerError(
            f"{value!s} is not a whole number", where=table.place(number, name), remedy="correct it, or leave it empty"
        )
    return int(found)


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or not str(value).strip()


def _digest(rows: list[_Row]) -> str:
    """Name what a file asks for, however it spells it."""
    text = json.dumps([[row.levels, row.numbers] for row in rows], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _numbered(study: Study, done: list[Trial], rows: list[_Row], source: Path) -> list[Trial]:
    """Turn rows into trials whose numbers go on from those of the study."""
    seeds = {trial.seed for trial in done}
    runs = {_setting(trial.levels): trial.run for trial in done}
    latest: dict[int, int] = {}
    for trial in done:
        latest[trial.run] = max(trial.replicate, latest.get(trial.run, 0))
    last, block, order = max(latest), max(t.block for t in done), max(t.order for t in done)
    given = sorted({row.numbers["block"] or 0 for row in rows})
    blocks = {label: block + place for place, label in enumerate(given, start=1)}
    turns = sorted(range(len(rows)), key=lambda i: (rows[i].numbers["order"] or 0, i))
    places = {i: order + place for place, i in enumerate(turns, start=1)}
    trials = []
    for i, row in enumerate(rows):
        number = len(done) + i + 1
        if _setting(row.levels) not in runs:
            last += 1
            runs[_setting(row.levels)] = last
        run = runs[_setting(row.levels)]
        latest[run] = latest.get(run, 0) + 1
        seed = row.numbers["seed"]
        seed = trial_seed(study.seed, number) if seed is None else seed
        if seed in seeds or not 1 <= seed <= _LARGEST_SEED:
            problem = "is in use already" if seed in seeds else f"is not from 1 to {_LARGEST_SEED}"
            raise LedgerError(
                f"the seed {seed} {problem}",
                where=f"{source}, row {i + 1}",
                remedy="leave seeds empty, to have new ones; the same file twice is appended once",
            )
        seeds.add(seed)
        at = blocks[row.numbers["block"] or 0]
        trials.append(Trial(number, run, latest[run], at, places[i], seed, row.levels, row.dummies))
    return trials


def _setting(levels: Mapping[str, Level]) -> tuple[tuple[str, Level], ...]:
    return tuple(sorted(levels.items()))
