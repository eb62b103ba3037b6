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


def _contrasts(table: Lookup, budgets: Sequence[int], rng: np.random.Generator, *, folded: bool) -> Scores:
    found = nothing(budgets, table.k)
    for place, budget in enumerate(budgets):
        runs = 4 * (budget // (8 if folded else 4))
        if runs <= table.k:
            continue
        design = _coded(runs, folded)
        x = shuffled_signed(design[:, rng.permutation(runs - 1)[: table.k]], rng)
        found.score[place] = np.abs(x.T @ Objective(table, rng).run(x)) / len(x)
        found.used[place] = len(x)
    return found


@lru_cache(maxsize=64)
def _coded(runs: int, folded: bool) -> Array:
    """Return all columns that factors may be put on, coded -1/+1: shape (runs, runs - 1), folded twice as many rows."""
    design = qs.plackett_burman([qs.Factor(f"x{i}", -1, 1) for i in range(runs - 1)], runs=runs)
    design = qs.foldover(design) if folded else design
    return np.asarray(design.coded, dtype=np.float64)


METHODS = (
    Method(
        "PB, raw contrasts (QIM)",
        None,
        _PAGE,
        "the largest design that the budget holds, |mean at high - mean at low|",
        plackett_burman,
    ),
    Method("PB + foldover, raw", None, _PAGE, "a design of half the budget and its foldover, raw contrasts", folded),
    Method(
        "random rows, least squares",
        None,
        "https://numpy.org/doc/stable/reference/generated/numpy.linalg.lstsq.html",
        "all main effects at once; the shortest solution where the rows are too few",
        least_squares,
    ),
)
