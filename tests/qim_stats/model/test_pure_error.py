"""Pure error: replicates of the same levels and block, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.model.pure_error import Cells

REFERENCE = Path(__file__).parents[2] / "reference"
EXPECTED = json.loads((REFERENCE / "errors.json").read_text())["pure"]


def test_equals_lm_on_the_cells() -> None:
    table = pd.read_csv(REFERENCE / "etch.csv").drop(index=4)
    error = qs.analyze(table, response="y", direction="maximize", error="pure").error
    assert error.sigma == pytest.approx(EXPECTED["sigma"], rel=1e-8)
    assert error.df == EXPECTED["df"]


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), st.integers(0, 99))
def test_sums_of_squares_are_those_of_each_cell(of: list[int], seed: int) -> None:
    numbers = np.unique(of, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(numbers)
    cells = Cells(numbers, np.zeros((len(counts), 1)), ("",) * len(counts), counts)
    y = np.random.default_rng(seed).standard_normal((3, len(of)))
    by_hand = [sum(((row[numbers == c] - row[numbers == c].mean()) ** 2).sum() for c in set(numbers)) for row in y]
    assert cells.sum_of_squares(y).tolist() == pytest.approx(by_hand, abs=1e-12)
    assert cells.df == len(of) - len(counts)
