"""A measure by trials, a panel a table: the method, and what noise alone leaves."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from qim_stats.plots.sheet import ACCENT, FAINT, INK, MUTED, look, sheet, to_svg
from validation.figure import ACROSS, HEIGHT, WIDTH, file_of
from validation.knower import ALONE
from validation.work import AWARE

_LAST = 48  # trials


def by_trials(rows: pd.DataFrame, alone: pd.DataFrame, measure: str, label: str, wanted: float | None = None) -> str:
    """Draw a measure by trials.

    Parameters
    ----------
    rows : DataFrame
        Of ``Results``; a panel for each of their tables.
    alone : DataFrame
        Of ``noise_alone``.
    measure : str
        A column of both.
    label : str
        What it is, for the axis.
    wanted : float, optional
        A line to draw.

    Returns
    -------
    str
        A whole SVG file.
    """
    tables = list(dict.fromkeys(rows["table"]))
    down = math.ceil(len(tables) / ACROSS)
    with look():
        figure = sheet(ACROSS * WIDTH, down * HEIGHT + 0.6)
        axes = figure.subplots(down, ACROSS, squeeze=False)
        for place, axis in enumerate(axes.flat):
            axis.set_visible(place < len(tables))
            if place < len(tables):
                own, known = (frame[frame["table"] == tables[place]] for frame in (rows, alone))
                _panel(axis, own, known, measure, wanted)
                axis.set_ylabel(label)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        return file_of(to_svg(figure, f"noise-alone-{measure}"))


def _panel(axis: Axes, rows: pd.DataFrame, alone: pd.DataFrame, measure: str, wanted: float | None) -> None:
    known = alone[(alone["design"] == ALONE) & (alone["trials"] <= _LAST)].sort_values("trials")
    axis.plot(known["trials"], known[measure], color=MUTED, linewidth=1.2, linestyle=(0, (1, 2)), label=ALONE)
    chosen = rows[rows["design"].str.fullmatch(r"pb\d+\.\.\d+") & (rows["estimator"] == AWARE)].sort_values("trials")
    twice = 2.0 * chosen[f"{measure}_error"]
    axis.errorbar(
        chosen["trials"],
        chosen[measure],
        yerr=twice,
        elinewidth=0.6,
        color=ACCENT,
        linewidth=1.6,
        label="chosen by the posterior",
    )
    if wanted is not None:
        axis.axhline(wanted, color=INK, linewidth=0.6, linestyle="--", label="wanted")
    axis.set_ylim(0.0, 1.04 if measure == "settled" else float(rows["factors"].iloc[0]) - 0.5)
    axis.set_xlim(14, 50)
    axis.set_xticks([16, 24, 32, _LAST])
    axis.grid(color=FAINT, linewidth=0.4)
    axis.set_title(str(rows["table"].iloc[0]))
    axis.set_xlabel("trials")
