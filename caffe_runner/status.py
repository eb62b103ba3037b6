"""Where a study stands, readable also while another process runs it."""

from __future__ import annotations

import textwrap
from collections import Counter

from caffe_runner.ledger import Entry
from caffe_runner.progress import trial_line
from caffe_runner.study.study_file import Study
from caffe_runner.trial import AT_CHANCE, TrialState
from qim_stats.errors import one_line

# As qim_stats.terminal.layout has it, whose import brings all that an analysis needs.
_WIDTH = 80


def best_entry(entries: list[Entry], study: Study) -> Entry | None:
    """Return the finished trial with the best response, or None."""
    done = [e for e in entries if e.state is TrialState.DONE and e.result is not None]
    sign = 1 if study.direction == "maximize" else -1
    return max(done, key=lambda e: sign * e.result.metrics[study.response] if e.result else 0.0, default=None)


def summary(entries: list[Entry], study: Study) -> list[str]:
    """Tell in a few lines how far a study is.

    Parameters
    ----------
    entries : list of Entry
        Every trial with its state.
    study : Study
        The study.

    Returns
    -------
    list of str
        Counts by state, the best response, and a line for each trial that needs attention.
    """
    counts = Counter(entry.state.value for entry in entries)
    told = ", ".join(f"{counts[state.value]} {state.value}" for state in TrialState if counts[state.value])
    lines = [f"{one_line(study.name)}: {len(entries)} trials: {told}"]
    at_chance = [e for e in entries if e.result and e.result.reason == AT_CHANCE]
    if at_chance:
        told = f"{len(at_chance)} of the trials done: {study.chance_text()}"
        lines += textwrap.wrap(told, _WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
    best = best_entry(entries, study)
    if best is not None and best.result is not None:
        value = best.result.metrics[study.response]
        lines.append(f"best {one_line(study.response)} so far: {value:.4g} (trial {best.trial.number})")
    lines += [
        trial_line(entry.trial, entry.result, study.response)
        for entry in entries
        if entry.result is not None and entry.state is not TrialState.DONE
    ]
    return lines


def as_json(entries: list[Entry], study: Study, owner: str) -> dict[str, object]:
    """Give the same as a JSON value."""
    return {
        "schema": 1,
        "study": study.name,
        "running_process": owner or None,
        "counts": dict(Counter(entry.state.value for entry in entries)),
        "trials": [
            {
                "number": entry.trial.number,
                "run": entry.trial.run,
                "order": entry.trial.order,
                "seed": entry.trial.seed,
                "state": entry.state.value,
                "reason": entry.result.reason if entry.result else None,
                "seconds": entry.result.seconds if entry.result else None,
                study.response: entry.result.metrics.get(study.response) if entry.result else None,
            }
            for entry in entries
        ],
    }
