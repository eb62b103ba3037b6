"""The mixture over any set of trials, ready for many responses at once: weights, moments, draws of main effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge, Weighed
from qim_stats.screening.walsh_cells import Cells, collapse
from qim_stats.screening.walsh_components import GRID, moment_matrices, projected_inverses

Array = npt.NDArray[np.float64]
_SINGULAR = 1e-9  # keeps a scale matrix that is singular to rounding error positive definite


@dataclass(frozen=True)
class Deviates:
    """Random numbers shared by all posteriors that are compared.

    Parameters
    ----------
    points : ndarray of float64, shape (d,)
        Ascending, in (0, 1): which component each draw takes.
    normal : ndarray of float64, shape (d, k)
        Standard normal.
    chi2 : ndarray of float64, shape (d,)
        Quantiles of chi squared are taken at these points, in (0, 1).
    """

    points: Array
    normal: Array
    chi2: Array


def deviates(draws: int, k: int, rng: np.random.Generator) -> Deviates:
    """Draw the random numbers of ``draws`` draws of k effects."""
    points = (np.arange(draws) + rng.random()) / draws
    return Deviates(points, rng.standard_normal((draws, k)), rng.random(draws))


@dataclass(frozen=True)
class Mixture:
    """Trials, done and to come, under every component.

    Parameters
    ----------
    cells : Cells
        n trials in m cells.
    start : ndarray of float64, shape (c,)
        Log weight of each component before any response.
    w, log_det : ndarray of float64, shapes (c, m, m) and (c,)
        As of ``projected_inverses``.
    shrunk, root : ndarray of float64, shapes (c, k, m) and (c, k, k)
        D X'W, and the triangular root of D - D X'W X D.
    lam : ndarray of float64, shape (c,)
        Noise of a trial, in units of s2.
    """

    cells: Cells
    start: Array
    w: Array
    log_det: Array
    shrunk: Array
    root: Array
    lam: Array

    def weigh(self, responses: Array) -> tuple[Array, Array, Array]:
        """Weigh the components by each of several responses.

        Parameters
        ----------
        responses : ndarray of float64, shape (s, n)
            One response a row.

        Returns
        -------
        weight : ndarray of float64, shape (c, s)
            Posterior probabilities; each column sums to 1.
        total : ndarray of float64, shape (c, s)
            Q = y'Wy + S/lam, as in ``walsh_components``.
        means : ndarray of float64, shape (s, m)
            Of the cells.
        """
        cells = self.cells
        average = np.zeros((cells.n, cells.m))
        average[np.arange(cells.n), cells.cell] = 1.0 / cells.size[cells.cell]
        means = responses @ average
        within = ((responses - means[:, cells.cell]) ** 2).sum(axis=1)
        outer = (means[:, :, None] * means[:, None, :]).reshape(len(means), -1)
        total = self.w.reshape(len(self.lam), -1) @ outer.T + within / self.lam[:, None]
        logs = self.start - 0.5 * (self.log_det + (cells.n - cells.m) * np.log(self.lam))
        weight = logs[:, None] - 0.5 * cells.df * np.log(total)
        weight = np.exp(weight - weight.max(axis=0))
        return weight / weight.sum(axis=0), total, means

    def draw(self, weight: Array, total: Array, means: Array, given: Deviates) -> Array:
        """Draw half effects under one response: a component by its weight, then t within it.

        Parameters
        ----------
        weight, total : ndarray of float64, shapes (c,)
            A column of those of ``weigh``.
        means : ndarray of float64, shape (m,)
            A row of those of ``weigh``.
        given : Deviates
            The random numbers.

        Returns
        -------
        ndarray of float64, shape (d, k)
            In the response's unit.
        """
        from scipy.special import chdtri

        ends = np.cumsum(weight)
        chosen = np.minimum(np.searchsorted(ends, given.points * ends[-1], side="right"), len(weight) - 1)
        centre = self.shrunk[chosen] @ means
        noise = (self.root[chosen] @ given.normal[:, :, None])[:, :, 0]
        spread = np.sqrt(total[chosen] / chdtri(self.cells.df, given.chi2))
        return np.asarray(centre + noise * spread[:, None], dtype=np.float64)


def mixture(known: Knowledge, told: Weighed, ahead: Array | None = None) -> Mixture:
    """Put further runs beside the trials so far, in the block that ``known.ahead`` says.

    Parameters
    ----------
    known : Knowledge
        The trials so far.
    told : Weighed
        The components that they leave.
    ahead : ndarray of float64, shape (r, k), optional
        Settings of further runs, in the coordinates of ``known``; none by default.

    Returns
    -------
    Mixture
        Whose responses are those of the trials so far, then those of the further runs. The difference between a new
        block and the others is unknown, with a flat prior, like every block difference.
    """
    x, nuisance = known.x, known.nuisance
    if ahead is not None:
        x = np.vstack([x, ahead])
        joined = np.zeros(nuisance.shape[1]) if known.ahead is None else known.ahead
        nuisance = np.vstack([nuisance, np.tile(joined, (len(ahead), 1))])
        if known.ahead is None:
            nuisance = np.column_stack([nuisance, np.repeat([0.0, 1.0], [len(known.y), len(ahead)])])
    cells = collapse(x, nuisance)
    found = told.components
    grid = GRID[found.grid]
    w, log_det = projected_inverses(cells, found.active, grid)
    shrunk, shape = moment_matrices(cells, w, found.active)
    diagonal = np.arange(x.shape[1])
    shape[:, diagonal, diagonal] *= 1.0 + _SINGULAR
    root = np.asarray(np.linalg.cholesky(shape), dtype=np.float64)
    return Mixture(cells, np.log(found.weight) - told.log_evidence, w, log_det, shrunk, root, grid[:, 2])
