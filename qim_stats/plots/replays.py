"""Virtual studies drawn: how often the first three were right by trials, and what claimed probabilities were worth."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qim_stats.plots.sheet import ACCENT, INK, MUTED, look, quiet_grid, sheet, short, to_svg

_MARKERS = "osD^vP*X"
_COLORS = (ACCENT, INK, MUTED)


def top3_by_trials(designs: pd.DataFrame, ceiling: pd.DataFrame) -> str:
    """Draw the share of studies with the first three right against their trials, below what noise alone allows.

    Parameters
    ----------
    designs : DataFrame
        ``family, trials, p_top3, error``: designs of one family are joined by a line.
    ceiling : DataFrame
        ``trials, p_top3``.

    Returns
    -------
    str
        An SVG element.
    """
    with look():
        figure, axes = _paper()
        if len(ceiling) > 1:
            axes.plot(ceiling["trials"], ceiling["p_top3"], color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.plot(ceiling["trials"], ceiling["p_top3"], "_", color=MUTED, markersize=9, label="noise ceiling")
        for i, (family, rows) in enumerate(designs.groupby("family", sort=False)):
            points = rows.sort_values("trials")
            axes.errorbar(
                points["trials"],
                points["p_top3"],
                yerr=2.0 * points["error"],
                **_style(i),
                label=short(str(family), 36),
            )
        axes.set_ylim(0.0, 1.04)
        axes.set_xlabel("trials")
        axes.set_ylabel("share of studies with the first three right")
        figure.legend(loc="outside right upper", frameon=False)
        return to_svg(figure, "top3")


def calibration_curves(claims: pd.DataFrame) -> str:
    """Draw how often claimed orders of two factors were right, by how probable they were claimed to be.

    Parameters
    ----------
    claims : DataFrame
        ``name, claimed, right``, a row per bin.

    Returns
    -------
    str
        An SVG element.
    """
    with look():
        figure, axes = _paper()
        axes.plot([0.5, 1.0], [0.5, 1.0], color=MUTED, linewidth=0.8)
        for i, (name, rows) in enumerate(claims.groupby("name", sort=False)):
            axes.plot(rows["claimed"], rows["right"], **_style(i), label=short(str(name), 36))
        axes.set_xlim(0.49, 1.01)
        axes.set_ylim(min(0.45, float(claims["right"].min()) - 0.02), 1.02)
        axes.set_xlabel("claimed probability that one factor comes before another")
        axes.set_ylabel("share of such claims that were right")
        figure.legend(loc="outside right upper", frameon=False)
        return to_svg(figure, "calibration")


def _paper() -> tuple[Figure, Axes]:
    figure = sheet(6.6, 3.6)
    axes = figure.add_subplot()
    quiet_grid(axes)
    return figure, axes


def _style(i: int) -> dict[str, Any]:
    """Return the look of the i-th line: told apart by marker and not by colour alone, which not everyone sees."""
    color = _COLORS[i % len(_COLORS)]
    return {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5, "linewidth": 1.0, "color": color}
