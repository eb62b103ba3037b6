"""Futures of further runs from components of the mixture: the posterior is weighed again after each.

A component and the responses at the new runs are drawn from the posterior predictive of the trials so far, with the
noise of trials; all components are weighed by the trials with these responses.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge, Weighed
from qim_stats.followup.mixture import deviates, mixture
from qim_stats.screening.walsh_components import GRID, Indices, projected_inverses
from qim_stats.screening.walsh_kernel import kernel

Array = npt.NDArray[np.float64]
_SINGULAR = 1e-8


class ComponentFutures:
    """Futures that are the same functions and noise for all sets of runs.

    Parameters
    ----------
    known : Knowledge
        What is known now.
    told : Weighed
        The components of it.
    settings : ndarray of float64, shape (c, k)
        All settings of all sets, in the coordinates of ``known``.
    runs, futures, draws : int
        Runs of a set, futures, and draws after each.
    seed : int
        Of the futures and of the draws in each.

    Notes
    -----
    A new block's difference is not drawn: it is taken out with a flat prior, so no value of it changes a posterior.
    """

    def __init__(
        self, known: Knowledge, told: Weighed, settings: Array, runs: int, futures: int, draws: int, seed: int
    ) -> None:
        self._known, self._told = known, told
        settings = np.unique(settings, axis=0)
        self._places = {tuple(row): place for place, row in enumerate(settings.tolist())}
        rng = np.random.Generator(np.random.PCG64([seed, 83]))
        self._function, sd = component_functions(known, told, settings, futures, rng)
        rng = np.random.Generator(np.random.PCG64([seed, 84]))
        self._noise = rng.standard_normal((futures, runs)) * sd[:, None]
        self._given = deviates(draws, known.x.shape[1], rng)

    def after(self, rows: Array) -> Iterator[Array]:
        """Draw half effects after each future of some runs.

        Parameters
        ----------
        rows : ndarray of float64, shape (r, k)
            Their settings, among those given.

        Yields
        ------
        ndarray of float64, shape (d, k)
            Half effects, a future after another.
        """
        after = mixture(self._known, self._told, rows)
        ahead = self._function[:, [self._places[tuple(row)] for row in rows.tolist()]] + self._noise
        weight, total, means = after.weigh(np.column_stack([np.tile(self._known.y, (len(ahead), 1)), ahead]))
        for i in range(len(ahead)):
            yield after.draw(weight[:, i], total[:, i], means[i], self._given)


def component_functions(
    known: Knowledge, told: Weighed, settings: Array, futures: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw the response without noise at some settings, shape (s, settings), and the SD of a trial's noise, (s,).

    Given a component the response function at new settings is t with the cells' df: mean K W y, scale matrix
    Q/df (K - K W K'), from the same algebra as the half effects' (see ``walsh_components.moments``).
    """
    cells, found = known.cells, told.components
    points = (np.arange(futures) + rng.random()) / futures
    chosen = np.minimum(np.searchsorted(np.cumsum(found.weight), points, side="right"), len(found.weight) - 1)
    unique, place = np.unique(chosen, return_inverse=True)
    s2_over_q = 1.0 / rng.chisquare(cells.df, futures)
    normal = rng.standard_normal((futures, len(settings)))
    function, sd = np.empty((futures, len(settings))), np.empty(futures)
    means, within = cells.means(known.y)
    step = max(1, 4_000_000 // len(settings) ** 2)
    for start in range(0, len(unique), step):
        part: Indices = unique[start : start + step]
        active, grid = found.active[part], GRID[found.grid[part]]
        w, _ = projected_inverses(cells, active, grid)
        across = kernel(settings, cells.x, active, grid)
        gained = across @ w
        left = kernel(settings, settings, active, grid) - gained @ across.transpose(0, 2, 1)
        diagonal = np.arange(len(settings))
        left[:, diagonal, diagonal] += _SINGULAR * np.maximum(left[:, diagonal, diagonal].max(axis=1), 1.0)[:, None]
        root = np.linalg.cholesky(left)
        total = (means @ w) @ means + within / grid[:, 2]
        rows = slice(*np.searchsorted(place, (start, start + step)).tolist())
        own = place[rows] - start
        s2 = total[own] * s2_over_q[rows]
        bent = (root[own] @ normal[rows, :, None])[:, :, 0]
        function[rows] = (gained @ means)[own] + bent * np.sqrt(s2)[:, None]
        sd[rows] = np.sqrt(grid[own, 2] * s2)
    return function, sd
