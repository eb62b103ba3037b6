"""A screen beside the full factorial of the same factors, as plain text."""

from __future__ import annotations

from qim_stats.analysis import Analysis
from qim_stats.terminal.analysis import analysis_text
from qim_stats.terminal.layout import labelled, number, percent, table_lines, wrap
from qim_stats.validation import Validation


def validation_text(screen: Analysis, validation: Validation, report: str | None = None) -> str:
    """Tell a screen, and how it compares with the full factorial.

    Parameters
    ----------
    screen : Analysis
        The screen.
    validation : Validation
        The comparison.
    report : str, optional
        Where the HTML report is.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    cost = validation.cost
    screened = validation.screen.set_index("factor").to_dict("index")
    rows = []
    for true in validation.truth.to_dict("records"):
        seen = screened[true["factor"]]
        interval = f"{seen['rank_low']}-{seen['rank_high']}"
        ranks = (str(true["rank"]), str(seen["rank"]))
        rows.append([ranks[0], str(true["factor"]), number(true["effect"]), ranks[1], interval, number(seen["effect"])])
    lines = [
        *analysis_text(screen).splitlines(),
        "",
        *wrap(_agreement(validation)),
        "",
        *table_lines(["true rank", "factor", "true effect", "screen rank", "interval", "screen effect"], rows),
        "",
    ]
    if cost["seconds_ratio"] is not None:
        text = f"{cost['screen_seconds']:.0f} s of training against {cost['full_seconds']:.0f} s"
        lines += labelled("cost", f"{text} ({percent(cost['seconds_ratio'])})")
    if report is not None:
        lines += labelled("report", report)
    return "\n".join(lines) + "\n"


def _agreement(validation: Validation) -> str:
    agreement, cost, k = validation.agreement, validation.cost, len(validation.truth)
    parts = [f"Kendall's tau {number(agreement['kendall_tau'])}"]
    tops = {n: agreement[f"top{n}"] for n in (1, 3, 5)}
    parts += [f"top {n} {'right' if right else 'wrong'}" for n, right in tops.items() if right is not None]
    parts.append(_pairs(agreement["pairs_right"], agreement["pairs_resolved"], k * (k - 1) // 2))
    parts.append(f"{percent(agreement['rank_interval_coverage'])} of the rank intervals hold the true rank")
    return f"{cost['screen_trials']} trials against {cost['full_trials']}: {'; '.join(parts)}."


def _pairs(right: int, resolved: int, pairs: int) -> str:
    if not pairs:
        return "one factor makes no pair to order"
    if not resolved:
        return f"the screen orders none of the {pairs} pairs"
    verb = "is" if right == 1 else "are"
    return f"{right} of the {resolved} pairs that the screen orders {verb} right (of {pairs})"
