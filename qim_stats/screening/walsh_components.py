"""The components of the Walsh mixture: Gaussian priors on main effects and all interactions at once.

A response on k two-level factors is a sum of half effects b_S times the products of the columns in S, over the subsets
S of the factors (its Walsh expansion). A component says which factors are active and, in most, ties each interaction to
its parents. With r_i = 1 for active factors, 0.5 (``WalshPrior.inactive``) for the others, and s2 the scale of an
active half effect,

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
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior

Array = npt.NDArray[np.float64]
Sets = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
INACTIVE = STANDARD.inactive
GRID: Array = STANDARD.grid  # (29, 4): rho, eta, lam, heredity
_CHUNK = 2_000_000  # numbers in a batch of matrices
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


def kernel(x: Array, other: Array, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the covariance of responses at two lists of settings, without the trial's noise, in units of s2.

    Parameters
    ----------
    x, other : ndarray of float64, shapes (m, k) and (o, k)
        Settings coded -1/0/+1.
    active : ndarray of bool, shape (c, k)
        Active factors of c components.
    grid : ndarray of float64, shape (c, 4)
        Their rho, eta, lam, and whether interactions inherit.
    prior : WalshPrior
        For the scale of inactive factors.

    Returns
    -------
    ndarray of float64, shape (c, m, o)
        The formula is in the module's head.
    """
    terms = _pair_terms(x.tobytes(), other.tobytes(), x.shape[1], prior.inactive)
    # Components come by sets of factors, each with many sizes: what depends on the set alone is had once.
    sets, place = _distinct(active)
    pairs = terms.pairs(sets)
    answer = np.empty((len(active), len(x) * len(other)))
    inherited = grid[:, 3] == 1.0
    for eta in np.unique(grid[inherited, 1]).tolist():
        rows = inherited & (grid[:, 1] == eta)
        at = place[rows]
        answer[rows] = terms.every(sets, eta)[at] + (grid[rows, :1] ** 2 - eta**2) * pairs[at]
    if not inherited.all():
        mains, full = terms.mains(sets), np.ones((1, active.shape[1]))
        for eta in np.unique(grid[~inherited, 1]).tolist():
            rows = ~inherited & (grid[:, 1] == eta)
            answer[rows] = mains[place[rows]] + (terms.every(full, eta) - terms.mains(full))
    return answer.reshape(len(active), len(x), len(other))


def _distinct(active: Sets) -> tuple[Array, Indices]:
    """Return the different sets as numbers, shape (s, k), and which of them each component has."""
    packed = np.packbits(active, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return active[first].astype(np.float64), place


@dataclass(frozen=True)
class _PairTerms:
    """What the kernel needs of two lists of settings whatever the component; rows are factors, columns pairs.

    The methods take sets of active factors as numbers 0 and 1, shape (s, k), and return shape (s, pairs).
    """

    pair: Array
    sums: Array
    squares: Array
    square_sums: Array
    inactive: float
    logs: dict[float, tuple[Array, Array]]

    def mains(self, sets: Array) -> Array:
        """Return sum_i z_i."""
        return np.asarray(sets @ ((1.0 - self.inactive**2) * self.pair) + self.sums, dtype=np.float64)

    def pairs(self, sets: Array) -> Array:
        """Return sum_{i<j} z_i z_j = [(sum z_i)^2 - sum z_i^2] / 2."""
        mains = self.mains(sets)
        return np.asarray(0.5 * (mains * mains - (sets @ self.squares + self.square_sums)), dtype=np.float64)

    def every(self, sets: Array, eta: float) -> Array:
        """Return [prod_i (1 + eta^2 z_i) - 1] / eta^2."""
        if eta not in self.logs:
            self.logs[eta] = _logarithms(self.pair, eta, self.inactive)
        gain, slack = self.logs[eta]
        return np.asarray(np.expm1(sets @ gain + slack) / eta**2, dtype=np.float64)


@lru_cache(maxsize=8)
def _pair_terms(x: bytes, other: bytes, k: int, inactive: float) -> _PairTerms:
    """Multiply two lists of settings; these come as bytes, since the chains ask again for the same ones."""
    left, right = np.frombuffer(x).reshape(-1, k), np.frombuffer(other).reshape(-1, k)
    pair = np.ascontiguousarray((left[:, None, :] * right[None, :, :]).reshape(-1, k).T)
    squares = pair * pair
    return _PairTerms(
        pair=pair,
        sums=inactive**2 * pair.sum(axis=0),
        squares=(1.0 - inactive**4) * squares,
        square_sums=inactive**4 * squares.sum(axis=0),
        inactive=inactive,
        logs={},
    )


def _logarithms(pair: Array, eta: float, inactive: float) -> tuple[Array, Array]:
    """Return what an active factor adds to log prod_i (1 + eta^2 z_i), and its value with none active."""
    slack = np.log1p(eta**2 * inactive**2 * pair)
    return np.log1p(eta**2 * pair) - slack, np.asarray(slack.sum(axis=0), dtype=np.float64)


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
        lower = np.asarray(np.linalg.cholesky(covariances(cells, active[part], grid[part], prior)), dtype=np.float64)
        solved = _forward(lower, right)
        log_det = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        answer[part] = _evidence(cells, solved, log_det, within, grid[part, 2])
    return answer


def _forward(lower: Array, right: Array) -> Array:
    """Solve L Z = right for a batch of lower triangles: (c, m, m) and (m, q) to (c, m, q)."""
    solved = np.empty((len(lower), *right.shape))
    for i in range(len(right)):
        known = lower[:, i : i + 1, :i] @ solved[:, :i]
        solved[:, i] = (right[i] - known[:, 0]) / lower[:, i, i, None]
    return solved


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
