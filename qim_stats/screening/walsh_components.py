"""The components of the Walsh mixture: Gaussian priors on main effects and all interactions at once.

A response on k two-level factors is a sum of half effects b_S times the products of the columns in S, over the subsets
S of the factors (its Walsh expansion). A component says which factors are active and, in most, ties each interaction to
its parents. With r_i = 1 for active factors, ``WalshPrior.inactive`` for the others, and s2 the scale of an active
half effect,

    Var(b_S) = s2 r_i^2                              |S| = 1
    Var(b_S) = s2 rho^2 r_i^2 r_j^2                  |S| = 2
    Var(b_S) = s2 eta^(2(|S|-1)) prod_{i in S} r_i^2 |S| > 2
    Var(trial) = s2 lam

so that no column of an interaction is ever formed: with z_i = r_i^2 x_i x'_i the covariance of two responses is

    K(x, x') / s2 = [prod_i (1 + eta^2 z_i) - 1] / eta^2 + (rho^2 - eta^2) sum_{i<j} z_i z_j

A scale of their own (eta) for interactions of three and more factors is needed where a foldover has cleared the main
effects of two-factor interactions: what is left, interactions of three, would otherwise be judged by the size of those
of two, and intervals come out too short.

In the others interactions are orphans: large among factors that have no main effects, with Var(b_S) = s2 eta^(2(|S|-1))
for all |S| > 1. Then K / s2 is sum_i z_i plus what the first term has beyond its own sum_i z_i if all factors are
active.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells
from qim_stats.screening.walsh_kernel import kernel
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior

Array = npt.NDArray[np.float64]
Sets = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
INACTIVE = STANDARD.inactive
GRID: Array = STANDARD.grid  # (29, 4): rho, eta, lam, heredity
_CHUNK = 500_000  # numbers in a batch of matrices; larger ones are fresh memory each time
_CORNER = 1e12  # far above z'R^-1 z, which is at most about n^2 / lam for n trials whose z is near 1 in scale
_ROUNDING = 1e-12  # of a sum of squares that is near 1


@dataclass(frozen=True)
class Moments:
    """Posterior of the half effects given the component: t with the cells' df, in the response's unit.

    Parameters
    ----------
    mean : ndarray of float64, shape (c, k)
        Centre.
    shape : ndarray of float64, shape (c, k, k)
        Scale matrix times the degrees of freedom: Q (D - D X'W X D).
    """

    mean: Array
    shape: Array


def log_prior(active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the log prior probability of components, shape (c,), given shapes (c, k) and (c, 4)."""
    count, p = active.sum(axis=1), prior.p_active
    sets = count * np.log(p) + (active.shape[1] - count) * np.log1p(-p)
    return np.asarray(sets + prior.log_share(grid), dtype=np.float64)


def relative_variances(active: Sets, prior: WalshPrior = STANDARD) -> Array:
    """Return r_i^2, shape (s, k)."""
    return np.where(active, 1.0, prior.inactive**2)


def chunk_size(cells: Cells) -> int:
    """Return how many components' matrices to hold in memory at a time."""
    return max(1, _CHUNK // cells.m**2)


def chunks(count: int, cells: Cells) -> list[slice]:
    """Return slices of components small enough to hold their matrices in memory."""
    step = chunk_size(cells)
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def covariances(cells: Cells, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return R, the covariance of the cells' means with the noise of their trials, in units of s2: (c, m, m)."""
    matrices = kernel(cells.x, cells.x, active, grid, prior)
    diagonal = np.arange(cells.m)
    matrices[:, diagonal, diagonal] += grid[:, 2:3] / cells.size
    return matrices


def log_weights(cells: Cells, y: Array, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the log posterior weights of components, up to a constant, for one response.

    Parameters
    ----------
    cells : Cells
        The trials.
    y : ndarray of float64, shape (n,)
        The response, near 1 in scale.
    active, grid : ndarray, shapes (c, k) and (c, 4)
        The components.
    prior : WalshPrior
        Of the components.

    Returns
    -------
    ndarray of float64, shape (c,)
        The log evidence and the log prior.
    """
    evidence = log_evidence(cells, y[:, None], active, grid, prior)[:, 0]
    return np.asarray(evidence + log_prior(active, grid, prior), dtype=np.float64)


def log_evidence(cells: Cells, z: Array, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the log marginal likelihood of each component for each of several responses, up to a constant.

    With the nuisance columns B under a flat prior and s2 under 1/s2, both integrated out: |R|^-1/2 |B'R^-1 B|^-1/2
    lam^-(n-m)/2 (z'Wz + S/lam)^-(n-q)/2, where S is the sum of squares within cells, and R and W are those of the
    cells' means.

    Parameters
    ----------
    cells : Cells
        The trials.
    z : ndarray of float64, shape (n, w)
        The responses, near 1 in scale.
    active, grid : ndarray, shapes (c, k) and (c, 4)
        The components.
    prior : WalshPrior
        For the scale of inactive factors.

    Returns
    -------
    ndarray of float64, shape (c, w)
        Log evidence.
    """
    found = [cells.means(column) for column in z.T]
    means, within = np.column_stack([mean for mean, _ in found]), np.array([inside for _, inside in found])
    right = np.column_stack([cells.nuisance, means])
    answer = np.empty((len(active), z.shape[1]))
    for part in chunks(len(active), cells):
        lower, solved = _factored(covariances(cells, active[part], grid[part], prior), right)
        log_det = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        answer[part] = _evidence(cells, solved, log_det, within, grid[part, 2])
    return answer


def _factored(matrices: Array, right: Array) -> tuple[Array, Array]:
    """Return L of L L' = R, shape (c, m, m), and Z of L Z = right, shape (c, m, q), for a batch of R.

    The rows of Z' stand below L in the factor of R bordered by ``right``, whose own corner is taken large enough.
    """
    m, q = right.shape
    bordered = np.zeros((len(matrices), m + q, m + q))
    bordered[:, :m, :m] = matrices
    bordered[:, m:, :m] = right.T
    bordered[:, np.arange(m, m + q), np.arange(m, m + q)] = _CORNER
    # NumPy looks at the lower triangle alone.
    lower = np.asarray(np.linalg.cholesky(bordered), dtype=np.float64)
    return lower[:, :m, :m], lower[:, m:, :m].transpose(0, 2, 1)


def _evidence(cells: Cells, solved: Array, log_det: Array, within: Array, lam: Array) -> Array:
    """Turn L^-1 [B, z], shape (c, m, q + w), into log marginal likelihoods, shape (c, w)."""
    q = cells.nuisance.shape[1]
    b, z = solved[:, :, :q], solved[:, :, q:]
    root = np.asarray(np.linalg.cholesky(b.transpose(0, 2, 1) @ b), dtype=np.float64)
    taken = np.linalg.solve(root, b.transpose(0, 2, 1) @ z)
    # What rounding error leaves of a response that the nuisance columns explain is not below it.
    total = np.maximum((z**2).sum(axis=1) - (taken**2).sum(axis=1), _ROUNDING) + within / lam[:, None]
    log_nuisance = 2.0 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    fixed = log_det + log_nuisance + (cells.n - cells.m) * np.log(lam)
    return np.asarray(-0.5 * (fixed[:, None] + cells.df * np.log(total)), dtype=np.float64)


def projected_inverses(cells: Cells, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> tuple[Array, Array]:
    """Return W = R^-1 - R^-1 B (B'R^-1 B)^-1 B'R^-1 and log |R| + log |B'R^-1 B|.

    Parameters
    ----------
    cells : Cells
        m cells and q nuisance columns B.
    active, grid : ndarray, shapes (c, k) and (c, 4)
        The components.
    prior : WalshPrior
        For the scale of inactive factors.

    Returns
    -------
    W : ndarray of float64, shape (c, m, m)
        In units of 1/s2.
    log_det : ndarray of float64, shape (c,)
        Sum of both logarithms.
    """
    matrices = covariances(cells, active, grid, prior)
    inverse = np.asarray(np.linalg.inv(matrices), dtype=np.float64)
    weighed = inverse @ cells.nuisance
    inner = cells.nuisance.T @ weighed
    inverse -= weighed @ np.linalg.solve(inner, weighed.transpose(0, 2, 1))
    log_det = np.linalg.slogdet(matrices)[1] + np.linalg.slogdet(inner)[1]
    return inverse, np.asarray(log_det, dtype=np.float64)


def moment_matrices(cells: Cells, w: Array, active: Sets, prior: WalshPrior = STANDARD) -> tuple[Array, Array]:
    """Return D X'W, shape (c, k, m), and D - D X'W X D, shape (c, k, k), with D = diag(r_i^2)."""
    variances = relative_variances(active, prior)
    shrunk = variances[:, :, None] * (cells.x.T @ w)
    shape = -(shrunk @ cells.x) * variances[:, None, :]
    diagonal = np.arange(cells.x.shape[1])
    shape[:, diagonal, diagonal] += variances
    return shrunk, shape


def moments(cells: Cells, y: Array, w: Array, active: Sets, lam: Array, prior: WalshPrior = STANDARD) -> Moments:
    """Return the posterior of the half effects given each component.

    b | c, y ~ t_df( D X'W y, Q/df (D - D X'W X D) ) with D = diag(r_i^2) and Q = y'Wy + S/lam.

    Parameters
    ----------
    cells : Cells
        The trials.
    y : ndarray of float64, shape (n,)
        The response.
    w : ndarray of float64, shape (c, m, m)
        As of ``projected_inverses``.
    active, lam : ndarray, shapes (c, k) and (c,)
        The components.
    prior : WalshPrior
        For the scale of inactive factors.

    Returns
    -------
    Moments
        In the unit of y.
    """
    means, within = cells.means(y)
    shrunk, shape = moment_matrices(cells, w, active, prior)
    total = (means @ w) @ means + within / lam
    return Moments(shrunk @ means, total[:, None, None] * shape)
