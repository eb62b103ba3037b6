"""One figure for the comparison: on each table the share of studies with the first three right, by trials."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import seaborn
from matplotlib.axes import Axes

from peers.comparison import budgets_of, ceiling
from peers.methods import METHODS, OURS
from peers.tables import PeerTable
from peers.trials_to_truth import SHARE
from qim_stats.plots.sheet import ACCENT, FAINT, MUTED, look, sheet, to_svg

_ACROSS = 2
_WIDTH, _HEIGHT = 4.2, 2.9  # of a panel, inches
_STYLES = ("-", "--", "-.")
_TICKS = (8, 16, 32, 64, 128)


def drawn(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> str:
    """Draw all tables.

    Parameters
    ----------
    rows : DataFrame
        Of ``cache.read``.
    tables : sequence of PeerTable
        A panel each.

    Returns
    -------
    str
        A whole SVG file.
    """
    down = math.ceil(len(tables) / _ACROSS)
    with look():
        figure = sheet(_ACROSS * _WIDTH, down * _HEIGHT + 1.3)
        axes = figure.subplots(down, _ACROSS, squeeze=False)
        colors = seaborn.color_palette("husl", len(METHODS) - 1)
        for place, axis in enumerate(axes.flat):
            if place >= len(tables):
                axis.set_visible(False)
                continue
            _panel(axis, rows[rows["table"] == tables[place].name], tables[place], colors)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        svg = to_svg(figure, "peers")
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(' aria-hidden="true"', "") + "\n"


def _panel(axis: Axes, rows: pd.DataFrame, table: PeerTable, colors: Sequence[tuple[float, float, float]]) -> None:
    axis.axhline(SHARE, color=MUTED, linewidth=0.6, linestyle=":")
    most = ceiling(table, budgets_of(table))
    axis.plot(most["trials"], most["p_top3"], color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)), label="noise ceiling")
    for place, method in enumerate(METHODS):
        own = rows[rows["method"] == method.name]
        # Where a method could not use the larger of two budgets, it ran the same number of trials at both.
        own = own.groupby("trials")["top3"].mean().reset_index()
        first = method is OURS[0]
        color = ACCENT if first else colors[place - 1]
        style = "-" if first else _STYLES[place % len(_STYLES)]
        axis.plot(
            own["trials"],
            own["top3"],
            color=color,
            linewidth=2.4 if first else 1.0,
            linestyle=style,
            marker="o",
            markersize=3.5 if first else 2.0,
            zorder=3 if first else 2,
            label=method.name,
        )
    axis.set_xscale("log", base=2)
    axis.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    axis.minorticks_off()
    axis.set_ylim(-0.02, 1.02)
    axis.grid(color=FAINT, linewidth=0.4)
    axis.set_title(f"{table.name}: {table.full.k} factors, {table.full.response}")
    axis.set_xlabel("trials")
    axis.set_ylabel("first three right")
