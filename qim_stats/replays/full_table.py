"""A table with a response for every combination of levels: where virtual studies look up what a trial would have shown.

Cells are numbered by bits: bit j of a cell's number is 1 where factor j is high. The Walsh transform of the cells'
means gives all half effects at once, numbered in the same way: bit j is set where factor j takes part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import TrialsError
from qim_stats.factors import Factor
from qim_stats.trials import Trials
from qim_stats.validation import check_full

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
MOST_FACTORS = 16  # 65,536 cells


@dataclass(frozen=True)
class FullTable:
    """Responses of a full factorial of k factors at two levels, N = 2^k cells.

    Parameters
    ----------
    factors : tuple of Factor
        The k factors.
    response, direction, source
        As of ``Trials``.
    values : ndarray of float64, shape (t,)
        The response of each usable trial, those of a cell side by side, in the order of the cells.
    first : ndarray of int64, shape (N + 1,)
        The trials of cell c are ``values[first[c]:first[c + 1]]``, one at least.
    seconds : ndarray of float64, shape (t,), or None
        What each of these trials took; None where any is unknown.
    """

    factors: tuple[Factor, ...]
    response: str
    direction: str
    source: str | None
    values: Array
    first: Cells
    seconds: Array | None

    @property
    def k(self) -> int:
        """Number of factors."""
        return len(self.factors)

    @property
    def cells(self) -> int:
        """Number of cells, 2^k."""
        return len(self.first) - 1

    @property
    def names(self) -> list[str]:
        """Names of the factors, in order."""
        return [factor.name for factor in self.factors]

    @cached_property
    def counts(self) -> Cells:
        """Trials in each cell, shape (N,)."""
        return np.diff(self.first)

    @cached_property
    def means(self) -> Array:
        """Mean response of each cell, shape (N,)."""
        return np.asarray(np.add.reduceat(self.values, self.first[:-1]) / self.counts, dtype=np.float64)

    @cached_property
    def half_effects(self) -> Array:
        """Half effect of every set of factors, shape (N,); that of the empty set is the mean."""
        return walsh_transform(self.means) / self.cells

    @property
    def main_effects(self) -> Array:
        """Mean at high minus mean at low of each factor, shape (k,)."""
        return np.asarray(2.0 * self.half_effects[1 << np.arange(self.k)], dtype=np.float64)


def full_table(trials: Trials) -> FullTable:
    """Sort the trials of a full factorial by cell.

    Parameters
    ----------
    trials : Trials
        In which each of the 2^k combinations of levels has a usable trial; one or more.

    Returns
    -------
    FullTable
        The same trials.

    Raises
    ------
    TrialsError
        If combinations are missing (with how many, and the first of them), a level is neither low nor high, or there
        are more than 16 factors.
    """
    k = len(trials.factors)
    if k > MOST_FACTORS:
        raise TrialsError(
            f"a full factorial of {k} factors is more than can be replayed",
            where=trials.source,
            remedy=f"name {MOST_FACTORS} or fewer with --factors",
        )
    coded = trials.coded[trials.factor_names].to_numpy(dtype=np.float64)
    if (coded == 0.0).any():
        raise TrialsError(
            "the table has center points, which no virtual study looks up",
            where=trials.source,
            remedy="leave those rows out",
        )
    check_full(trials)
    cell = cell_numbers(coded)
    order = np.argsort(cell, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=2**k))]).astype(np.int64)
    return FullTable(
        factors=trials.factors,
        response=trials.response,
        direction=trials.direction,
        source=trials.source,
        values=trials.y[order],
        first=first,
        seconds=_seconds(trials, order),
    )


def cell_numbers(x: npt.NDArray[np.generic]) -> Cells:
    """Return the numbers of cells, shape (...), of settings coded -1/+1, shape (..., k)."""
    return np.asarray((x > 0) @ (1 << np.arange(x.shape[-1], dtype=np.int64)), dtype=np.int64)  # type: ignore[operator]


def settings(cells: Cells, k: int) -> npt.NDArray[np.int8]:
    """Return the settings of cells, coded -1/+1: shape (...) to (..., k)."""
    return np.asarray(2 * (cells[..., None] >> np.arange(k) & 1) - 1, dtype=np.int8)


def walsh_transform(values: Array) -> Array:
    """Return sum over cells c of (+-1) values[c] for every set of factors, shape (2^k,) to (2^k,).

    The sign is the product of the coded levels of the factors in the set (fast transform; Yates's method, F. Yates
    1937, The Design and Analysis of Factorial Experiments).
    """
    sums = values.astype(np.float64)
    step = 1
    while step < len(sums):
        pairs = sums.reshape(-1, 2, step)
        sums = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 1] - pairs[:, 0]], axis=1).reshape(-1)
        step *= 2
    return sums


def _seconds(trials: Trials, order: npt.NDArray[np.intp]) -> Array | None:
    if "seconds" not in trials.frame:
        return None
    seconds = pd.to_numeric(trials.frame.loc[trials.usable, "seconds"], errors="coerce").to_numpy(dtype=np.float64)
    return seconds[order] if np.isfinite(seconds).all() else None
