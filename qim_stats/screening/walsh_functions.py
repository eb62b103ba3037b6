"""Draws of the whole response function: its values at all settings, on the scale of each draw's component.

A function is drawn by its 2^k Walsh coefficients. A draw from the prior is moved by what it misses the trials by
(Matheron's rule; Wilson et al. 2021, Journal of Machine Learning Research 22, 105): with r = z - (prior draw + noise)
at the trials, V the prior variances of the coefficients, Phi the Walsh functions at the trials and W as of
``projected_inverses``, the coefficients become b + V Phi'W r, and the nuisance columns get what is left of r,
B'(r - R W r).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells
from qim_stats.screening.walsh_components import Sets, relative_variances
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_NUMBERS = 2_000_000  # of a batch of draws
_NEAR = 2**15  # numbers that a processor core has near


@dataclass(frozen=True)
class Component:
    """The components that draws come from, u of them.

    Parameters
    ----------
    active : ndarray of bool, shape (u, k)
        Active factors.
    grid : ndarray of float64, shape (u, 4)
        rho, eta, lam, and whether interactions inherit.
    w : ndarray of float64, shape (u, m, m)
        As of ``projected_inverses``.
    prior : WalshPrior
        They are of.
    """

    active: Sets
    grid: Array
    w: Array
    prior: WalshPrior = STANDARD


@lru_cache(maxsize=4)
def orders(k: int) -> Indices:
    """Return how many factors each of the 2^k Walsh functions multiplies; function s holds factor i if bit i is set."""
    return np.array([int(s).bit_count() for s in range(2**k)], dtype=np.intp)


def walsh_columns(x: Array) -> Array:
    """Return all products of columns at settings of shape (m, k), shape (m, 2^k)."""
    answer = np.ones((len(x), 1))
    for column in x.T:
        answer = np.hstack([answer, answer * column[:, None]])
    return answer


def walsh_sums(coefficients: Array) -> Array:
    """Return the functions at all settings, shape (d, 2^k), from their coefficients.

    Setting s has factor i high if bit i is set. This is the fast Walsh-Hadamard transform, a pass for each factor.
    """
    answer = np.empty_like(coefficients)
    size = coefficients.shape[1]
    together = max(1, _NEAR // size)
    for start in range(0, len(coefficients), together):
        part = slice(start, start + together)
        # Functions side by side: each pass then runs along the memory, and all of it stays near the processor.
        values = coefficients[part].T.copy()
        step = 1
        while step < size:
            pairs = values.reshape(size // (2 * step), 2, step, -1)
            low = pairs[:, 0] - pairs[:, 1]
            pairs[:, 1] += pairs[:, 0]
            pairs[:, 0] = low
            step *= 2
        answer[part] = values.T
    return answer


def main_effects(values: Array) -> Array:
    """Return the half effects of functions given at all settings, shapes (d, 2^k) and (d, k)."""
    k = values.shape[1].bit_length() - 1
    signs = np.where((np.arange(2**k)[:, None] >> np.arange(k)) & 1, 1.0, -1.0)
    return np.asarray(values @ signs / 2**k, dtype=np.float64)


def coefficient_variances(active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the prior variance of each Walsh coefficient in units of s2, shape (u, 2^k); the constant has none."""
    variances = np.ones((len(active), 1))
    for column in relative_variances(active, prior).T:
        variances = np.hstack([variances, variances * column[:, None]])
    order = orders(active.shape[1])
    stray = np.flatnonzero(grid[:, 3] == 0.0)
    variances[np.ix_(stray, np.flatnonzero(order > 1))] = 1.0
    scale = np.ones((len(active), order.max() + 1))
    scale[:, 0] = 0.0
    for size in range(2, scale.shape[1]):
        scale[:, size] = grid[:, 0] ** 2 if size == 2 else grid[:, 1] ** (2 * (size - 1))
    return np.asarray(variances * scale[:, order], dtype=np.float64)


def draw_functions(
    cells: Cells, means: Array, spread: Array, component: Component, place: Indices, rng: np.random.Generator
) -> Array:
    """Draw functions from the posterior of given components.

    Parameters
    ----------
    cells : Cells
        The trials, m cells.
    means : ndarray of float64, shape (d, m)
        For each draw the cells' means on its scale.
    spread : ndarray of float64, shape (d,)
        Root of the s2 of each draw.
    component, place
        The components, and which one each draw has.
    rng : Generator
        Of the draws.

    Returns
    -------
    ndarray of float64, shape (d, 2^k)
        Values at all settings at the mean of the nuisance columns over the trials.
    """
    size = 2 ** cells.x.shape[1]
    columns = walsh_columns(cells.x)
    level = cells.size @ cells.nuisance / cells.size.sum()
    variances = coefficient_variances(component.active, component.grid, component.prior)
    roots = np.sqrt(variances)
    answer = np.empty((len(place), size))
    step = max(1, _NUMBERS // (size + cells.m**2))
    for start in range(0, len(place), step):
        part = slice(start, start + step)
        own, s = place[part], spread[part, None]
        variance, noise = variances[own], np.sqrt(component.grid[own, 2:3] / cells.size)
        coefficients = rng.standard_normal((len(own), size)) * roots[own] * s
        missed = means[part] - coefficients @ columns.T - rng.standard_normal((len(own), cells.m)) * noise * s
        weighed = (component.w[own] @ missed[:, :, None])[:, :, 0]
        moved = variance * (weighed @ columns)
        left = missed - moved @ columns.T - noise**2 * weighed
        coefficients += moved
        coefficients[:, 0] = left @ cells.nuisance @ level
        answer[part] = walsh_sums(coefficients)
    return answer
