"""Box and Meyer's posterior probabilities as bars, with their range over the priors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from qim_stats.plots.sheet import FAINT, INK, Array, look, quiet_grid, sheet, short, to_svg

MAX_BARS = 30
_NONE = "no factor"
_FILL = "#8fa8c0"  # lighter than the accent, so that the lines of the ranges show on it


def posterior_bars(factors: pd.DataFrame, *, none: float, none_range: tuple[float, float] | None = None) -> str:
    """Draw each factor's posterior probability of being active, the largest on top, and that of no active factor.

    Parameters
    ----------
    factors : DataFrame, shape (k, 2) or (k, 4)
        ``factor, posterior``, and where the priors were varied ``low, high``, which are drawn as a line; only the
        ``MAX_BARS`` most probable are drawn.
    none : float
        Posterior probability that no factor is active, the last bar.
    none_range : tuple of float, optional
        Its smallest and largest value over the priors.

    Returns
    -------
    str
        An SVG element.
    """
    ordered = factors.sort_values("posterior", ascending=False, kind="stable", ignore_index=True).head(MAX_BARS)
    ranged = {"low", "high"} <= set(ordered.columns)
    values = [*ordered["posterior"].tolist(), none]
    places = np.arange(len(values), dtype=np.float64)
    places[-1] += 0.4
    with look():
        figure = sheet(4.6, 0.9 + 0.21 * len(values))
        axes = figure.add_subplot()
        quiet_grid(axes, "x")
        axes.barh(
            places,
            values,
            height=0.62,
            color=[_FILL] * len(ordered) + [FAINT],
            edgecolor=INK,
            linewidth=0.5,
        )
        if ranged:
            _draw_ranges(axes, places[:-1], ordered["low"].to_numpy(), ordered["high"].to_numpy())
        if none_range is not None:
            _draw_ranges(axes, places[-1:], *np.array(none_range)[:, None])
        axes.set_yticks(places, [*(short(name, 30) for name in ordered["factor"]), _NONE])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(places[-1] + 0.6, -0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel("posterior probability" + ("; line: range over the priors" if ranged else ""))
        return to_svg(figure, "box-meyer")


def _draw_ranges(axes: Axes, places: Array, low: Array, high: Array) -> None:
    axes.hlines(places, low, high, color=INK, linewidth=1.2, zorder=3)
    for ends in (low, high):
        axes.vlines(ends, places - 0.16, places + 0.16, color=INK, linewidth=1.2, zorder=3)
