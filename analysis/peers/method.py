"""What is compared: a way to spend trials and to turn them into a score for each factor, largest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peers.objective import Lookup

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BUDGETS = (8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True)
class Scores:
    """What a method says of the factors at several budgets, in one virtual study.

    Parameters
    ----------
    score : ndarray of float64, shape (b, k)
        Importance, the largest first; NaN rows where the method needs more trials than the budget.
    used : ndarray of int64, shape (b,)
        Trials run, never more than the budget; 0 where it cannot be had.
    """

    score: Array
    used: Counts


@dataclass(frozen=True)
class Method:
    """A method with its origin.

    Parameters
    ----------
    name : str
        As in the tables.
    package : str or None
        The distribution that does the work, whose version is told; None for this project.
    source : str
        The page that says how it is to be used.
    advice : str
        What of that page is followed, in a sentence.
    study : callable
        From a table, budgets and a generator to ``Scores``: one virtual study.
    studies : int
        How many virtual studies are run: fewer where each takes long.
    changes : bool
        Whether the method is made of code of this project that is still being improved.
    """

    name: str
    package: str | None
    source: str
    advice: str
    study: Callable[[Lookup, Sequence[int], np.random.Generator], Scores]
    studies: int = 200
    changes: bool = False


def nothing(budgets: Sequence[int], k: int) -> Scores:
    """Return scores to be filled in: NaN everywhere."""
    return Scores(np.full((len(budgets), k), np.nan), np.zeros(len(budgets), dtype=np.int64))


def seed_of(rng: np.random.Generator) -> int:
    """Draw a seed for a library that wants a number of its own."""
    return int(rng.integers(2**31 - 1))


def shuffled_signed(x: Array, rng: np.random.Generator) -> Array:
    """Assign factors to a design's columns at random, with random signs, and order its rows at random."""
    n, k = x.shape
    return np.asarray((x[:, rng.permutation(k)] * rng.choice([-1.0, 1.0], k))[rng.permutation(n)], dtype=np.float64)
