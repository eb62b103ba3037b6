"""Main effects where the components of the Walsh mixture are sampled: beyond twelve factors, on the plain scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells
from qim_stats.screening.walsh_components import Indices, Moments, chunk_size, moments, projected_inverses
from qim_stats.screening.walsh_prior import WalshPrior
from qim_stats.screening.walsh_sets import Components, Progress, sample_components
from qim_stats.screening.walsh_view import View

Array = npt.NDArray[np.float64]


def systematic(weight: Array, draws: int, rng: np.random.Generator) -> Indices:
    """Choose components by their weights, in ascending order.

    Parameters
    ----------
    weight : ndarray of float64, shape (c,)
        Posterior probabilities.
    draws : int
        How many to choose.
    rng : Generator
        Of the one random number.

    Returns
    -------
    ndarray of intp, shape (draws,)
        Places of components.
    """
    points = (np.arange(draws) + rng.random()) / draws
    return np.minimum(np.searchsorted(np.cumsum(weight), points, side="right"), len(weight) - 1)


def sampled_effects(
    view: View, y: Array, rng: np.random.Generator, draws: int, prior: WalshPrior, progress: Progress | None
) -> tuple[Array, Components, Array]:
    """Sample components by chains, then half effects from t within each, for the response as given.

    Parameters
    ----------
    view : View
        The trials, factors in the order of their contrasts.
    y : ndarray of float64, shape (n,)
        The standardized response.
    rng : Generator
        Of the chains and the draws.
    draws : int
        How many.
    prior : WalshPrior
        Of main effects and interactions.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    tuple of ndarray, Components and ndarray
        Half effects in the view's order, shape (draws, k); the components, in the study's; and the row of
        ``WalshPrior.grid`` of each draw, shape (draws, 4).
    """
    cells = view.cells
    found = sample_components(cells, y, rng, progress, prior)
    drawn, sizes = _draw(cells, y, found, rng, draws)
    active = np.empty_like(found.active)
    active[:, view.order] = found.active
    return drawn, replace(found, active=active), sizes


def _draw(cells: Cells, y: Array, components: Components, rng: np.random.Generator, draws: int) -> tuple[Array, Array]:
    """Draw half effects, shape (draws, k): components by systematic sampling, then t within each.

    The second answer is the row of the grid of each draw, shape (draws, 4).
    """
    k, step = cells.x.shape[1], chunk_size(cells)
    unique, place = np.unique(systematic(components.weight, draws, rng), return_inverse=True)
    normal = rng.standard_normal((draws, k))
    spread = np.sqrt(rng.chisquare(cells.df, draws))
    drawn = np.empty((draws, k))
    for start in range(0, len(unique), step):
        which = unique[start : start + step]
        active, sizes = components.active[which], components.sizes()[which]
        w, _ = projected_inverses(cells, active, sizes, components.prior)
        found = moments(cells, y, w, active, sizes[:, 2], components.prior)
        root = _root(found)
        # The components ascend, so the draws of a slice of them lie side by side.
        rows = slice(*np.searchsorted(place, (start, start + step)).tolist())
        own = place[rows] - start
        drawn[rows] = found.mean[own] + (root[own] @ normal[rows, :, None])[:, :, 0] / spread[rows, None]
    return drawn, components.sizes()[unique][place]


def _root(found: Moments) -> Array:
    shape = found.shape.copy()
    diagonal = np.arange(shape.shape[1])
    # Keeps a scale matrix that is singular to rounding error positive definite.
    shape[:, diagonal, diagonal] *= 1.0 + 1e-9
    return np.asarray(np.linalg.cholesky(shape), dtype=np.float64)
