"""Adjusted p-values equal to R's p.adjust."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qim_stats.model.multiplicity import Adjustment, adjust_p_values

P = [0.01, 0.02, 0.03, 0.005, 0.5, 0.02]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # R 4.2: p.adjust(c(.01, .02, .03, .005, .5, .02), "holm"), then "BH"
        ("holm", [0.05, 0.08, 0.08, 0.03, 0.5, 0.08]),
        ("bh", [0.03, 0.03, 0.036, 0.03, 0.5, 0.03]),
        ("none", P),
    ],
)
def test_equals_r(method: Adjustment, expected: list[float]) -> None:
    assert adjust_p_values(np.array(P), method).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("method", ["holm", "bh"])
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusting_never_lowers_nor_reorders(method: Adjustment, p_values: list[float]) -> None:
    raw = np.array(p_values)
    adjusted = adjust_p_values(raw, method)
    assert (adjusted >= raw - 1e-15).all()
    assert (adjusted <= 1.0).all()
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()


def test_families_are_adjusted_apart() -> None:
    families = np.random.default_rng(0).uniform(size=(3, 5))
    methods: tuple[Adjustment, ...] = ("holm", "bh", "none")
    for method in methods:
        together = adjust_p_values(families, method)
        assert together.tolist() == [adjust_p_values(family, method).tolist() for family in families]


def test_max_t_needs_more_than_p_values() -> None:
    with pytest.raises(ValueError, match="max-t"):
        adjust_p_values(np.array(P), "max-t")
