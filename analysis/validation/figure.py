"""Two figures: how often the first three are right by trials, and whether intervals and claims keep their word."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes

from qim_stats.plots.sheet import ACCENT, FAINT, INK, MUTED, look, sheet, to_svg
from validation.claims import by_size, late_claims
from validation.results import Results
from validation.tables import ARTIFICIAL
from validation.work import ANALYZE, AWARE, CEILING, RAW

_ACROSS = 3  # panels
_WIDTH, _HEIGHT = 3.1, 2.3  # of a panel, inches
_NOMINAL = 0.95
DOTTED = (0, (1, 2))
"""Of lines that noise alone makes."""
LINE = "chosen by the posterior"
_MARKS = {"raw": ("s", MUTED, "fixed, raw contrast"), AWARE: ("o", ACCENT, "fixed, alias-aware")}
_KINDS = {AWARE: ("o", ACCENT), ANALYZE: ("^", INK)}


def right(rows: pd.DataFrame) -> str:
    """Draw the share of studies with the first three right, by trials, a panel a table.

    Parameters
    ----------
    rows : DataFrame
        Of ``Results``.

    Returns
    -------
    str
        A whole SVG file.
    """
    return panels(rows, _right_panel, "validation")


def panels(rows: pd.DataFrame, draw: Callable[[Axes, pd.DataFrame], None], name: str) -> str:
    """Draw a panel a table, and one legend for all.

    Parameters
    ----------
    rows : DataFrame
        Of ``Results``.
    draw : callable
        Of a panel, from the rows of its table.
    name : str
        Of the figure.

    Returns
    -------
    str
        A whole SVG file.
    """
    tables = list(dict.fromkeys(rows["table"]))
    down = math.ceil(len(tables) / _ACROSS)
    with look():
        figure = sheet(_ACROSS * _WIDTH, down * _HEIGHT + 0.6)
        axes = figure.subplots(down, _ACROSS, squeeze=False)
        for place, axis in enumerate(axes.flat):
            axis.set_visible(place < len(tables))
            if place < len(tables):
                draw(axis, rows[rows["table"] == tables[place]])
                axis.set_title(tables[place])
                axis.set_xlabel("trials")
        handles, labels = axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        return _file(to_svg(figure, name))


def claims(results: Results) -> str:
    """Draw simultaneous coverage by table and design, and how often claims of each size came true on real tables.

    Parameters
    ----------
    results : Results
        All of them.

    Returns
    -------
    str
        A whole SVG file.
    """
    tables = list(dict.fromkeys(results.rows["table"]))
    with look():
        figure = sheet(9.3, 1.4 + 0.28 * max(len(tables), 8))
        left, middle = figure.subplots(1, 2)
        _coverage(left, results.rows, tables)
        _calibration(middle, results)
        return _file(to_svg(figure, "validation-claims"))


def _right_panel(axis: Axes, rows: pd.DataFrame) -> None:
    ceiling = rows[rows["design"] == CEILING].sort_values("trials")
    axis.plot(ceiling["trials"], ceiling["p_top3"], color=MUTED, linewidth=1.0, linestyle=DOTTED, label=CEILING)
    chosen = chosen_rows(rows)
    draw_errors(axis, chosen, "p_top3", color=ACCENT, linewidth=1.6, label=LINE)
    fixed = rows[rows["design"].isin(RAW)]
    for estimator, (marker, color, label) in _MARKS.items():
        own = fixed[fixed["estimator"] == estimator].sort_values("trials")
        draw_errors(axis, own, "p_top3", color=color, linestyle="none", marker=marker, markersize=3.5, label=label)
    axis.set_ylim(-0.02, 1.04)
    axis.set_xlim(10, 50)
    axis.set_xticks([12, 24, 32, 48])
    axis.grid(color=FAINT, linewidth=0.4)
    axis.set_ylabel("first three right")


def chosen_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the looks at studies that choose their trials by the posterior, by trials."""
    return rows[rows["design"].str.fullmatch(r"pb\d+\.\.\d+") & (rows["estimator"] == AWARE)].sort_values("trials")


def draw_errors(axis: Axes, rows: pd.DataFrame, measure: str, **style: object) -> None:
    """Draw a measure by trials with two Monte Carlo errors to either side."""
    twice = 2.0 * rows[f"{measure}_error"]
    axis.errorbar(rows["trials"], rows[measure], yerr=twice, elinewidth=0.6, **style)  # type: ignore[arg-type]


def _coverage(axis: Axes, rows: pd.DataFrame, tables: list[str]) -> None:
    axis.axvline(_NOMINAL, color=MUTED, linewidth=0.8, linestyle=":")
    place = {name: len(tables) - 1 - at for at, name in enumerate(tables)}
    for shift, (estimator, (marker, color)) in zip((0.14, -0.14), _KINDS.items(), strict=True):
        own = rows[(rows["estimator"] == estimator) & rows["coverage_simultaneous"].notna()]
        y = own["table"].map(place).to_numpy(dtype=np.float64) + shift
        axis.plot(
            own["coverage_simultaneous"],
            y,
            color=color,
            linestyle="none",
            marker=marker,
            markersize=3.5,
            alpha=0.6,
            label=estimator,
            clip_on=False,
        )
    axis.set_yticks(range(len(tables)), tables[::-1])
    axis.set_xlim(min(0.7, float(rows["coverage_simultaneous"].min())), 1.0)
    axis.grid(axis="y", color=FAINT, linewidth=0.4)
    axis.set_title("simultaneous coverage")
    axis.legend(frameon=False, loc="best")


def _calibration(axis: Axes, results: Results) -> None:
    claims = late_claims(results)
    kept = claims[claims["role"] != ARTIFICIAL]
    axis.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
    colors = seaborn.color_palette("husl", 3)
    shown = (("pair", AWARE, "pairs, alias-aware"), ("pair", ANALYZE, "pairs, analyze"), ("top3", AWARE, "first three"))
    for color, (about, estimator, label) in zip(colors, shown, strict=True):
        sizes = by_size(kept[(kept["about"] == about) & (kept["estimator"] == estimator)])
        axis.plot(sizes["claimed"], sizes["right"], color=color, marker="o", markersize=3, label=label)
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1.02)
    axis.grid(color=FAINT, linewidth=0.4)
    axis.set_title("claims on real tables, 24 trials or more")
    axis.set_xlabel("claimed probability")
    axis.set_ylabel("came true")
    axis.legend(frameon=False)


def _file(svg: str) -> str:
    """Make a file of its own of what is made to stand in an HTML page."""
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(' aria-hidden="true"', "") + "\n"
