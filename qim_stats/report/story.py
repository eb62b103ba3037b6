"""The story of a study that went on until its goal was settled: what each block taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qim_stats.followup.advice import short_of
from qim_stats.report.numbers import EN_DASH, MISSING, probability, seconds

if TYPE_CHECKING:
    from qim_stats.followup.settle import Step
    from qim_stats.followup.standing import Standing
    from qim_stats.followup.story import Chapter

View = dict[str, Any]
_SHOWN = 6  # pairs in a cell


def story_view(step: Step, story: Sequence[Chapter]) -> View:
    """Return how the study ended, and a row for each block.

    Parameters
    ----------
    step : Step
        The last.
    story : sequence of Chapter
        All stages.

    Returns
    -------
    dict
        For the template ``story.html``.
    """
    goal = step.standing.goal
    return {
        "goal": goal.text,
        "probability": step.standing.probability,
        "measure": goal.measure_name,
        "words": step.words,
        "next": f"For {goal.text}: nothing, it is settled." if step.outcome == "settled" else step.words[0],
        "run": step.run,
        "budget": step.budget,
        "rows": [_row(chapter) for chapter in story],
    }


def _row(chapter: Chapter) -> View:
    span = str(chapter.first)
    if chapter.last > chapter.first:
        span += f"{EN_DASH}{chapter.last}"
    lost = chapter.last - chapter.first + 1 - chapter.done
    return {
        "number": chapter.number,
        "trials": span,
        "lost": f"({lost} without a response)" if lost else "",
        "seconds": seconds(chapter.seconds),
        "before": _measure(chapter.before),
        "after": _measure(chapter.after),
        "answer": chapter.silence if chapter.after is None else chapter.after.words,
        "settled": _pairs(chapter.settled_pairs),
        "reopened": _pairs(chapter.reopened_pairs),
    }


def _measure(standing: Standing | None) -> str:
    if standing is None:
        return MISSING
    if standing.goal.kind == "order":
        return f"{standing.measure:.0f}"
    # Nearly what was wanted is not that: 0.90 would read as settled at 0.9.
    told = probability(standing.measure)
    return short_of(standing.measure, standing.probability) if told[0] not in "<>" else told


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """Write pairs as ``a > b``; many of them by their number."""
    if not pairs:
        return "none"
    told = "; ".join(f"{first} > {second}" for first, second in pairs[:_SHOWN])
    return told if len(pairs) <= _SHOWN else f"{told}; {len(pairs) - _SHOWN} more"
