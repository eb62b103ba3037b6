"""Which columns of an orthogonal array its factors take: the first ones, or those that alias least."""

from __future__ import annotations

from itertools import combinations, islice
from math import comb

import numpy as np
import numpy.typing as npt

from qim_stats.errors import DesignError
from qim_stats.factors import nearest

IntArray = npt.NDArray[np.int64]

CHOICES = ("first", "best")

_EXHAUSTIVE = 2_000  # subsets that are all tried; beyond, they are built a column at a time
_FOUR = 24  # factors up to which words of four columns are compared while building


def choose_columns(columns: IntArray, k: int, choice: str) -> tuple[int, ...]:
    """Choose k columns of a two-level orthogonal array.

    Parameters
    ----------
    columns : ndarray of int64, shape (n, m)
        Entries -1 and +1; balanced and orthogonal.
    k : int
        How many factors there are, 1 to m.
    choice : {"first", "best"}
        ``"best"`` minimizes, in this order, the largest correlation of a main effect with a two-factor interaction, the
        sum of squares B3 of all of them, and B4, that of the correlations of pairs of two-factor interactions. All
        subsets are compared where there are few; else columns are added one at a time, each the best for those before
        it, from each of several first pairs.

    Returns
    -------
    tuple of int
        Positions, ascending.

    Raises
    ------
    DesignError
        If the choice is neither.

    Notes
    -----
    B3 and B4 are those of Tang, B. and Deng, L.-Y. (1999), Minimum G2-aberration for nonregular fractional factorial
    designs, Ann. Statist. 27, 1914-1926. Columns added one at a time need not give the best set of all.
    """
    if choice not in CHOICES:
        raise DesignError(f"unknown choice of columns {choice!r}", where="columns", remedy=nearest(choice, CHOICES))
    m = columns.shape[1]
    if choice == "first" or k == m or k <= 2:
        return tuple(range(k))
    if comb(m, k) <= _EXHAUSTIVE:
        return min(combinations(range(m), k), key=lambda chosen: (*aberration(columns[:, chosen]), chosen))
    # Every pair of columns is alike to the first order; a few starts make up for what one would miss.
    starts = islice(combinations(range(m), 2), 0, None, max(1, comb(m, 2) // (12 if m < 64 else 3)))
    built = {_build(columns, k, start) for start in starts}
    return min(built, key=lambda chosen: (*aberration(columns[:, chosen]), chosen))


def aberration(columns: IntArray) -> tuple[int, int, int]:
    """Measure how a design's main effects and two-factor interactions are aliased.

    Parameters
    ----------
    columns : ndarray of int64, shape (n, k)
        Entries -1 and +1.

    Returns
    -------
    tuple of int
        The largest |J3|, the sum of J3^2 over all triples of columns, and that of J4^2 over all quadruples, J being the
        sum of the products over the n runs (0 for B4 beyond 24 columns, where it costs too much).
    """
    k = columns.shape[1]
    if k < 3:
        return 0, 0, 0
    first, second = np.triu_indices(k, 1)
    products = (columns[:, first] * columns[:, second]).astype(np.float64)
    j3 = np.abs(columns.T.astype(np.float64) @ products)
    j3[first, np.arange(len(first))] = j3[second, np.arange(len(first))] = 0.0
    b4 = 0
    if 4 <= k <= _FOUR:
        j4 = products.T @ products
        shared = (first[:, None] == first) | (first[:, None] == second) | (second[:, None] == first)
        shared |= second[:, None] == second
        # Each set of four columns makes three pairs of pairs, and each of those comes twice.
        b4 = round(float((j4[~shared] ** 2).sum())) // 6
    return round(float(j3.max())), round(float((j3**2).sum())) // 3, b4


def _build(columns: IntArray, k: int, start: tuple[int, ...]) -> tuple[int, ...]:
    """Add columns one at a time, each the least aliased with those chosen before."""
    x = columns.astype(np.float64)
    chosen = list(start)
    pairs = x[:, [chosen[0]]] * x[:, [chosen[1]]]
    largest = np.zeros(x.shape[1])
    squares = np.zeros(x.shape[1])
    fresh = pairs
    while True:
        j3 = np.abs(x.T @ fresh)
        largest = np.maximum(largest, j3.max(axis=1))
        squares += (j3**2).sum(axis=1)
        if len(chosen) == k:
            return tuple(sorted(chosen))
        free = [c for c in range(x.shape[1]) if c not in chosen]
        # Sums of whole numbers, exact in double precision.
        costs = list(zip(largest.tolist(), squares.tolist(), range(x.shape[1]), strict=True))
        added = min(costs[c] for c in free)[2]
        fresh = x[:, [added]] * x[:, chosen]
        chosen.append(added)
