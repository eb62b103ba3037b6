"""Trials collapsed to cells: the means of the trials that share all levels and nuisance values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_RANK_TOLERANCE = 1e-9  # singular values below this share of the largest are rounding error


@dataclass(frozen=True)
class Cells:
    """m cells of n trials, in an order that does not depend on that of the trials.

    Parameters
    ----------
    x : ndarray of float64, shape (m, k)
        Levels coded -1/0/+1.
    nuisance : ndarray of float64, shape (m, q)
        An orthonormal basis of the mean, block differences and whatever else is taken out with a flat prior.
    size : ndarray of float64, shape (m,)
        Trials in each cell, or the sum of their weights.
    cell : ndarray of int, shape (n,)
        The cell of each trial.
    weights : ndarray of float64, shape (n,)
        Of the trials; the variance of a trial is inverse to its weight.
    """

    x: Array
    nuisance: Array
    size: Array
    cell: npt.NDArray[np.intp]
    weights: Array

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.cell)

    @property
    def m(self) -> int:
        """Number of cells."""
        return len(self.size)

    @property
    def df(self) -> int:
        """Trials less nuisance columns."""
        return self.n - int(self.nuisance.shape[1])

    def means(self, y: Array) -> tuple[Array, float]:
        """Return the weighted mean of each cell, shape (m,), and the weighted sum of squares within cells."""
        means = np.bincount(self.cell, self.weights * y, self.m) / self.size
        return means, float(self.weights @ (y - means[self.cell]) ** 2)


def collapse(x: Array, nuisance: Array | None = None, weights: Array | None = None) -> Cells:
    """Collapse trials to cells.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Levels coded -1/0/+1.
    nuisance : ndarray of float64, shape (n, q), optional
        Columns to take out beside the mean: block differences, covariates. Where all rows with a 0 share their zeros
        (center points of a two-level design), a column for the curvature joins them.
    weights : ndarray of float64, shape (n,), optional
        Positive; rescaled to a mean of 1.

    Returns
    -------
    Cells
        With at least one trial each.
    """
    n = len(x)
    columns = [np.ones((n, 1))]
    if nuisance is not None and nuisance.size:
        columns.append(nuisance - nuisance.mean(axis=0))
    zero = x == 0.0
    center = zero.any(axis=1)
    if center.any() and not center.all() and (zero[center] == zero[center][0]).all():
        columns.append(center[:, None].astype(np.float64))
    taken = np.hstack(columns)
    scale = np.abs(taken).max(axis=0)
    taken = taken[:, scale > 0.0] / scale[scale > 0.0]
    # Rounding lets copies of a covariate's value differ in the last bit; such trials are one cell all the same.
    keys = np.hstack([x, taken.round(12)])
    _, first, cell = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    weights = np.ones(n) if weights is None else weights / weights.mean()
    u, s, _ = np.linalg.svd(taken[first], full_matrices=False)
    basis = u[:, s > _RANK_TOLERANCE * s[0]]
    cell = np.asarray(cell, dtype=np.intp).reshape(n)
    return Cells(x[first], basis, np.bincount(cell, weights).astype(np.float64), cell, weights)
