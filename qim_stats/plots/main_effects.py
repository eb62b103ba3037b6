"""The response at the low and the high level of each factor, with the individual trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qim_stats.plots.sheet import ACCENT, FAINT, MUTED, Array, dots, look, quiet_grid, short, to_svg

MAX_POINTS = 4000
_COLUMNS = 4
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Panel:
    """What one factor's panel shows.

    Parameters
    ----------
    name : str
        The factor.
    low, high : str
        Its levels with their unit.
    coded : ndarray of float64, shape (n,)
        -1 or +1 for each trial.
    at_low, at_high : float
        The response that the model expects there, the other factors being held at their averages.
    stands_out : bool
        Whether it is told from noise.
    """

    name: str
    low: str
    high: str
    coded: Array
    at_low: float
    at_high: float
    stands_out: bool


def draws_points(factors: int, trials: int) -> bool:
    """Whether so many panels and trials leave room for each single trial."""
    return factors * trials <= MAX_POINTS


def main_effects(panels: Sequence[Panel], y: Array, *, response: str) -> str:
    """Draw a panel per factor, all on the same scale of the response.

    Parameters
    ----------
    panels : sequence of Panel
        The k factors, in the order to be read.
    y : ndarray of float64, shape (n,)
        The response of each trial.
    response : str
        Its name.

    Returns
    -------
    str
        An SVG element. With more than ``MAX_POINTS`` points in all, each level shows the range of the middle 80 % of
        its trials and that of the middle half instead.
    """
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    with look():
        # A grid of fixed margins: the automatic layout takes seconds for sixty panels.
        width, height = 0.6 + 2.1 * columns, 0.3 + 1.95 * rows
        figure = Figure(figsize=(width, height))
        figure.subplots_adjust(
            left=0.72 / width,
            right=1 - 0.06 / width,
            top=1 - 0.28 / height,
            bottom=0.32 / height,
            wspace=0.12,
            hspace=0.5,
        )
        margin = float(np.ptp(y)) * 0.08 or 1.0
        first: Axes | None = None
        for i, panel in enumerate(panels):
            axes = figure.add_subplot(rows, columns, i + 1, sharey=first)
            first = first or axes
            _draw(axes, panel, y, points=draws_points(len(panels), len(y)))
            if i % columns:
                axes.tick_params(axis="y", labelleft=False, length=0)
                axes.spines["left"].set_visible(False)
            else:
                axes.set_ylabel(short(response, 22))
        if first is not None:
            first.set_ylim(float(y.min()) - margin, float(y.max()) + margin)
        return to_svg(figure, "main-effects")


def _draw(axes: Axes, panel: Panel, y: Array, *, points: bool) -> None:
    color = ACCENT if panel.stands_out else MUTED
    quiet_grid(axes)
    for sign in (-1.0, 1.0):
        here = y[panel.coded == sign]
        if points:
            # Golden-ratio steps spread the points evenly and always in the same way.
            steps = (np.arange(len(here), dtype=np.float64) * _GOLDEN) % 1.0
            across: Array = sign + 0.3 * (steps - 0.5)
            dots(axes, across, here, s=9, color="none", edgecolor=color, linewidth=0.7, zorder=2)
        elif len(here):
            wide, narrow = np.quantile(here, [0.1, 0.9]), np.quantile(here, [0.25, 0.75])
            axes.vlines(sign, wide[0], wide[1], color=FAINT, linewidth=7, zorder=2)
            axes.vlines(sign, narrow[0], narrow[1], color="#a9a9a9", linewidth=7, zorder=2)
    axes.plot([-1, 1], [panel.at_low, panel.at_high], color=color, linewidth=1.6, marker="_", markersize=13, zorder=3)
    axes.set_xlim(-1.6, 1.6)
    axes.set_xticks([-1, 1], [short(panel.low, 16), short(panel.high, 16)])
    axes.set_title(short(panel.name, 26), color=color if panel.stands_out else "black")
