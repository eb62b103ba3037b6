"""The paper every figure is drawn on: its size, its look, and the way from matplotlib to SVG inside an HTML page.

Figures are made without pyplot, so none outlives the call that made it, and nothing depends on a display or on the
user's matplotlibrc.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import numpy.typing as npt
import seaborn
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from qim_stats.errors import one_line

Array = npt.NDArray[np.float64]

ACCENT = "#0b5394"
INK = "#222222"
MUTED = "#767676"
FAINT = "#d5d5d5"
NAME_LENGTH = 28

_LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud, and takes less room
    "text.parse_math": False,  # a factor may be called $x^2$
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that the layout is the same on every machine
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.limits": (-4, 6),
    "axes.formatter.useoffset": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "text.color": INK,
    "path.simplify": False,
}
_REFERENCE = re.compile(r"#([^)\s\"']+)")
_COORDINATES = ("d", "points", "transform", "x", "y")
_LONG_FRACTION = re.compile(r"(\.\d\d)\d+")
_XLINK = "{http://www.w3.org/1999/xlink}href"


@contextmanager
def look() -> Iterator[None]:
    """Draw in the house style, whatever the user's own settings; matplotlib's are restored afterwards."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Names in scripts that the measuring font lacks are still shown, by the reader's own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOK)
        yield


def sheet(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, laid out so that no text is cut off."""
    return Figure(figsize=(width, height), layout="constrained")


def to_svg(figure: Figure, name: str) -> str:
    """Turn a figure into an ``<svg>`` element that can stand in an HTML page beside others.

    Parameters
    ----------
    figure : Figure
        Drawn inside ``look``.
    name : str
        Letters, digits and hyphens; every id in the element begins with it.

    Returns
    -------
    str
        The element, without prolog, comments, metadata and style sheet, which would act on the whole page. The same
        figure gives the same text.
    """
    matplotlib.rcParams["svg.hashsalt"] = name
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})  # type: ignore[no-untyped-call]
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314  matplotlib wrote it a line above
    _tidy(root, name)
    width = float(root.get("viewBox", "0 0 0 0").split()[2])
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("style", f"max-width: {width * 4 / 3:.0f}px")
    root.set("aria-hidden", "true")
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(root: ElementTree.Element, name: str) -> None:
    """Drop namespaces, metadata, style sheets, indentation and the ids that nothing refers to; prefix the others.

    Coordinates keep two decimals, hundredths of 1/72 inch.
    """
    used = {
        found
        for element in root.iter()
        for key, value in element.attrib.items()
        if key == _XLINK or "url(#" in value
        for found in _REFERENCE.findall(value)
    }
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for child in [c for c in element if c.tag.rpartition("}")[2] in ("metadata", "style")]:
            element.remove(child)
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
        for key, value in list(element.attrib.items()):
            if key in _COORDINATES:
                element.set(key, _LONG_FRACTION.sub(r"\1", value))
            elif key == "id":
                del element.attrib[key]
                if value in used:
                    element.set("id", f"{name}-{value}")
            elif key == _XLINK:
                del element.attrib[key]
                element.set("href", f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def short(name: str, length: int = NAME_LENGTH) -> str:
    """Return a name on one line that fits a figure; the tables show it in full."""
    shown = one_line(name)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def dots(axes: Axes, x: Array, y: Array, **style: Any) -> None:
    """Draw points, in the accent colour unless told otherwise, also those that touch the edge."""
    seaborn.scatterplot(x=x, y=y, ax=axes, **{"s": 14, "color": ACCENT, "linewidth": 0, "clip_on": False, **style})


def quiet_grid(axes: Axes, axis: str = "y") -> None:
    """Rule faint lines behind the data, across one axis."""
    getattr(axes, f"{axis}axis").grid(visible=True, color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
