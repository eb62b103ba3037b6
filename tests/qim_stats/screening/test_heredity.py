"""Every model that respects heredity is made once, and no other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from qim_stats.screening.heredity import (
    HEREDITIES,
    Heredity,
    count_heredity_models,
    heredity_models,
    two_factor_interactions,
)

NEEDED = {"strong": 2, "weak": 1, "none": 0}


@pytest.mark.parametrize("heredity", HEREDITIES)
@pytest.mark.parametrize(("k", "most"), [(1, 3), (2, 3), (4, 4), (5, 3), (3, 6)])
def test_equals_filtering_all_sets(k: int, most: int, heredity: Heredity) -> None:
    pairs = two_factor_interactions(k)
    expected = {
        chosen
        for size in range(most + 1)
        for chosen in combinations(range(k + len(pairs)), size)
        if all(sum(i in chosen for i in pairs[j - k]) >= NEEDED[heredity] for j in chosen if j >= k)
    }
    made = [tuple(sorted(row)) for models in heredity_models(k, most, heredity) for row in models.tolist()]
    assert len(made) == len(set(made)) == count_heredity_models(k, most, heredity)
    assert set(made) == expected


def test_chunks_hold_all_models() -> None:
    made = list(heredity_models(11, 4, "weak"))
    assert sum(map(len, made)) == count_heredity_models(11, 4, "weak")
    assert max(map(len, made)) <= 50_000
    assert all(models.dtype == np.int16 for models in made)
