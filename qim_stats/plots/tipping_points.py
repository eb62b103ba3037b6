"""How large a single interaction must be to overturn each effect: its tipping points, on one scale."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, NullFormatter

from qim_stats.plots.sheet import ACCENT, FAINT, INK, MUTED, look, quiet_grid, sheet, short, to_svg

MAX_TERMS = 30
# Shapes that differ without colour; hollow where the claim bends, full where it breaks.
_MARKS: dict[str, tuple[Literal["o", "D", "s"], str, str]] = {
    "rank": ("o", "white", "changes its rank"),
    "noise": ("D", "white", "brings it within noise"),
    "cancel": ("s", ACCENT, "cancels it"),
}


def tipping_sizes(tipping: pd.DataFrame) -> str:
    """Draw the tipping points of each effect.

    Parameters
    ----------
    tipping : DataFrame
        As of ``tipping_points``: ``term, kind, interaction, relative_size``; the first 30 terms are drawn, and the
        title says so. A term that nothing tips has the word ``clear`` instead.

    Returns
    -------
    str
        An SVG element.
    """
    terms = list(dict.fromkeys(tipping["term"]))
    places = {term: i for i, term in enumerate(terms[:MAX_TERMS])}
    drawn = tipping[tipping["term"].isin(places) & (tipping["relative_size"] > 0.0)]
    with look():
        figure = sheet(6.6, 1.35 + 0.27 * max(len(places), 1))
        axes = figure.add_subplot()
        axes.set_xscale("log")
        quiet_grid(axes, "x")
        axes.axvline(1.0, color=MUTED, linewidth=0.8, linestyle="--")
        for term, rows in drawn.groupby("term", sort=False):
            span = rows["relative_size"].to_numpy(dtype=np.float64)
            axes.hlines(places[str(term)], span.min(), span.max(), color=FAINT, linewidth=2.0, zorder=1)
        for kind, (marker, fill, label) in _MARKS.items():
            rows = drawn[drawn["kind"] == kind]
            at = [places[term] for term in rows["term"]]
            if at:
                sizes = rows["relative_size"]
                axes.scatter(
                    sizes, at, s=26, marker=marker, color=fill, edgecolor=INK, linewidth=0.9, zorder=3, label=label
                )
        for term in tipping.loc[(tipping["kind"] == "clear") & tipping["term"].isin(places), "term"]:
            axes.annotate("clear", (1.0, places[term]), xycoords=("axes fraction", "data"), ha="right", va="center")
        axes.set_yticks(np.arange(len(places)), [short(str(term)) for term in places])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(max(len(places), 1) - 0.5, -0.5)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("size of the smallest single interaction that does it, in units of the largest main effect")
        if len(terms) > MAX_TERMS:
            axes.set_title(f"the first {MAX_TERMS} of {len(terms)} effects")
        if len(drawn):
            figure.legend(loc="outside upper left", ncols=3, frameon=False)
        return to_svg(figure, "tipping-points")
