"""How text is laid out on a terminal of 80 columns: paragraphs, labelled paragraphs, tables and numbers."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Any

from qim_stats.errors import one_line

WIDTH = 80
_NAME = 24
_SHORTEST = 8
_GAP = "  "
_SECOND_HALF = "\uf8ff"  # stands for the second column of a wide character while lines are broken


def table_lines(header: list[str], rows: list[list[str]]) -> list[str]:
    """Align a table with the factor's column to the left and the others to the right.

    Names are cut where they take more than 24 columns, or make the table wider than the terminal.
    """
    name = header.index("factor")
    others = [max(_columns(row[i]) for row in [header, *rows]) for i in range(len(header)) if i != name]
    limit = max(_SHORTEST, min(_NAME, WIDTH - sum(others) - len(_GAP) * len(others)))
    cells = [header, *([_shorten(c, limit) if i == name else c for i, c in enumerate(row)] for row in rows)]
    widths = [max(_columns(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        padded = []
        for i, cell in enumerate(row):
            space = " " * (widths[i] - _columns(cell))
            padded.append(cell + space if i == name else space + cell)
        lines.append(_GAP.join(padded).rstrip())
    return lines


def _shorten(name: str, limit: int) -> str:
    shown = one_line(name)
    ends = list(accumulate(map(_columns, shown)))
    if not ends or ends[-1] <= limit:
        return shown
    return shown[: bisect_right(ends, limit - 1)] + "…"


def _columns(text: str) -> int:
    """Count the terminal columns a text takes; East Asian wide characters take two."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def number(value: Any) -> str:
    """Write a number with four significant digits; a hyphen when missing."""
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"


def p_value(value: Any) -> str:
    """Write a p-value with three decimals, ``<0.001`` below."""
    if value is None or math.isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def percent(value: Any) -> str:
    """Write a share as a percentage."""
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f} %"


def share(value: Any) -> str:
    """Write a probability with two decimals."""
    return "-" if value is None or math.isnan(value) else f"{value:.2f}"


def wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    """Break a paragraph into lines of at most 80 columns, never within a word."""
    lines = textwrap.wrap(
        "".join(c + _SECOND_HALF * (_columns(c) - 1) for c in one_line(text)),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace(_SECOND_HALF, "") for line in lines]


def labelled(label: str, text: str) -> list[str]:
    """Break a paragraph into lines with a label in front and the rest indented."""
    return wrap(text, f"{label:<9}", " " * 9)
