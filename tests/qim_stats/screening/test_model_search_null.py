"""The permutation test behind a search: equal to repeated searches, right on noise, sharp on a published effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.screening.model_search import ModelSearch, search_models
from qim_stats.screening.model_search_null import SearchTest, _shuffled, search_p_value

Array = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parents[2] / "reference"


def p_value_of(x: Array, y: Array, names: list[str], **options: Any) -> float:
    found = search_p_value(x, y, names, **options)
    assert isinstance(found, SearchTest), found
    return found.p_value


def screen(runs: int, k: int) -> tuple[Array, list[str]]:
    design = qs.plackett_burman([qs.Factor(f"x{i}", 0, 1) for i in range(k)], runs=runs, seed=0)
    names = [factor.name for factor in design.factors]
    return design.coded[names].to_numpy(dtype=np.float64), names


@pytest.mark.parametrize("blocked", [False, True])
def test_equals_searching_again_and_again(blocked: bool) -> None:
    x, names = screen(12, 5)
    rng = np.random.default_rng(2)
    y = 0.8 * x[:, 0] + rng.standard_normal(12)
    blocks = np.repeat([[-1.0], [1.0]], 6, axis=0) if blocked else None
    options: dict[str, Any] = {"heredity": "strong", "max_terms": 3, "blocks": blocks}

    def best(response: Array) -> float:
        found = search_models(x, response, names, **options)
        assert isinstance(found, ModelSearch)
        return float(found.models["aicc"].iloc[0])

    copies = _shuffled(y, x, blocks, 30, 5)
    if blocked:
        assert (np.sort(copies[:6], axis=0) == np.sort(y[:6])[:, None]).all()
    scores = np.array([best(copies[:, i]) for i in range(31)])
    expected = (1 + (scores[1:] <= scores[0] + 1e-6).sum()) / 31
    assert p_value_of(x, y, names, permutations=30, seed=5, **options) == expected


def test_noise_is_called_an_effect_no_more_often_than_said() -> None:
    x, names = screen(12, 4)
    rng = np.random.default_rng(7)
    values = np.array(
        [p_value_of(x, rng.standard_normal(12), names, max_terms=3, permutations=19, seed=seed) for seed in range(200)]
    )
    for level in (0.05, 0.2, 0.5):
        assert (values <= level).mean() <= level + 3.0 * np.sqrt(level * (1.0 - level) / 200)
    assert (values <= 0.5).mean() >= 0.5 - 3.0 * np.sqrt(0.25 / 200)


def test_fatigue_stands_out() -> None:
    table = pd.read_csv(REFERENCE / "fatigue.csv")
    names = list("ABCDEFG")
    x, y = table[names].to_numpy(dtype=np.float64), table["y"].to_numpy(dtype=np.float64)
    assert p_value_of(x, y, names) <= 0.05


def test_follows_rows_factors_and_levels() -> None:
    x, names = screen(12, 5)
    rng = np.random.default_rng(11)
    y = 0.5 * x[:, 1] + rng.standard_normal(12)
    blocks = np.repeat([[-1.0], [1.0]], 6, axis=0)
    one = p_value_of(x, y, names, max_terms=3, permutations=99, blocks=blocks)
    rows, order = rng.permutation(12), rng.permutation(5)
    moved = (x * np.array([1.0, -1.0, 1.0, -1.0, -1.0]))[np.ix_(rows, order)]
    turned = [names[i] for i in order]
    again = p_value_of(moved, 4.0 + 3.0 * y[rows], turned, max_terms=3, permutations=99, blocks=-blocks[rows])
    assert again == one
    assert p_value_of(x, y, names, max_terms=3, permutations=99, blocks=blocks, seed=1) != one


def test_reasons_are_those_of_the_search() -> None:
    x, names = screen(12, 4)
    assert search_p_value(x, np.ones(12), names) == "the response is constant"
