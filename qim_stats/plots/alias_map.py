"""The alias matrix as a map: which interactions go into which terms of a model, and how much of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from qim_stats.plots.sheet import FAINT, INK, Array, look, sheet, short, to_svg

MAX_ROWS = 20
MAX_COLUMNS = 45
LABELLED_CELLS = 320
_ZERO = 1e-9
# From light to dark, so that the map reads the same without colour.
_CLASSES = (
    (1.0 / 3.0 + _ZERO, "#d6e2ee", "up to 1/3"),
    (2.0 / 3.0 + _ZERO, "#8fb1d3", "up to 2/3"),
    (1.0 - _ZERO, "#3f78ae", "below 1"),
    (np.inf, "#0b2f55", "1 or more"),
)
_UNKNOWN = len(_CLASSES)
_HATCH = "////"


def alias_map(coefficients: pd.DataFrame) -> str:
    """Draw the sizes of alias coefficients as shades, with their values where there is room.

    Parameters
    ----------
    coefficients : DataFrame, shape (p, m)
        A row per term, a column per interaction outside the model; a row of NaN cannot be estimated. What is larger
        than 20 by 45 is cut: the rows and the columns with the largest coefficients stay, in their order, and the
        title says so.

    Returns
    -------
    str
        An SVG element.
    """
    shown = _largest(coefficients)
    values = shown.to_numpy(dtype=np.float64)
    rows, columns = values.shape
    with look():
        figure = sheet(max(4.6, 1.5 + 0.215 * columns), 2.0 + 0.2 * rows)
        axes = figure.add_subplot()
        _shades(axes, values)
        if values.size <= LABELLED_CELLS:
            _labels(axes, values)
        axes.set_xlim(-0.5, max(columns, 1) - 0.5)
        axes.set_ylim(max(rows, 1) - 0.5, -0.5)
        axes.set_xticks(np.arange(columns), [short(str(name), 24) for name in shown.columns], rotation=90)
        axes.set_yticks(np.arange(rows), [short(str(name), 24) for name in shown.index])
        axes.set_xticks(np.arange(1, columns) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, rows) - 0.5, minor=True)
        axes.grid(visible=True, which="minor", color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        axes.tick_params(which="both", length=0)
        axes.set_title(_title(coefficients, shown))
        _legend(axes, values)
        return to_svg(figure, "alias-map")


def _largest(coefficients: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows and columns that hold the largest coefficients, in their order."""
    sizes = np.nan_to_num(np.abs(coefficients.to_numpy(dtype=np.float64)), nan=np.inf)
    rows = _first(sizes.max(axis=1, initial=0.0), MAX_ROWS)
    columns = _first(sizes[rows].max(axis=0, initial=0.0), MAX_COLUMNS)
    return coefficients.iloc[rows, columns]


def _first(sizes: Array, limit: int) -> list[int]:
    ranked = np.argsort(-np.where(np.isfinite(sizes), np.round(sizes / _ZERO), np.inf), kind="stable")
    return sorted(int(i) for i in ranked[:limit])


def _shades(axes: Axes, values: Array) -> None:
    """Fill the cells, all of one shade as one shape: one per cell would make the page large."""
    shades = np.array([[_shade(v) for v in row] for row in values], dtype=np.int64).reshape(values.shape)
    for shade in np.unique(shades[shades >= 0]):
        style = {"facecolor": "white", "edgecolor": FAINT, "hatch": _HATCH} if shade == _UNKNOWN else {}
        style = style or {"facecolor": _CLASSES[shade][1], "edgecolor": "white"}
        axes.add_patch(PathPatch(_cells(shades == shade), linewidth=0.5, **style))


def _cells(there: npt.NDArray[np.bool_]) -> Path:
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    at = np.argwhere(there)[:, ::-1]
    return Path((at[:, None, :] + corners).reshape(-1, 2), codes * len(at))


def _labels(axes: Axes, values: Array) -> None:
    for row, column in np.argwhere(np.abs(values) > _ZERO):
        value = float(values[row, column])
        text = f"{abs(value):.2f}".lstrip("0") if abs(value) < 0.995 else f"{abs(value):.3g}"
        sign = "\N{MINUS SIGN}" if value < 0.0 else ""
        ink = "white" if _shade(value) >= 2 else INK
        axes.text(column, row, sign + text, ha="center", va="center", fontsize=5.5, color=ink)


def _shade(value: float) -> int:
    """Return the class of a coefficient; -1 for none."""
    if np.isnan(value):
        return _UNKNOWN
    if abs(value) <= _ZERO:
        return -1
    return next(i for i, (limit, _, _) in enumerate(_CLASSES) if abs(value) <= limit)


def _title(coefficients: pd.DataFrame, shown: pd.DataFrame) -> str:
    (rows, columns), (all_rows, all_columns) = shown.shape, coefficients.shape
    parts = []
    if rows < all_rows:
        parts.append(f"{rows} of {all_rows} terms")
    if columns < all_columns:
        parts.append(f"{columns} of {all_columns} interactions")
    what = "Share of each interaction (column) in each term (row)"
    return f"{what}; shown: {' and '.join(parts)}, those of the largest shares" if parts else what


def _legend(axes: Axes, values: Array) -> None:
    """Explain the shades that are there."""
    there = sorted({_shade(v) for v in values.flat} - {-1})
    handles = [Patch(facecolor="white", edgecolor=FAINT, label="none")]
    handles += [Patch(facecolor=_CLASSES[i][1], label=_CLASSES[i][2]) for i in there if i != _UNKNOWN]
    if _UNKNOWN in there:
        handles.append(Patch(facecolor="white", edgecolor=FAINT, hatch=_HATCH, label="cannot be estimated"))
    figure = axes.get_figure(root=True)
    if figure is not None:
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), frameon=False)
