"""The error estimate of a foldover: free of two-factor interactions, whatever they are.

In a foldover each run has its mirror, the run with all signs reversed. Half the difference of the two responses holds
the mean and every interaction of an even number of factors not at all: they are the same in both. What the main effects
leave of these differences is noise (and interactions of three, five, ... factors). Stallrich, Singh, Vogt-Lowell and Li
(2025), Powerful foldover designs, arXiv 2507.14648, call its degrees of freedom fake-factor degrees of freedom and pool
them with pure error: an estimate of variance that does not depend on which interactions a model has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.model.pure_error import Cells

Array = npt.NDArray[np.float64]
_RANK_TOLERANCE = 1e-7


@dataclass(frozen=True)
class FoldoverPairs:
    """Cells and their mirrors, and what the model leaves of their differences.

    Parameters
    ----------
    cells : Cells
        The trials grouped by levels and block.
    first, second : ndarray of int, shape (pairs,)
        Numbers of the two cells of each pair.
    weights : ndarray of float64, shape (pairs,)
        1 / SD of the difference of the cells' means, in units of sigma.
    basis : ndarray of float64, shape (pairs, rank)
        Orthonormal columns that span the weighted differences of the model's columns, the factors and the blocks.
    block_shift : bool
        Whether blocks differ between the runs of a pair, so that their difference is estimated too.
    """

    cells: Cells
    first: npt.NDArray[np.intp]
    second: npt.NDArray[np.intp]
    weights: Array
    basis: Array
    block_shift: bool

    @property
    def fake_df(self) -> int:
        """Fake-factor degrees of freedom: pairs - rank."""
        return len(self.first) - int(self.basis.shape[1])

    @property
    def df(self) -> int:
        """Fake-factor and pure-error degrees of freedom together."""
        return self.fake_df + self.cells.df

    def sum_of_squares(self, y: Array) -> Array:
        """Sum the squares that are noise in responses, shape (sets, n); shape (sets,).

        Notes
        -----
        With D the difference of a pair's means, Var D = sigma² (1/r1 + 1/r2) for r1 and r2 replicates. The sum is that
        of the squared residuals of the weighted D, plus pure error, and has ``df`` degrees of freedom. As a function of
        the trials each residual is orthogonal to the model, so the sum is independent of its coefficients, also when
        some runs have no mirror.
        """
        means = self.cells.means(y)
        scaled = (means[:, self.first] - means[:, self.second]) * self.weights
        left = scaled - (scaled @ self.basis) @ self.basis.T
        return np.asarray((left * left).sum(axis=1), dtype=np.float64) + self.cells.sum_of_squares(y)


def find_pairs(cells: Cells, matrix: Array) -> FoldoverPairs | str:
    """Pair each cell with its mirror.

    Parameters
    ----------
    cells : Cells
        n trials grouped by levels and block.
    matrix : ndarray of float64, shape (n, p)
        The model matrix of the trials, blocks included.

    Returns
    -------
    FoldoverPairs or str
        The reason, as a clause, when less than half of the trials have a mirror or no degrees of freedom are left.

    Notes
    -----
    Cells that lie in several blocks are paired with their mirrors in the order of the blocks. Centre points are their
    own mirrors and give pure error only.
    """
    pairs = _pair(cells)
    if not pairs:
        return "no run has its mirror in the table"
    first, second = np.array(pairs, dtype=np.intp).T
    paired = int(cells.counts[first].sum() + cells.counts[second].sum())
    factorial = int(cells.counts[(cells.levels != 0.0).all(axis=1)].sum())
    if 2 * paired < factorial:
        return f"only {paired} of {factorial} trials have their mirror in the table"
    weights = 1.0 / np.sqrt(1.0 / cells.counts[first] + 1.0 / cells.counts[second])
    blocks = sorted(set(cells.blocks))
    indicators = np.array([[label == other for other in blocks[1:]] for label in cells.blocks], dtype=np.float64)
    shifts = (indicators[first] - indicators[second]).reshape(len(first), -1)
    model = [means[first] - means[second] for means in (cells.means(column[None, :])[0] for column in matrix.T)]
    odd = [column for column in model if column.any()]
    columns = np.column_stack([cells.levels[first] - cells.levels[second], shifts, *odd])
    found = FoldoverPairs(cells, first, second, weights, _span(columns * weights[:, None]), bool(shifts.any()))
    if found.fake_df < 1:
        return f"{len(first)} pairs of mirrored runs leave no degrees of freedom beside the main effects"
    return found


def _pair(cells: Cells) -> list[tuple[int, int]]:
    """Return pairs of cells of opposite levels, each cell in at most one; the order and the signs mean nothing."""
    signs = cells.levels.astype(np.int8)
    members: dict[bytes, list[int]] = {}
    for number, levels in enumerate(signs):
        members.setdefault(levels.tobytes(), []).append(number)
    pairs = []
    for levels, ours in members.items():
        mirror = (-signs[ours[0]]).tobytes()
        if levels < mirror:
            # Cells of equal levels differ by their block, and stand in its order.
            pairs += list(zip(ours, members.get(mirror, []), strict=False))
    return pairs


def _span(columns: Array) -> Array:
    """Return orthonormal columns with the same span."""
    left, singular, _ = np.linalg.svd(columns, full_matrices=False)
    rank = int((singular > _RANK_TOLERANCE * max(float(singular.max(initial=0.0)), 1e-300)).sum())
    return np.asarray(left[:, :rank], dtype=np.float64)
