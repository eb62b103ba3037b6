"""The bars of posterior probabilities: in order, with their ranges, and safe with any name."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pandas as pd

from qim_stats.plots.box_meyer import MAX_BARS, posterior_bars


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]  # noqa: S314


def test_the_most_probable_stand_first_and_none_last() -> None:
    factors = pd.DataFrame({"factor": ["lr", "wd", "mom"], "posterior": [0.2, 0.9, 0.5]})
    shown = [text for text in texts(posterior_bars(factors, none=0.1)) if text in {"lr", "wd", "mom", "no factor"}]
    assert shown == ["wd", "mom", "lr", "no factor"]


def test_ranges_are_drawn_and_said() -> None:
    factors = pd.DataFrame({"factor": ["a", "b"], "posterior": [0.5, 0.1], "low": [0.2, 0.0], "high": [0.8, 0.4]})
    plain = posterior_bars(factors[["factor", "posterior"]], none=0.3)
    ranged = posterior_bars(factors, none=0.3, none_range=(0.1, 0.6))
    assert "posterior probability; line: range over the priors" in texts(ranged)
    assert "posterior probability" in texts(plain)
    assert ranged.count("<path") > plain.count("<path")


def test_many_factors_and_hostile_names_fit() -> None:
    factors = pd.DataFrame(
        {"factor": [f"<b>$x_{{{i}}}$</b>" for i in range(60)], "posterior": np.linspace(0.0, 1.0, 60)}
    )
    svg = posterior_bars(factors, none=0.0)
    shown = [text for text in texts(svg) if text.startswith("<b>")]
    assert len(shown) == MAX_BARS
    assert shown[0] == "<b>$x_{59}$</b>"
    assert svg == posterior_bars(factors, none=0.0)
