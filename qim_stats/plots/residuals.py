"""What the model leaves unexplained, in the three views that show outliers, curvature and drift."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import MaxNLocator

from qim_stats.plots.sheet import MUTED, Array, dots, look, quiet_grid, sheet, short, to_svg

MAX_POINTS = 1000
_SIZE = (3.1, 2.9)


def thinned(residuals: Array) -> npt.NDArray[np.intp]:
    """Choose which residuals to draw: all, or the largest and smallest 50 and evenly spaced ones of the others.

    Parameters
    ----------
    residuals : ndarray of float64, shape (n,)
        In any order.

    Returns
    -------
    ndarray of intp
        Positions, ascending; at most ``MAX_POINTS``.
    """
    n = len(residuals)
    if n <= MAX_POINTS:
        return np.arange(n)
    order = np.argsort(residuals, kind="stable")
    inner = order[50:-50]
    spaced = inner[np.linspace(0, len(inner) - 1, MAX_POINTS - 100).round().astype(np.intp)]
    return np.unique(np.concatenate([order[:50], spaced, order[-50:]]))


def normal_quantiles(residuals: Array, *, label: str) -> str:
    """Plot the sorted residuals against normal quantiles.

    Parameters
    ----------
    residuals : ndarray of float64, shape (n,)
        Without gaps.
    label : str
        What they are.

    Returns
    -------
    str
        An SVG element; the line goes through the quartiles, as in R's ``qqline``. The i-th smallest of n residuals
        stands at the normal quantile of (i - 3/8)/(n + 1/4): Blom, G. (1958), Statistical estimates and transformed
        beta-variables.
    """
    n = len(residuals)
    normal = NormalDist()
    quantiles = np.array([normal.inv_cdf((i + 0.625) / (n + 0.25)) for i in range(n)])
    ordered = np.sort(residuals)
    shown = thinned(ordered)
    low, high = np.quantile(ordered, [0.25, 0.75])
    slope = float(high - low) / (2.0 * normal.inv_cdf(0.75))
    with look():
        figure = sheet(*_SIZE)
        axes = figure.add_subplot()
        quiet_grid(axes)
        ends = quantiles[[0, -1]]
        axes.plot(ends, (low + high) / 2.0 + slope * ends, color=MUTED, linewidth=0.8)
        dots(axes, quantiles[shown], ordered[shown])
        axes.set_xlabel("normal quantile")
        axes.set_ylabel(label)
        return to_svg(figure, "residual-quantiles")


def residuals_against(x: Array, residuals: Array, *, name: str, x_label: str, label: str) -> str:
    """Plot the residuals against something else.

    Parameters
    ----------
    x, residuals : ndarray of float64, shape (n,)
        Without gaps.
    name : str
        A word for the figure's ids.
    x_label, label : str
        What the axes show.

    Returns
    -------
    str
        An SVG element.
    """
    shown = thinned(residuals)
    with look():
        figure = sheet(*_SIZE)
        axes = figure.add_subplot()
        quiet_grid(axes)
        axes.axhline(0.0, color=MUTED, linewidth=0.8)
        dots(axes, x[shown], residuals[shown])
        axes.set_xlabel(short(x_label, 40))
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=bool((x == np.round(x)).all())))
        return to_svg(figure, f"residuals-{name}")
