"""Pure error: the spread of replicates, trials of the same levels in the same block, which no model can explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Trials grouped by levels and block.

    Parameters
    ----------
    of : ndarray of int, shape (n,)
        The cell of each trial.
    levels : ndarray of float64, shape (cells, k)
        Coded levels of each cell; 0 in centre points.
    blocks : tuple of str, length cells
        Block of each cell; empty texts when there is one block.
    counts : ndarray of int, shape (cells,)
        Trials in each cell.
    """

    of: npt.NDArray[np.intp]
    levels: Array
    blocks: tuple[str, ...]
    counts: npt.NDArray[np.intp]

    @property
    def df(self) -> int:
        """Degrees of freedom of pure error, n - cells."""
        return len(self.of) - len(self.counts)

    def means(self, y: Array) -> Array:
        """Average responses, shape (sets, n), within the cells; shape (sets, cells)."""
        order = np.argsort(self.of, kind="stable")
        if not self.df:
            return y[:, order]
        starts = np.cumsum(self.counts) - self.counts
        return np.asarray(np.add.reduceat(y[:, order], starts, axis=1) / self.counts, dtype=np.float64)

    def sum_of_squares(self, y: Array) -> Array:
        """Sum the squares of responses, shape (sets, n), about their cells' means; shape (sets,)."""
        within = y - self.means(y)[:, self.of]
        return np.asarray((within * within).sum(axis=1), dtype=np.float64)


def find_cells(trials: Trials) -> Cells:
    """Group trials by their levels and block.

    Parameters
    ----------
    trials : Trials
        n usable trials. Repeats of a trial are one trial there, so those of a cell are true replicates.

    Returns
    -------
    Cells
        Their number of cells is at most n.
    """
    levels = trials.coded[trials.factor_names].to_numpy(dtype=np.float64)
    labels = trials.blocks or [""] * trials.n
    blocks = sorted(set(labels))
    numbers = {label: number for number, label in enumerate(blocks)}
    keys = np.column_stack([levels, [numbers[label] for label in labels]])
    order = np.lexsort(keys.astype(np.int32).T[::-1])
    opens = np.ones(trials.n, dtype=np.bool_)
    opens[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    of = np.empty(trials.n, dtype=np.intp)
    of[order] = np.cumsum(opens) - 1
    unique = keys[order[opens]]
    return Cells(of, unique[:, :-1], tuple(blocks[int(b)] for b in unique[:, -1]), np.bincount(of))
