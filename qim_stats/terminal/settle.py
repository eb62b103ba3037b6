"""What a step towards a settled goal prints, and what each block of a study taught."""

from __future__ import annotations

from collections.abc import Sequence

from qim_stats.alerts import Alert
from qim_stats.errors import one_line
from qim_stats.followup.advice import short_of
from qim_stats.followup.goal import Goal
from qim_stats.followup.settle import NextRuns, Step
from qim_stats.followup.standing import Standing, counted
from qim_stats.followup.story import Chapter
from qim_stats.terminal.layout import labelled, table_lines, wrap


def first_of(goal: Goal, factors: int) -> str:
    """Head the column of the probabilities to be among the first."""
    count = counted(goal, factors)
    return "p(first)" if count == 1 else f"p(first {count})"


def step_text(step: Step, after: Sequence[str] = ()) -> str:
    """Tell a step.

    Parameters
    ----------
    step : Step
        What to tell.
    after : sequence of str
        Sentences for the end, such as where the runs were written.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    lines = [line for sentence in step.words for line in wrap(sentence)]
    top = step.standing.p_top
    first = first_of(step.standing.goal, len(top))
    lines += ["", *table_lines(["factor", first], [[name, f"{share:.2f}"] for name, share in top.items()]), ""]
    lines += labelled("trials", f"{step.run} of {step.budget} run, {step.standing.trials} with a response.")
    lines += _alerts(step.follow_up.alerts if isinstance(step, NextRuns) else step.alerts)
    for sentence in after:
        lines += labelled("next", sentence)
    return "\n".join(lines) + "\n"


def block_line(number: int, span: tuple[int, int], before: Standing | None, after: Standing) -> str:
    """Tell in one line what a block of a study taught.

    Parameters
    ----------
    number : int
        The block's, from 1.
    span : (int, int)
        Its first and its last trial.
    before : Standing or None
        What the trials before it said; None before the first.
    after : Standing
        What all trials up to its end say.

    Returns
    -------
    str
        Such as ``block 2, trials 13-16: p(top 3) 0.11 -> 0.30: base_lr, momentum, filters``.
    """
    earlier = "" if before is None else f"{_digits(before)} -> "
    told = f"block {number}, trials {_span(*span)}: {_measure(after)} {earlier}{_digits(after)}"
    return one_line(f"{told}: {_answer(after)}")


def story_text(step: Step, story: Sequence[Chapter]) -> str:
    """Tell how a study ended, and what each of its blocks taught.

    Parameters
    ----------
    step : Step
        The last.
    story : sequence of Chapter
        All stages.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    lines = [line for sentence in step.words for line in wrap(sentence)]
    header = ["block", "trials", _measure(step.standing), "pairs", "likeliest"]
    rows = [[str(c.number), _span(c.first, c.last), *_chapter(c)] for c in story]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(4)]
    lines.append("")
    for row in [header, *rows]:
        start = "  ".join(cell.rjust(width) for cell, width in zip(row[:4], widths, strict=True)) + "  "
        lines += wrap(row[4], start, " " * len(start))
    lines.append("")
    lines += labelled("pairs", f"of factors in an order of probability {step.standing.probability:g} or more.")
    lines += labelled("trials", f"{step.run} of {step.budget} run, {step.standing.trials} with a response.")
    return "\n".join([*lines, *_alerts(step.alerts)]) + "\n"


def _alerts(alerts: Sequence[Alert]) -> list[str]:
    labels = [("note" if alert.severity == "info" else alert.severity, alert.message) for alert in alerts]
    return [line for label, message in labels for line in labelled(label, message)]


def _chapter(chapter: Chapter) -> list[str]:
    if chapter.after is None:
        return ["-", "-", chapter.silence]
    return [_digits(chapter.after), str(len(chapter.after.pairs)), _answer(chapter.after)]


def _measure(standing: Standing) -> str:
    """Name the goal's measure in a few characters."""
    goal = standing.goal
    return {"top": f"p(top {goal.count})", "order": "ordered", "pair": "p(order)", "sign": "p(sign)"}[goal.kind]


def _digits(standing: Standing) -> str:
    if standing.goal.kind == "order":
        return f"{standing.measure:.0f}"
    return "1.00" if standing.measure == 1.0 else short_of(min(standing.measure, 0.99), standing.probability)


def _answer(standing: Standing) -> str:
    if standing.goal.kind == "top":
        return ", ".join(standing.answer)
    return standing.words


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
