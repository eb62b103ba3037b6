import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from qim_stats.plots import Limit, Panel, half_normal, main_effects, pareto
from qim_stats.plots.contrasts import MAX_BARS
from qim_stats.plots.residuals import MAX_POINTS, thinned
from qim_stats.plots.sheet import short


def contrasts(m: int) -> pd.DataFrame:
    return pd.DataFrame({"term": [f"term{i}" for i in range(m)], "size": np.linspace(0.1, 2.0, m), "kind": "factor"})


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]  # noqa: S314


@given(st.integers(1, 5000))
def test_thinning_keeps_the_extremes_and_every_small_set(n: int) -> None:
    residuals = np.random.default_rng(n).normal(size=n)
    kept = thinned(residuals)
    assert len(kept) == min(n, MAX_POINTS)
    assert (np.diff(kept) > 0).all()
    extremes = np.argsort(residuals)[np.r_[: min(n, 50), max(n - 50, 0) : n]]
    assert set(extremes) <= set(kept)


def test_pareto_draws_the_largest_first_and_no_more_than_fit() -> None:
    shown = [t for t in texts(pareto(contrasts(100), [Limit("ME", 1.0)], unit="u")) if t.startswith("term")]
    assert shown == [f"term{i}" for i in range(99, 99 - MAX_BARS, -1)]


def test_half_normal_names_what_passes_a_limit() -> None:
    shown = texts(half_normal(contrasts(12), [Limit("ME", 1.6), Limit("SME", 1.95)], unit="u", scale=0.4))
    assert {t for t in shown if t.startswith("term")} == {"term11", "term10", "term9"}
    assert {"ME", "SME"} <= set(shown)


def test_limits_that_lie_on_each_other_share_their_label() -> None:
    shown = texts(half_normal(contrasts(12), [Limit("ME", 0.01), Limit("SME", 0.02)], unit="u", scale=None))
    assert "ME, SME" in shown


def test_main_effects_draw_each_trial_once() -> None:
    coded = np.array([-1.0, 1.0] * 6)
    panels = [Panel(f"f{i}", "lo", "hi", coded, 0.2, 0.8, i == 0) for i in range(5)]
    svg = main_effects(panels, np.linspace(0.0, 1.0, 12), response="y")
    assert len(re.findall(r'<use [^>]*href="#main-effects-C', svg)) == 5 * 12


def test_short_names_are_kept_and_long_ones_marked() -> None:
    assert short("base_lr") == "base_lr"
    assert short("a\nb") == "a\\nb"
    assert short("x" * 80, 10) == "x" * 9 + "…"
