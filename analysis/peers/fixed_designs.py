"""Fixed designs with raw contrasts, as QIM had them, and plain least squares on random rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

import qim_stats as qs
from peers.method import Method, Scores, nothing, shuffled_signed
from peers.objective import Lookup, Objective

Array = npt.NDArray[np.float64]
_PAGE = "https://doi.org/10.1093/biomet/33.4.305"


def plackett_burman(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run the largest Plackett-Burman design that each budget holds."""
    return _contrasts(table, budgets, rng, folded=False)


def folded(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run the largest folded Plackett-Burman design that each budget holds."""
    return _contrasts(table, budgets, rng, folded=True)


def least_squares(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Fit all main effects to the first rows of one random order (the shortest solution where rows are too few)."""
    found = nothing(budgets, table.k)
    x = table.random_rows(max(budgets), rng)
    y = Objective(table, rng).run(x)
    for place, budget in enumerate(budgets):
        n = min(budget, len(x))
        columns = np.column_stack([np.ones(n), x[:n]])
        found.score[place] = np.abs(np.linalg.lstsq(columns, y[:n], rcond=None)[0][1:])
        found.used[place] = n
    return found


def contrast_design(k: int, budget: int, rng: np.random.Generator, *, folded: bool) -> Array | None:
    """Return the largest Plackett-Burman design that a budget holds, on random columns with random signs.

    Parameters
    ----------
    k : int
        Number of factors.
    budget : int
        Most runs.
    rng : Generator
        Of columns, signs and order.
    folded : bool
        Whether the budget is spent on a design and its foldover.

    Returns
    -------
    ndarray of float64, shape (n, k), or None
        Coded -1/+1; None where the budget holds no design with columns enough.
    """
    runs = 4 * (budget // (8 if folded else 4))
    if runs <= k:
        return None
    return shuffled_signed(_coded(runs, folded)[:, rng.permutation(runs - 1)[:k]], rng)


def _contrasts(table: Lookup, budgets: Sequence[int], rng: np.random.Generator, *, folded: bool) -> Scores:
    found = nothing(budgets, table.k)
    for place, budget in enumerate(budgets):
        x = contrast_design(table.k, budget, rng, folded=folded)
        if x is None:
            continue
        found.score[place] = np.abs(x.T @ Objective(table, rng).run(x)) / len(x)
        found.used[place] = len(x)
    return found


@lru_cache(maxsize=64)
def _coded(runs: int, folded: bool) -> Array:
    """Return all columns that factors may be put on, coded -1/+1: shape (runs, runs - 1), folded twice as many rows."""
    design = qs.plackett_burman([qs.Factor(f"x{i}", -1, 1) for i in range(runs - 1)], runs=runs)
    design = qs.foldover(design) if folded else design
    return np.asarray(design.coded[design.names], dtype=np.float64)


METHODS = (
    Method(
        "PB, raw contrasts (QIM)",
        None,
        _PAGE,
        "the largest design that the budget holds; size of mean at high - mean at low",
        plackett_burman,
        studies=1000,
    ),
    Method(
        "PB + foldover, raw",
        None,
        _PAGE,
        "a design of half the budget and its foldover, raw contrasts",
        folded,
        studies=1000,
    ),
    Method(
        "random rows, least squares",
        None,
        "https://numpy.org/doc/stable/reference/generated/numpy.linalg.lstsq.html",
        "all main effects at once; the shortest solution where the rows are too few",
        least_squares,
        studies=1000,
    ),
)
