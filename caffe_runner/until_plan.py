"""What a run until a goal is settled would do first, and the most it may cost: for a dry run, which changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from caffe_runner.conduct import LEDGER, TABLE, read_entries, write_trials
from caffe_runner.ledger import Entry, LedgerReader
from caffe_runner.plan import plan_trials, study_folder
from caffe_runner.progress import clock
from caffe_runner.study.study_file import Study
from caffe_runner.trial import TrialState
from caffe_runner.until import Until, decide
from qim_stats.errors import one_line
from qim_stats.followup.batches import batch_size
from qim_stats.followup.settle import NextRuns
from qim_stats.trials import read_trials


def until_lines(study: Study, until: Until) -> list[str]:
    """Say what a run until the goal is settled would do.

    Parameters
    ----------
    study : Study
        A checked study.
    until : Until
        What it would go on for.

    Returns
    -------
    list of str
        What comes first, what may come after it, and the most it may take.

    Raises
    ------
    QimError
        If the study has changed since its first trial, or its trials tell nothing to go on from.
    """
    begun = (study_folder(study.path) / LEDGER).exists()
    entries = read_entries(study) if begun else _unbegun(study)
    waiting = sum(not entry.state.finished for entry in entries)
    left = max(until.budget - len(entries), 0)
    lines = [f"until {until.text}"]
    if waiting:
        lines.append(f"first: the {waiting} trials of these that are not done yet")
    else:
        lines += _next_lines(study, until)
    batch = batch_size(until.jobs)
    lines.append(
        f"then: batches of {batch} trials, chosen by what all before them showed, while the goal is open and no tie; "
        f"{until.budget} trials in all at most"
    )
    return [one_line(line) for line in [*lines, *_cost_lines(study, until, entries, waiting + left)]]


def _unbegun(study: Study) -> list[Entry]:
    return [Entry(trial, 0, TrialState.PENDING, None, None) for trial in plan_trials(study)]


def _next_lines(study: Study, until: Until) -> list[str]:
    """Take the step that a run would take, from a copy of the table."""
    with tempfile.TemporaryDirectory() as folder, closing(LedgerReader(study_folder(study.path) / LEDGER)) as ledger:
        write_trials(study, ledger, Path(folder) / TABLE)
        step = decide(study, read_trials(Path(folder) / TABLE), until)
    lines = list(step.words)
    if isinstance(step, NextRuns):
        rows = step.runs.to_dict("records")
        lines += ["first: " + ", ".join(f"{f.name} {row[f.name]}" for f in study.factors) for row in rows]
    return lines


def _cost_lines(study: Study, until: Until, entries: Sequence[Entry], more: int) -> list[str]:
    rounds = -(-more // until.jobs)
    limit = study.limits.seconds
    lines = [
        f"the most it may take: {more} more trials, {until.jobs} at once, each stopped after {limit:g} s "
        f"(limits.seconds): {clock(rounds * limit)}"
    ]
    measured = [entry.result.seconds for entry in entries if entry.result]
    if measured:
        mean = sum(measured) / len(measured)
        lines.append(f"by the trials so far, of {mean:.1f} s each: about {clock(rounds * mean)}")
    return lines
