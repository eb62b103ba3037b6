"""What each block of a study taught: the goal's standing after every stage, from the table alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pandas as pd

from qim_stats.errors import QimError, TrialsError
from qim_stats.followup.goal import Goal
from qim_stats.followup.settle import Step
from qim_stats.followup.standing import Standing, standing_of
from qim_stats.looks import stage_sizes
from qim_stats.trials import Trials, read_trials
from qim_stats.waiting import Progress, unheard


@dataclass(frozen=True)
class Chapter:
    """A stage of a study, and what was known before and after it.

    Parameters
    ----------
    number : int
        From 1, the study's own design.
    first, last : int
        Its rows of the table, from 1.
    done : int
        How many of them have a response.
    seconds : float or None
        What they took, all together; None where the table does not say.
    before, after : Standing or None
        What all rows before it said, and what they say with its own; None before the first, and where they say nothing.
    silence : str
        Why ``after`` is None, or empty.
    """

    number: int
    first: int
    last: int
    done: int
    seconds: float | None
    before: Standing | None
    after: Standing | None
    silence: str = ""

    @property
    def settled_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs in an order after this stage that were in none before."""
        known = set() if self.before is None else set(self.before.pairs)
        return () if self.after is None else tuple(pair for pair in self.after.pairs if pair not in known)

    @property
    def reopened_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs in an order before this stage that are in it no longer."""
        known = set() if self.after is None else set(self.after.pairs)
        return () if self.before is None else tuple(pair for pair in self.before.pairs if pair not in known)

    def to_dict(self) -> dict[str, Any]:
        """Return the chapter as plain values."""
        return {
            "block": self.number,
            "first_trial": self.first,
            "last_trial": self.last,
            "with_response": self.done,
            "seconds": self.seconds,
            "before": None if self.before is None else self.before.measure,
            "after": None if self.after is None else self.after.to_dict(),
            "newly_settled": [list(pair) for pair in self.settled_pairs],
            "reopened": [list(pair) for pair in self.reopened_pairs],
            "reason": self.silence or None,
        }


def story_record(step: Step, story: Sequence[Chapter]) -> dict[str, Any]:
    """Return the last step of a study and what each block taught, as plain values.

    Parameters
    ----------
    step : Step
        The last.
    story : sequence of Chapter
        All stages.

    Returns
    -------
    dict
        As docs/json.md tells.
    """
    return {**step.to_dict(), "blocks": [chapter.to_dict() for chapter in story]}


def tell_story(
    data: Trials,
    goal: Goal,
    probability: float,
    *,
    sizes: Sequence[int] | None = None,
    seed: int = 0,
    progress: Progress = unheard,
) -> tuple[Chapter, ...]:
    """Tell what each stage of a study taught.

    Parameters
    ----------
    data : Trials
        The whole table, in the order of the stages.
    goal : Goal
        What was to be settled.
    probability : float
        From which it counts as settled.
    sizes : sequence of int, optional
        Rows of each stage; by default as the metadata say.
    seed : int
        Of everything simulated; that of the steps, to have their numbers.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    tuple of Chapter
        One for each stage. What is told of a stage is what an analysis of the rows up to its end says, so trials that
        were run again later count with what they gave last.

    Raises
    ------
    TrialsError
        If the stages are not known, or do not make up the table.
    """
    rows = len(data.frame)
    given = stage_sizes(data.metadata.design if data.metadata else {}, rows) if sizes is None else list(sizes)
    if given is None or sum(given) != rows or min(given) < 1:
        raise TrialsError(
            f"nothing says which of the {rows} rows belong to which stage",
            where=data.source,
            remedy="list how many rows each stage has, in design.stage_trials of the metadata",
        )
    ends = [0, *accumulate(given)]
    chapters: list[Chapter] = []
    before: Standing | None = None
    for number, (start, end) in enumerate(pairwise(ends), start=1):
        silence = ""
        try:
            after = standing_of(first_rows(data, end), goal, probability, seed)
        except QimError as error:
            after, silence = None, error.problem
        done = int(data.usable[start:end].sum())
        chapters.append(Chapter(number, start + 1, end, done, _seconds(data, start, end), before, after, silence))
        before = after
        progress("telling what each block taught", number / len(given))
    return tuple(chapters)


def first_rows(data: Trials, rows: int) -> Trials:
    """Return the table as it was when it had so many rows.

    Parameters
    ----------
    data : Trials
        The whole table.
    rows : int
        How many.

    Returns
    -------
    Trials
        With the factors and levels of the whole.

    Raises
    ------
    QimError
        If these rows alone tell nothing.
    """
    if rows == len(data.frame):
        return data
    return read_trials(
        data.frame.iloc[:rows],
        response=data.response,
        direction=data.direction,
        factors=data.factors,
        block=data.block,
        diverged_as=_scored_as(data),
    )


def _scored_as(data: Trials) -> float | None:
    """Return what diverged trials were scored with, if they were."""
    scored = np.flatnonzero(data.scored & data.usable)
    if not len(scored):
        return None
    return float(data.y[np.flatnonzero(data.usable).tolist().index(int(scored[0]))])


def _seconds(data: Trials, start: int, end: int) -> float | None:
    if "seconds" not in data.frame:
        return None
    seconds = pd.to_numeric(data.frame["seconds"].iloc[start:end], errors="coerce")
    return float(seconds.sum()) if seconds.notna().any() else None
