from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from qim_stats.design import fractional_factorial
from qim_stats.design.fractional import fraction
from qim_stats.design.words import defining_basis, word_lengths, words
from qim_stats.errors import DesignError
from qim_stats.factors import Factor

SIZES = [(n, k) for n in (8, 16, 32, 64) for k in range(n.bit_length(), n)]


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def counted(columns: tuple[int, ...]) -> tuple[int, ...]:
    """Count the sets of 3, 4, 5 columns whose product is constant, from the definition."""
    return tuple(
        sum(np.bitwise_xor.reduce(chosen) == 0 for chosen in combinations(columns, size)) for size in (3, 4, 5)
    )


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_orthogonal_and_regular(n: int, k: int) -> None:
    x = fraction(n, k)
    assert (x.T @ x == n * np.eye(k, dtype=int)).all()
    assert not x.sum(axis=0).any()
    basis = defining_basis(x)
    assert basis is not None
    assert len(basis) == k - n.bit_length() + 1
    for word, sign in basis:
        assert (x[:, [bit for bit in range(k) if word >> bit & 1]].prod(axis=1) == sign).all()


@pytest.mark.parametrize("k", [5, 6, 7, 8, 9, 10, 11])
def test_no_set_of_columns_in_sixteen_runs_has_less_aberration(k: int) -> None:
    # All sets with the four basic columns, which every design of 16 runs is equivalent to one of.
    others = [c for c in range(1, 16) if c.bit_count() > 1]
    best = min(counted((1, 2, 4, 8, *chosen)) for chosen in combinations(others, k - 4))
    assert word_lengths(fraction(16, k))[2:5] == best


@pytest.mark.parametrize("k", [6, 7, 8])
def test_no_set_of_columns_in_thirty_two_runs_has_less_aberration(k: int) -> None:
    others = [c for c in range(1, 32) if c.bit_count() > 1]
    best = min(counted((1, 2, 4, 8, 16, *chosen)) for chosen in combinations(others, k - 5))
    assert word_lengths(fraction(32, k))[2:5] == best


@pytest.mark.parametrize(("n", "k"), [size for size in SIZES if size[1] <= 16])
def test_the_pattern_counts_the_words(n: int, k: int) -> None:
    x = fraction(n, k)
    basis = defining_basis(x)
    assert basis is not None
    lengths = [word.bit_count() for word, _ in words(basis)]
    assert word_lengths(x) == tuple(lengths.count(length) for length in range(1, k + 1))


def test_published_patterns() -> None:
    # Fries and Hunter (1980), Technometrics 22, 601-608: of the 2^(7-2) of resolution IV the one with a single word of
    # four factors and two of five.
    assert word_lengths(fraction(32, 7)) == (0, 0, 0, 1, 2, 0, 0)
    # Box and Hunter (1961), Technometrics 3, 311-351: 2^(8-2) of resolution V, 2^(5-1) of resolution V.
    assert word_lengths(fraction(64, 8))[:5] == (0, 0, 0, 0, 2)
    assert word_lengths(fraction(16, 5)) == (0, 0, 0, 0, 1)


@pytest.mark.parametrize("n", [8, 16, 32, 64])
def test_saturated_designs_have_the_words_of_the_hamming_code(n: int) -> None:
    # Of any two columns the product is a third: n - 1 choose 2, each word counted three times.
    assert word_lengths(fraction(n, n - 1))[2] == comb(n - 1, 2) // 3


@pytest.mark.parametrize("k", range(7, 33))
def test_up_to_half_as_many_factors_as_runs_have_resolution_four(k: int) -> None:
    assert word_lengths(fraction(64, k))[2] == 0


@pytest.mark.parametrize(
    ("k", "resolution", "runs"),
    [(5, None, 16), (7, None, 16), (8, None, 16), (9, None, 32), (33, None, 64), (7, 3, 8), (7, 5, 64), (8, 5, 64)],
)
def test_the_smallest_design_of_a_resolution(k: int, resolution: int | None, runs: int) -> None:
    design = fractional_factorial(factors(k), resolution=resolution)
    assert (design.n, design.kind, design.dummies) == (runs, "fractional", ())


@pytest.mark.parametrize(
    ("k", "settings", "told"),
    [
        (5, {"runs": 12}, "runs: .* take 8 or 16 runs"),
        (5, {"runs": 32}, "full-factorial"),
        (3, {}, "factors: 3 factors have no fraction"),
        (64, {}, "factors: 64 factors are more than the 63"),
        (12, {"resolution": 6}, "resolution: .*resolution 4 or less"),
        (5, {"resolution": 2}, "not a whole number of at least 3"),
        (5, {"runs": 16, "resolution": 5}, "give one of them"),
    ],
)
def test_mistakes(k: int, settings: dict[str, int], told: str) -> None:
    with pytest.raises(DesignError, match=told):
        fractional_factorial(factors(k), **settings)
