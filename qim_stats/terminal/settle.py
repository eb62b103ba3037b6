"""What a step towards a settled goal prints, and what each block of a study taught."""

from __future__ import annotations

from collections.abc import Sequence

from qim_stats.followup.goal import Goal
from qim_stats.followup.settle import NextRuns, Step
from qim_stats.followup.standing import counted
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
    for alert in step.follow_up.alerts if isinstance(step, NextRuns) else step.alerts:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    for sentence in after:
        lines += labelled("next", sentence)
    return "\n".join(lines) + "\n"
