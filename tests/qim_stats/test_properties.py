"""What must not matter does not: order of rows and factors, names, which level is high, units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qim_stats as qs

NAMES = ["lr", "momentum", "decay", "batch", "filters"]
NUMBERS = ["estimate", "std_error", "statistic", "p_value", "p_adjusted", "conf_low", "conf_high", "effect"]
RANKS = ["rank", "rank_low", "rank_high", "effect", "std_error", "importance", "p_value", "p_adjusted"]


def design(seed: int, *, saturated: bool) -> pd.DataFrame:
    """Return a study: 12 runs with 7 residual... or 8 runs of a full 2^3, whose saturated model has none."""
    rng = np.random.default_rng(seed)
    if saturated:
        made = qs.full_factorial([qs.Factor(n, -1, 1) for n in NAMES[:3]], seed=0)
        frame = made.coded[NAMES[:3]].copy()
    else:
        made = qs.plackett_burman([qs.Factor(n, -1, 1) for n in NAMES], runs=12, seed=0)
        frame = made.coded[NAMES].copy()
    frame["y"] = frame["lr"] * 2.0 + frame["momentum"] + rng.standard_normal(len(frame))
    return frame


def analyze(frame: pd.DataFrame, **options: object) -> qs.Analysis:
    names = [c for c in frame.columns if c != "y"]
    formula = "y ~ " + " * ".join(names) if len(names) == 3 else None
    return qs.analyze(frame, response="y", direction="maximize", formula=formula, **options)  # type: ignore[arg-type]


def same(one: pd.DataFrame, other: pd.DataFrame, columns: list[str]) -> None:
    other = other.loc[one.index]
    for column in columns:
        expected = one[column].to_numpy(dtype=float)
        # A simulated p-value may move by one draw when the last bit of a statistic does.
        assert other[column].to_numpy(dtype=float) == pytest.approx(expected, rel=1e-4, abs=1e-9, nan_ok=True), column


def same_p_top(one: qs.Analysis, other: qs.Analysis, names: dict[str, str] | None = None) -> None:
    theirs = other.ranking().set_index("factor")["p_top"]
    for factor, expected in one.ranking().set_index("factor")["p_top"].items():
        found = theirs[(names or {}).get(str(factor), str(factor))]
        assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("saturated", [False, True])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shuffle=st.integers(0, 1000))
def test_row_order_does_not_matter(saturated: bool, seed: int, shuffle: int) -> None:
    frame = design(seed, saturated=saturated)
    one, other = analyze(frame), analyze(frame.sample(frac=1.0, random_state=shuffle))
    assert one.error_source == other.error_source == ("pse" if saturated else "residual")
    same(one.tidy().set_index("term"), other.tidy().set_index("term"), NUMBERS)
    same(one.ranking().set_index("factor"), other.ranking().set_index("factor"), RANKS)
    same_p_top(one, other)
    ours, theirs = one.lenth(), other.lenth()
    assert ours is not None
    assert theirs is not None
    assert theirs.pse == pytest.approx(ours.pse)
    assert np.sort(theirs.effects["p_individual"]) == pytest.approx(np.sort(ours.effects["p_individual"]), abs=1e-3)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(NAMES))
def test_factor_order_and_names_do_not_matter(seed: int, order: list[str]) -> None:
    frame = design(seed, saturated=False)
    renamed = {name: f"{name} <b>" for name in NAMES}
    one = analyze(frame)
    other = analyze(frame[[*order, "y"]].rename(columns=renamed))
    back = {new: old for old, new in renamed.items()}
    theirs = other.tidy().replace({"term": back}).set_index("term")
    same(one.tidy().set_index("term"), theirs, NUMBERS)
    same(one.ranking().set_index("factor"), other.ranking().replace({"factor": back}).set_index("factor"), RANKS)
    same_p_top(one, other, renamed)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), flipped=st.sets(st.sampled_from(NAMES), min_size=1))
def test_swapping_low_and_high_turns_the_sign_only(seed: int, flipped: set[str]) -> None:
    frame = design(seed, saturated=False)
    one = analyze(frame)
    other = analyze(frame, factors=[qs.Factor(n, 1, -1) if n in flipped else qs.Factor(n, -1, 1) for n in NAMES])
    ours, theirs = one.tidy().set_index("term"), other.tidy().set_index("term")
    for name in NAMES:
        sign = -1.0 if name in flipped else 1.0
        assert theirs.at[name, "effect"] == pytest.approx(sign * ours.at[name, "effect"])
    same(ours, theirs, ["std_error", "p_value", "p_adjusted"])
    unsigned = [c for c in RANKS if c != "effect"]
    same(one.ranking().set_index("factor"), other.ranking().set_index("factor"), unsigned)
    same_p_top(one, other)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_units_scale_the_effects_and_nothing_else(seed: int, scale: float, shift: float) -> None:
    frame = design(seed, saturated=False)
    changed = frame.assign(y=scale * frame["y"] + shift, lr=np.where(frame["lr"] > 0, 0.1, 0.001))
    one, other = analyze(frame), analyze(changed)
    ours, theirs = one.ranking().set_index("factor"), other.ranking().set_index("factor")
    assert theirs.loc[ours.index, "effect"].to_list() == pytest.approx((scale * ours["effect"]).to_list(), abs=1e-9)
    same(ours, theirs, ["rank", "rank_low", "rank_high", "importance", "p_value", "p_adjusted"])
    same_p_top(one, other)
    assert one.verdict.significant == other.verdict.significant
