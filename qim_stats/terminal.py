"""The answer as plain text for a terminal of 80 columns: verdict first, then the ranking, then what it rests on."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Any

import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.errors import one_line
from qim_stats.validation import Validation

WIDTH = 80
_NAME = 24


def analysis_text(analysis: Analysis, report: str | None = None) -> str:
    """Tell an analysis.

    Parameters
    ----------
    analysis : Analysis
        What to tell.
    report : str, optional
        Where its HTML report is.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    trials = analysis.trials
    counts = f"{trials.n} usable trials of {len(trials.frame)}, {len(trials.factors)} factors"
    lines = [
        *_wrap(analysis.verdict.text),
        "",
        *_wrap(f"{analysis.response} ({analysis.direction}): {counts}"),
        "",
        *_ranking(analysis.ranking()),
        "",
    ]
    lines += _labelled("error", f"{analysis.error_source}. {_error_words(analysis)}")
    lenth = analysis.lenth()
    if lenth is not None:
        text = f"PSE {_number(lenth.pse)}, ME {_number(lenth.me)}, SME {_number(lenth.sme)} from {lenth.m} contrasts"
        lines += _labelled("Lenth", text)
    shown = [a for a in analysis.alerts if a.severity != "info" or a in trials.alerts]
    for alert in shown:
        lines += _labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    lines += _labelled("next", analysis.verdict.next)
    if report is not None:
        lines += _labelled("report", report)
    return "\n".join(lines) + "\n"


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
        rows.append(
            [ranks[0], str(true["factor"]), _number(true["effect"]), ranks[1], interval, _number(seen["effect"])]
        )
    lines = [
        *analysis_text(screen).splitlines(),
        "",
        *_wrap(_agreement(validation)),
        "",
        *_table(["true rank", "factor", "true effect", "screen rank", "interval", "screen effect"], rows),
        "",
    ]
    if cost["seconds_ratio"] is not None:
        text = f"{cost['screen_seconds']:.0f} s of training against {cost['full_seconds']:.0f} s"
        lines += _labelled("cost", f"{text} ({_percent(cost['seconds_ratio'])})")
    if report is not None:
        lines += _labelled("report", report)
    return "\n".join(lines) + "\n"


def _agreement(validation: Validation) -> str:
    agreement, cost, k = validation.agreement, validation.cost, len(validation.truth)
    parts = [f"Kendall's tau {_number(agreement['kendall_tau'])}"]
    tops = {n: agreement[f"top{n}"] for n in (1, 3, 5)}
    parts += [f"top {n} {'right' if right else 'wrong'}" for n, right in tops.items() if right is not None]
    parts.append(_pairs(agreement["pairs_right"], agreement["pairs_resolved"], k * (k - 1) // 2))
    parts.append(f"{_percent(agreement['rank_interval_coverage'])} of the rank intervals hold the true rank")
    return f"{cost['screen_trials']} trials against {cost['full_trials']}: {'; '.join(parts)}."


def _pairs(right: int, resolved: int, pairs: int) -> str:
    if not pairs:
        return "one factor makes no pair to order"
    if not resolved:
        return f"the screen orders none of the {pairs} pairs"
    verb = "is" if right == 1 else "are"
    return f"{right} of the {resolved} pairs that the screen orders {verb} right (of {pairs})"


def _ranking(ranking: pd.DataFrame) -> list[str]:
    rows = [
        [
            str(row["rank"]),
            f"{row['rank_low']}-{row['rank_high']}",
            str(row["factor"]),
            _number(row["effect"]),
            _number(row["std_error"]),
            _p_value(row["p_adjusted"]),
            _percent(row["importance"]),
        ]
        for row in ranking.to_dict("records")
    ]
    return _table(["rank", "interval", "factor", "effect", "SE", "p adj", "importance"], rows)


def _error_words(analysis: Analysis) -> str:
    df = analysis.error.df
    return analysis.error.reason if df is None else f"{analysis.error.reason} (df {df:.3g})"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Align a table with the factor's column to the left and the others to the right."""
    name = header.index("factor")
    cells = [header, *([_shorten(c) if i == name else c for i, c in enumerate(row)] for row in rows)]
    widths = [max(_columns(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        padded = []
        for i, cell in enumerate(row):
            space = " " * (widths[i] - _columns(cell))
            padded.append(cell + space if i == name else space + cell)
        lines.append("  ".join(padded).rstrip())
    return lines


def _shorten(name: str) -> str:
    shown = one_line(name)
    ends = list(accumulate(map(_columns, shown)))
    if not ends or ends[-1] <= _NAME:
        return shown
    return shown[: bisect_right(ends, _NAME - 1)] + "…"


def _columns(text: str) -> int:
    """Count the terminal columns a text takes; East Asian wide characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _number(value: Any) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"


def _p_value(value: Any) -> str:
    if value is None or math.isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _percent(value: Any) -> str:
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def _wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        one_line(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _labelled(label: str, text: str) -> list[str]:
    return _wrap(text, f"{label:<9}", " " * 9)
