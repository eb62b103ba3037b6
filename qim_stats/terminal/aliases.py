"""Aliases and tipping points as plain text: what is mixed up with each effect, and what would overturn it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from qim_stats.errors import one_line
from qim_stats.terminal.layout import number, table_lines, wrap

_WORST = 3
_KINDS = ("cancel", "noise", "rank")
_INTRODUCTION = (
    "Aliases: how many interactions outside the model add to each effect, at most how much of one; and how large, in "
    "units of the largest main effect, a single one must be to cancel the effect, to bring it within noise, or to "
    "change its rank."
)


def alias_lines(status: pd.DataFrame, tipping: pd.DataFrame, *, terms: Sequence[str] | None = None) -> list[str]:
    """Tell the aliases and tipping points of effects.

    Parameters
    ----------
    status : DataFrame
        As of ``alias_status``.
    tipping : DataFrame
        As of ``tipping_points``.
    terms : sequence of str, optional
        The effects to tell of, such as the significant ones; by default all of ``status``.

    Returns
    -------
    list of str
        Lines of at most 80 columns, none without effects: a table with a row per effect (a hyphen where nothing tips
        it, or it was not asked); then, for each that is not clear, its worst aliases and each tipping point in words.
    """
    shown = status if terms is None else status[status["term"].isin(list(terms))]
    if shown.empty:
        return []
    found: dict[tuple[str, str], dict[Any, Any]] = {
        (row["term"], row["kind"]): row for row in tipping.to_dict("records") if row["kind"] in _KINDS
    }
    rows = shown.to_dict("records")
    cells = [
        [str(row["term"]), _mixed(row), *(_size(found.get((row["term"], kind))) for kind in _KINDS)] for row in rows
    ]
    lines = [*wrap(_INTRODUCTION), "", *table_lines(["factor", "aliases", *_KINDS], cells)]
    for row in rows:
        tips = [found[row["term"], kind] for kind in _KINDS if (row["term"], kind) in found]
        if row["count"] or tips:
            lines += ["", *_worst(row)]
            lines += [line for tip in tips for line in wrap(tip["words"], "  ", "    ")]
    return lines


def _mixed(row: dict[Any, Any]) -> str:
    return f"{row['count']}, at most {number(row['largest'])}" if row["count"] else str(row["status"])


def _size(tip: dict[Any, Any] | None) -> str:
    return "-" if tip is None or math.isnan(tip["relative_size"]) else f"{tip['relative_size']:.2g}"


def _worst(row: dict[Any, Any]) -> list[str]:
    pairs = row["aliased_with"][:_WORST]
    if not pairs:
        return wrap(f"{row['term']}: {row['status']}.")
    told = ", ".join(f"{share:+.2f} {one_line(name)}" for name, share in pairs)
    more = f", and {row['count'] - len(pairs)} more" if row["count"] > len(pairs) else ""
    return wrap(f"{row['term']}: {row['status']}, with {told}{more}.", "", "  ")
