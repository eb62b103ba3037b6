"""What must not matter does not: order of rows and factors, names, which level is high, units."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

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


def shape(seed: int, kind: str, *, ties: bool) -> pd.DataFrame:
    """Return a study of five factors: plain, folded over in two blocks, replicated in part, or with a run missing."""
    rng = np.random.default_rng(seed)
    plain = qs.plackett_burman([qs.Factor(n, -1, 1) for n in NAMES], runs=12, seed=0).coded[NAMES]
    made = {
        "plain": plain,
        "folded": pd.concat([plain, -plain]).assign(block=[1] * 12 + [2] * 12),
        "replicated": pd.concat([plain, plain, plain.iloc[:5]]),
        "missing": plain.iloc[1:],
    }[kind].reset_index(drop=True)
    noise = rng.standard_normal(len(made))
    made["y"] = made["lr"] * 2.0 + made["momentum"] + 0.7 * made["lr"] * made["decay"] + noise
    return made.round({"y": 1}) if ties else made


SHAPES = pytest.mark.parametrize("kind", ["plain", "folded", "replicated", "missing"])
SIGNED = {"estimate", "statistic", "effect"}
UNITS = {"estimate", "std_error", "effect", "sd", "size", "pse", "me", "sme", "me_t", "sme_t"}


@dataclasses.dataclass(frozen=True)
class Clothes:
    """How a study is written: the names of its factors, the turned ones, and the response's unit."""

    names: dict[str, str] = dataclasses.field(default_factory=dict)
    turned: frozenset[str] = frozenset()
    unit: float = 1.0

    def back(self, term: str) -> str:
        return ":".join(sorted(self.names.get(part, part) for part in term.split(":")))

    def sign(self, term: str) -> float:
        return math.prod(-1.0 if name in self.turned else 1.0 for name in self.back(term).split(":"))


def told(analysis: qs.Analysis, clothes: Clothes | None = None) -> dict[tuple[object, ...], object]:
    """Return what the JSON tells, under names, signs and units that do not depend on how the study is written."""
    worn, record = clothes or Clothes(), analysis.to_dict()
    facts: dict[tuple[object, ...], object] = {}

    def note(place: tuple[object, ...], row: dict[str, object], term: str, skipped: set[str]) -> None:
        for key, value in row.items():
            if key in skipped:
                continue
            if isinstance(value, dict):
                note((*place, key), value, term, skipped)
            elif isinstance(value, list):
                facts[(*place, key)] = sorted(worn.back(str(v)) for v in value)
            elif isinstance(value, float):
                value = value / worn.unit if key in UNITS else value
                facts[(*place, key)] = value * worn.sign(term) if key in SIGNED else value
            else:
                facts[(*place, key)] = value

    limits = {"conf_low", "conf_high", "conf_low_simultaneous", "conf_high_simultaneous"}
    for row in record["terms"]:
        if row["term"] in NAMES or row["term"] in worn.names:
            note(("terms", worn.back(row["term"])), row, row["term"], {"term", *limits})
    # The raw sums of the paper depend on where the response has its zero when runs are missing.
    for row in record["ranking"]:
        skipped = {"factor", "raw_effect", "raw_rank", *limits}
        note(("ranking", worn.back(row["factor"])), row, row["factor"], skipped)
    return {**facts, **evidence_told(record, worn)}


def evidence_told(record: dict[str, Any], worn: Clothes) -> dict[tuple[object, ...], object]:
    """Return what is told beside terms and ranking."""
    facts: dict[tuple[object, ...], object] = {}
    for row in record["tipping_points"]:
        place = ("tipping", worn.back(row["term"]), row["kind"])
        facts[(*place, "interaction")] = worn.back(row["interaction"]) if row["interaction"] else None
        facts[(*place, "relative_size")] = row["relative_size"]
    for row in record["pairs"]:
        one, two = worn.back(row["factor"]), worn.back(row["other"])
        for key in ("p_larger", "p_larger_sampling"):
            low, value = min(one, two), row[key]
            facts[("pairs", low, max(one, two), key)] = value if one == low or value is None else 1.0 - value
    for row in record["box_meyer"]["factors"]:
        facts[("box_meyer", worn.back(row["factor"]))] = row["posterior"]
    for model in record["box_meyer"]["models"]:
        facts[("box_meyer", *sorted(map(worn.back, model["factors"])), "model")] = model["posterior"]
    for name, value in zip(record["permutation"]["factors"], record["permutation"]["p_values"], strict=True):
        facts[("permutation", worn.back(name))] = value
    for row in record["model_search"]["importance"]:
        facts[("model_search", worn.back(row["term"]))] = row["importance"]
    facts[("model_search",)] = record["model_search"]["p_value"]
    facts[("global",)] = record["global_test"]["p_value"]
    facts[("significant",)] = sorted(map(worn.back, record["verdict"]["significant"]))
    return facts


def assert_same(one: dict[tuple[object, ...], object], other: dict[tuple[object, ...], object]) -> None:
    """Numbers to 1e-8 of the largest of their kind, simulated ones too; counts, ranks and names exactly."""
    assert one.keys() == other.keys()
    for place, expected in one.items():
        if isinstance(expected, float):
            assert other[place] == pytest.approx(expected, rel=1e-8, abs=1e-8), place
        else:
            assert other[place] == expected, place


def whole(frame: pd.DataFrame, direction: str = "maximize", factors: object = NAMES) -> qs.Analysis:
    return qs.analyze(frame, response="y", direction=direction, factors=factors)  # type: ignore[arg-type]


@SHAPES
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), ties=st.booleans())
def test_everything_told_follows_the_rows(kind: str, seed: int, ties: bool) -> None:
    frame = shape(seed, kind, ties=ties)
    moved = frame.sample(frac=1.0, random_state=seed)
    if "block" in moved:
        moved["block"] = 3 - moved["block"]
    assert_same(told(whole(frame)), told(whole(moved)))


@SHAPES
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(NAMES), turned=st.frozensets(st.sampled_from(NAMES)))
def test_everything_told_follows_names_order_and_levels(
    kind: str, seed: int, order: list[str], turned: frozenset[str]
) -> None:
    frame = shape(seed, kind, ties=False)
    renamed = {name: f"{name} \u00b5 <b>" for name in NAMES}
    factors = [qs.Factor(renamed[n], *((1, -1) if n in turned else (-1, 1))) for n in order]
    moved = frame[[*order, *frame.columns.drop(NAMES)]].rename(columns=renamed)
    clothes = Clothes({new: old for old, new in renamed.items()}, turned)
    assert_same(told(whole(frame)), told(whole(moved, factors=factors), clothes))


@SHAPES
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), unit=st.floats(1e-3, 1e3), shift=st.floats(-100, 100), error_rate=st.booleans())
def test_everything_told_follows_units(kind: str, seed: int, unit: float, shift: float, error_rate: bool) -> None:
    frame = shape(seed, kind, ties=False)
    lr = np.where(frame["lr"] > 0, 0.1, 0.001)
    if error_rate:
        other = whole(frame.assign(y=shift - unit * frame["y"], lr=lr), "minimize")
        # Every effect changes its sign, as if every factor were turned.
        clothes = Clothes(turned=frozenset(NAMES), unit=unit)
    else:
        other, clothes = whole(frame.assign(y=shift + unit * frame["y"], lr=lr)), Clothes(unit=unit)
    assert_same(told(whole(frame)), told(other, clothes))
