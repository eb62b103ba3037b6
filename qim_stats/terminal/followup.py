"""What `augment` prints: the answer, the options side by side, and how to go on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qim_stats.followup.follow_up import FollowUp
from qim_stats.terminal.layout import labelled, number, wrap


def follow_up_text(found: FollowUp, after: Sequence[str] = ()) -> str:
    """Tell a follow-up.

    Parameters
    ----------
    found : FollowUp
        What to tell.
    after : sequence of str
        Sentences for the end, such as where the runs were written.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    lines = []
    for sentence in found.words:
        lines += wrap(sentence)
    lines += ["", *_table(found), ""]
    for row in found.options.to_dict("records"):
        lines += wrap(str(row["words"]), f"{row['method']:<11} ", " " * 12)
    lines.append("")
    measure = (
        f"settled: probability that the goal is settled at {found.probability:g} after the runs; after: the expected "
        f"{found.goal.measure_name} ({_digits(found.now)} now); behind: how much less than the best, by the same "
        "simulated futures; +-: Monte Carlo errors."
    )
    lines += labelled("table", measure)
    if found.options["seconds"].notna().any():
        lines += labelled("", "seconds: expected time of all the runs, by that of the trials so far.")
    lines += labelled(
        "assumed", f"noise of a trial about {number(found.noise_sd)} (SD); interactions as in the analysis."
    )
    if is_priced(found):
        lines += labelled(
            "", "cost: of all the runs; chosen is what gains most for its cost, and behind is for equal cost."
        )
    for alert in found.alerts:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    for sentence in after:
        lines += labelled("next", sentence)
    return "\n".join(lines) + "\n"


def _table(found: FollowUp) -> list[str]:
    timed = found.options["seconds"].notna().any()
    priced = is_priced(found)
    last = [*(["cost"] if priced else []), *(["seconds"] if timed else [])]
    header = ["option", "runs", "settled", "+-", "after", "+-", "behind", "+-", *last]
    rows = [header]
    for row in found.options.to_dict("records"):
        mark = " *" if row["method"] == found.chosen else ""
        if row["after"] is None or math.isnan(row["after"]):
            rows.append([row["method"], "-", "-", "", "-", "", "-", "", *("-" for _ in last)])
            continue
        rows.append(
            [
                row["method"] + mark, str(row["runs"]),
                *(_digits(row[key]) for key in ("p_settled", "p_settled_error", "after", "after_error")),
                *(_digits(row[key]) for key in ("behind", "behind_error")),
                *(number(row[key]) for key in last),
            ]
        )  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = []
    for cells in rows:
        padded = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        lines.append("  ".join(padded).rstrip())
    return [*lines, "* chosen"]


def is_priced(found: FollowUp) -> bool:
    """Whether runs differ in cost."""
    return bool(found.method["cost"])


def _digits(value: float) -> str:
    """Write a number with two decimals, or three digits where it is 10 or more."""
    return f"{value:.2f}" if abs(value) < 10.0 else f"{value:.3g}"
