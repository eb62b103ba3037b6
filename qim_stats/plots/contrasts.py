"""The contrasts of a design, as a half-normal plot and as a Pareto plot, with the limits that noise seldom passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from qim_stats.plots.sheet import ACCENT, INK, MUTED, Array, look, quiet_grid, sheet, short, to_svg

MAX_BARS = 24
_LABELS = 10
_LINE, _LETTER = 0.045, 0.02  # room for a line and for a letter, in parts of the axes
_FILL = {"factor": ACCENT, "interaction": "#8fa8c0", "spare": "white"}
_WORDS = {"factor": "main effect", "interaction": "interaction", "spare": "spare column"}
_DASHES = ("--", ":")


@dataclass(frozen=True)
class Limit:
    """A size that contrasts of pure noise seldom reach: its short name and its value in the contrasts' unit."""

    name: str
    value: float


def half_normal(contrasts: pd.DataFrame, limits: Sequence[Limit], *, unit: str, scale: float | None) -> str:
    """Plot the sizes of the contrasts against those of pure noise.

    Parameters
    ----------
    contrasts : DataFrame, shape (m, 3)
        ``term, size, kind``; size is not negative, kind is ``factor``, ``interaction`` or ``spare``.
    limits : sequence of Limit
        Drawn across.
    unit : str
        The axis label of the sizes.
    scale : float or None
        Standard error of a contrast; the line of pure noise has this slope.

    Returns
    -------
    str
        An SVG element.

    Notes
    -----
    The i-th smallest of m sizes stands at the normal quantile of 1/2 + (i - 1/2)/(2 m): Daniel, C. (1959), Use of
    half-normal plots in interpreting factorial two-level experiments, Technometrics 1, 311-341.
    """
    ordered = contrasts.sort_values("size", kind="stable", ignore_index=True)
    m = len(ordered)
    normal = NormalDist()
    quantiles = np.array([normal.inv_cdf(0.5 + (i + 0.5) / (2 * m)) for i in range(m)])
    sizes = ordered["size"].to_numpy(dtype=np.float64)
    with look():
        figure = sheet(4.6, 3.7)
        axes = figure.add_subplot()
        quiet_grid(axes)
        if scale is not None:
            axes.plot([0, quantiles[-1]], [0, scale * quantiles[-1]], color=MUTED, linewidth=0.8, zorder=1)
        for kind, words in _WORDS.items():
            these = (ordered["kind"] == kind).to_numpy()
            if these.any():
                axes.scatter(
                    quantiles[these],
                    sizes[these],
                    s=22,
                    color=_FILL[kind],
                    edgecolor=INK,
                    linewidth=0.5,
                    label=words,
                    zorder=3,
                )
        axes.set_xlim(0, quantiles[-1] * 1.06)
        top = max([float(sizes.max()), *(limit.value for limit in limits)])
        axes.set_ylim(0, top * 1.1 if top > 0 else 1)
        _draw_across(axes, limits)
        _label_largest(axes, ordered["term"].tolist(), quantiles, sizes, limits)
        axes.set_xlabel("half-normal quantile")
        axes.set_ylabel(unit)
        if ordered["kind"].nunique() > 1:
            axes.legend(loc="upper left", bbox_to_anchor=(0, 1.13), ncols=3, frameon=False, handletextpad=0.1)
        return to_svg(figure, "half-normal")


def _draw_across(axes: Axes, limits: Sequence[Limit]) -> None:
    for limit, dash in zip(limits, _DASHES, strict=False):
        axes.axhline(limit.value, color=INK, linewidth=0.8, linestyle=dash, zorder=2)
    for words, value in _apart(limits, axes.get_ylim()[1]):
        axes.annotate(
            words, (0.0, value), xycoords=("axes fraction", "data"), xytext=(4, 2), textcoords="offset points"
        )


def _apart(limits: Sequence[Limit], top: float) -> list[tuple[str, float]]:
    """Return the limits' names with their places; names that would lie on each other share the upper place."""
    places: list[tuple[str, float]] = []
    for limit in sorted(limits, key=lambda limit: limit.value):
        if places and limit.value - places[-1][1] < 0.06 * top:
            places[-1] = (f"{places[-1][0]}, {limit.name}", limit.value)
        else:
            places.append((limit.name, limit.value))
    return places


def _label_largest(axes: Axes, terms: list[str], quantiles: Array, sizes: Array, limits: Sequence[Limit]) -> None:
    """Name the contrasts above the lowest limit, or the largest three, where a name hides neither points nor names."""
    threshold = min((limit.value for limit in limits), default=np.inf)
    count = min(max(3, int((sizes > threshold).sum())), _LABELS, len(sizes))
    gap = _LINE * axes.get_ylim()[1]
    free = np.inf
    for i in range(len(sizes) - 1, len(sizes) - 1 - count, -1):
        name = short(terms[i], 22)
        x, y = float(quantiles[i]), float(sizes[i])
        reach = _LETTER * (len(name) + 2) * axes.get_xlim()[1]
        others = quantiles[(np.abs(sizes - y) < gap / 2) & (quantiles != quantiles[i])]
        left = x - reach > 0 and not ((x - reach < others) & (others < x)).any()
        right = x + reach < axes.get_xlim()[1] and not ((x < others) & (others < x + reach)).any()
        if y > free - gap or not (left or right):
            continue
        free = y
        axes.annotate(
            name,
            (x, y),
            xytext=(-6 if left else 6, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            zorder=4,
        )


def pareto(contrasts: pd.DataFrame, limits: Sequence[Limit], *, unit: str) -> str:
    """Draw the sizes of the contrasts as bars, the largest on top.

    Parameters
    ----------
    contrasts : DataFrame, shape (m, 3)
        As in ``half_normal``; only the ``MAX_BARS`` largest are drawn.
    limits : sequence of Limit
        Drawn across.
    unit : str
        The axis label of the sizes.

    Returns
    -------
    str
        An SVG element.
    """
    shown = contrasts.sort_values("size", ascending=False, kind="stable", ignore_index=True).head(MAX_BARS)
    places = np.arange(len(shown))
    with look():
        figure = sheet(4.6, max(1.6, 0.9 + 0.21 * len(shown)) if len(shown) > 13 else 3.7)
        axes = figure.add_subplot()
        quiet_grid(axes, "x")
        axes.barh(
            places,
            shown["size"],
            height=0.62 * min(1.0, len(shown) / 8),
            color=[_FILL[kind] for kind in shown["kind"]],
            edgecolor=INK,
            linewidth=0.5,
        )
        axes.set_yticks(places, [short(term, 30) for term in shown["term"]])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        top = max([float(shown["size"].max()), *(limit.value for limit in limits)])
        axes.set_xlim(0, top * 1.08 if top > 0 else 1)
        for limit, dash, side in zip(limits, _DASHES, ("right", "left"), strict=False):
            axes.axvline(limit.value, color=INK, linewidth=0.8, linestyle=dash)
            axes.annotate(
                limit.name,
                (limit.value, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, 3) if side == "right" else (-2, 3),
                textcoords="offset points",
                ha="center" if len(limits) == 1 else side,
            )
        axes.set_xlabel(unit)
        return to_svg(figure, "pareto")
