"""The map of the alias matrix: what is drawn, cut and said."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from qim_stats.plots.alias_map import MAX_COLUMNS, MAX_ROWS, alias_map


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]  # noqa: S314


def shares(values: list[list[float]]) -> pd.DataFrame:
    columns = [f"i{j}" for j in range(len(values[0]))]
    return pd.DataFrame(values, index=[f"t{i}" for i in range(len(values))], columns=columns)


def test_each_share_is_written_in_its_cell() -> None:
    shown = texts(alias_map(shares([[1 / 3, 0.0, -1.0], [0.0, -0.6, 1.25]])))
    assert {".33", "\N{MINUS SIGN}1", "\N{MINUS SIGN}.60", "1.25"} <= set(shown)
    assert {"none", "up to 1/3", "up to 2/3", "1 or more"} <= set(shown)
    assert "below 1" not in shown
    assert not any(text.startswith("0") for text in shown)


@pytest.mark.parametrize(
    ("share", "label"),
    [(1 / 3, "up to 1/3"), (0.34, "up to 2/3"), (2 / 3, "up to 2/3"), (0.9, "below 1"), (1.0, "1 or more")],
)
def test_each_share_is_in_its_class_whatever_its_sign(share: float, label: str) -> None:
    for signed in (share, -share):
        shown = texts(alias_map(shares([[signed, 0.0]])))
        assert [t for t in shown if t in ("up to 1/3", "up to 2/3", "below 1", "1 or more")] == [label]


def test_shades_darken_with_the_share() -> None:
    svg = alias_map(shares([[0.2, 0.5, 0.9, 1.0]]))
    fills = re.findall(r"fill: (#[0-9a-f]{6})", svg)
    shades = [f for f in dict.fromkeys(fills) if f in {"#d6e2ee", "#8fb1d3", "#3f78ae", "#0b2f55"}]
    light = [sum(int(s[i : i + 2], 16) * w for i, w in ((1, 0.299), (3, 0.587), (5, 0.114))) for s in shades]
    assert len(light) == 4
    assert (np.diff(light) < -35.0).all()


def test_a_large_map_is_cut_to_its_largest_shares_and_says_so() -> None:
    values = np.full((MAX_ROWS + 10, MAX_COLUMNS + 5), 0.1)
    values[-1, -1] = 0.8
    shown = texts(alias_map(shares(values.tolist())))
    assert f"t{MAX_ROWS + 9}" in shown
    assert f"i{MAX_COLUMNS + 4}" in shown
    assert sum(bool(re.fullmatch(r"t\d+", t)) for t in shown) == MAX_ROWS
    assert sum(bool(re.fullmatch(r"i\d+", t)) for t in shown) == MAX_COLUMNS
    assert any("20 of 30 terms and 45 of 50 interactions" in t for t in shown)
    assert ".80" not in shown  # too many cells for numbers


def test_rows_that_cannot_be_estimated_and_maps_without_columns_are_drawn() -> None:
    assert "cannot be estimated" in texts(alias_map(shares([[np.nan, np.nan], [0.5, 0.0]])))
    assert {"a", "b", "none"} <= set(texts(alias_map(pd.DataFrame(index=["a", "b"], columns=[], dtype=float))))


def test_the_same_numbers_give_the_same_bytes() -> None:
    values = shares([[1 / 3, 0.0, -1.0], [0.0, -0.6, 1.25]])
    assert alias_map(values) == alias_map(values)
