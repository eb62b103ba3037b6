"""The picture of the tipping points: what is drawn, cut and said."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from qim_stats.plots.tipping_points import MAX_TERMS, tipping_sizes


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]  # noqa: S314


def tipping(terms: int) -> pd.DataFrame:
    rows = [(f"t{i}", kind, "a:b", 0.1 * (i + 1)) for i in range(terms) for kind in ("cancel", "rank")]
    return pd.DataFrame(rows, columns=["term", "kind", "interaction", "relative_size"])


def test_tipping_points_are_drawn_by_kind() -> None:
    shown = texts(tipping_sizes(tipping(3)))
    assert {"t0", "t1", "t2", "cancels it", "changes its rank"} <= set(shown)
    assert "brings it within noise" not in shown


def test_what_nothing_tips_is_said_to_be_clear() -> None:
    row = pd.DataFrame([("t9", "clear", None, np.nan)], columns=["term", "kind", "interaction", "relative_size"])
    assert {"t9", "clear"} <= set(texts(tipping_sizes(row)))
    assert "clear" not in texts(tipping_sizes(tipping(2)))


def test_no_more_effects_are_drawn_than_fit() -> None:
    shown = texts(tipping_sizes(tipping(MAX_TERMS + 4)))
    assert sum(bool(re.fullmatch(r"t\d+", t)) for t in shown) == MAX_TERMS
    assert f"the first {MAX_TERMS} of {MAX_TERMS + 4} effects" in shown
