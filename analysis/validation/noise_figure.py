"""A measure by trials, a panel a table: the method, and what noise alone leaves."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from qim_stats.plots.sheet import ACCENT, FAINT, INK, MUTED
from validation.figure import DOTTED, LINE, chosen_rows, draw_errors, panels
from validation.knower import ALONE, LOOKS


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
    looks = alone[(alone["design"] == ALONE) & alone["trials"].isin(LOOKS)].sort_values("trials")

    def panel(axis: Axes, own: pd.DataFrame) -> None:
        known = looks[looks["table"] == own["table"].iloc[0]]
        axis.plot(known["trials"], known[measure], color=MUTED, linewidth=1.2, linestyle=DOTTED, label=ALONE)
        draw_errors(axis, chosen_rows(own), measure, color=ACCENT, linewidth=1.6, label=LINE)
        if wanted is not None:
            axis.axhline(wanted, color=INK, linewidth=0.6, linestyle="--", label="wanted")
        axis.set_ylim(0.0, 1.04 if measure == "settled" else float(own["factors"].iloc[0]) - 0.5)
        axis.set_xlim(LOOKS[0] - 2, LOOKS[-1] + 2)
        axis.set_xticks([16, 24, 32, 48])
        axis.grid(color=FAINT, linewidth=0.4)
        axis.set_ylabel(label)

    return panels(rows, panel, f"noise-alone-{measure}")
