"""How much a run is expected to tell about the main effects that a goal turns on: the posterior's own criterion.

With t(x) the posterior covariance of the response function at x with the main effects b, T that of the function, and
Omega what an error in b costs the goal (``Goal.weights``), a run at x takes

    t(x)' Omega t(x) / (T(x, x) + noise(x))

off the expected cost E[(b - E b)' Omega (b - E b)], as a normal update would. Runs are added one after another, each
with the covariances that the runs before it leave (rank-one updates). The criterion is this project's own; its form is
that of a linear (L-optimal) Bayesian design (Chaloner and Verdinelli 1995, Statistical Science 10, 273-304).

Up to 12 factors the covariances are those of draws of whole response functions, so that what is not sure about the
scale of the response counts too; beyond, those of the heaviest components of the mixture with the differences between
their means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge, Weighed
from qim_stats.screening.walsh_components import GRID, projected_inverses, relative_variances
from qim_stats.screening.walsh_draws import WalshFunctions
from qim_stats.screening.walsh_kernel import kernel

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_NUMBERS = 8_000_000  # in the arrays of all components
_DIGITS = 9  # beyond which two runs differ by rounding alone
_NOTHING = 1e-12  # of the largest variance: keeps one that scales have cut off from being divided by


class Foresight(ABC):
    """Covariances of what settings would show, with each other and with the main effects.

    Attributes
    ----------
    settings : ndarray of float64, shape (c, k)
        Coded -1/+1, in the coordinates of what is known.
    effects : ndarray of float64, shape (c, k)
        t: covariance of the response at each setting with each half effect.
    variance : ndarray of float64, shape (c,)
        T(x, x), with the block's variance.
    noise : ndarray of float64, shape (c,)
        Expected variance of a trial's noise at each setting. A new block's difference has the mean of it as its
        variance, as a flat prior would make the first run of the block worthless whatever it is; the expected gain is
        judged by a flat prior. Runs that join a block have no such difference.
    """

    settings: Array
    effects: Array
    variance: Array
    noise: Array

    @abstractmethod
    def column(self, at: int) -> Array:
        """Return the covariance of every setting's response with that at one of them, shape (c,)."""


def foresee(known: Knowledge, settings: Array) -> Foresight:
    """Return what is expected of settings, shape (c, k), by what is known."""
    told = known.told
    if isinstance(told, WalshFunctions):
        return _OfFunctions(known, told, settings)
    return _OfComponents(known, told, settings)


class _OfFunctions(Foresight):
    """Sample covariances of drawn functions.

    With D draws an entry has a Monte Carlo error of about 1 / sqrt(D) of the root of the two variances' product, 3 %
    for 1,000. They are not shrunk: no matrix of them is inverted before noise is added to its diagonal, and an error
    of this size costs a choice no more than the difference between two runs that are nearly as good.
    """

    def __init__(self, known: Knowledge, told: WalshFunctions, settings: Array) -> None:
        at = told.columns(settings)
        values = told.values[:, at]
        self._apart = values - values.mean(axis=0)
        self._more = len(values) - 1
        self.settings = settings
        self.effects = self._apart.T @ told.effects / self._more
        variance = np.einsum("dc,dc->c", self._apart, self._apart) / self._more
        noise = told.noise[:, at].mean(axis=0)
        self.noise = np.maximum(noise, _NOTHING * max(float(variance.max()), float(noise.max())))
        self._block = float(told.noise.mean()) if known.ahead is None else 0.0
        self.variance = variance + self._block

    def column(self, at: int) -> Array:
        """Return the covariance of every setting's response with that at one of them, shape (c,)."""
        return np.asarray(self._apart.T @ self._apart[:, at] / self._more + self._block, dtype=np.float64)


class _OfComponents(Foresight):
    """Covariances under the heaviest components of the mixture, of the response as given."""

    def __init__(self, known: Knowledge, told: Weighed, settings: Array) -> None:
        cells, found = known.cells, told.components
        count = int(np.clip(_NUMBERS // (len(settings) * cells.m), 20, 1_000))
        self._active, grid = found.active[:count], GRID[found.grid[:count]]
        self._grid, self._weight = grid, found.weight[:count] / found.weight[:count].sum()
        self.settings = settings
        w, _ = projected_inverses(cells, self._active, grid)
        self._across = kernel(settings, cells.x, self._active, grid)
        self._gained = self._across @ w
        means, within = cells.means(known.y)
        # The variance of a t distribution with few degrees of freedom is that of its scale at least.
        s2 = ((means @ w) @ means + within / grid[:, 2]) / max(cells.df - 2, 1)
        self._scaled = self._weight * s2
        noise = float(self._scaled @ grid[:, 2])
        self.noise = np.full(len(settings), noise)
        self._block = noise if known.ahead is None else 0.0
        variances = relative_variances(self._active)
        expected = variances[:, None, :] * cells.x
        effects = variances * ((w @ means) @ cells.x)
        apart = effects - self._weight @ effects
        function = self._gained @ means
        self._apart = function - self._weight @ function
        within_components = settings * (self._scaled @ variances)
        self.effects = (
            within_components
            - np.tensordot(self._scaled, self._gained @ expected, axes=1)
            + (self._weight[:, None] * self._apart).T @ apart
        )
        one = np.ones((1, settings.shape[1]))
        own = kernel(one, one, self._active, grid)[:, 0, 0]
        left = own[:, None] - (self._gained * self._across).sum(axis=2)
        self.variance = self._scaled @ left + self._weight @ self._apart**2 + self._block

    def column(self, at: int) -> Array:
        """Return the covariance of every setting's response with that at one of them, shape (c,)."""
        one = self.settings[at : at + 1]
        left = kernel(self.settings, one, self._active, self._grid)[:, :, 0]
        left -= (self._gained @ self._across[:, at, :, None])[:, :, 0]
        joint = self._scaled @ left + (self._weight * self._apart[:, at]) @ self._apart
        return np.asarray(joint + self._block, dtype=np.float64)


def noise_sd(known: Knowledge) -> float:
    """Return the root of the expected variance of a trial's noise, over all settings, in the response's unit."""
    if isinstance(known.told, WalshFunctions):
        return float(np.sqrt(known.told.noise.mean()) * known.scale)
    return float(np.sqrt(foresee(known, known.x[:1]).noise[0]) * known.scale)


def best_runs(seen: Foresight, omega: Array, runs: int, *, again: bool, cost: Array | None = None) -> Indices:
    """Choose runs one after another.

    Parameters
    ----------
    seen : Foresight
        The settings to choose from.
    omega : ndarray of float64, shape (k, k)
        What an error in the half effects costs.
    runs : int
        How many; no more than there are settings, unless ``again``.
    again : bool
        Whether a setting may be taken more than once.
    cost : ndarray of float64, shape (c,), optional
        Of a run at each setting: what a run takes off the expected cost of errors is divided by it.

    Returns
    -------
    ndarray of intp, shape (runs,)
        Positions among the settings, in the order chosen.
    """
    effects, variance = seen.effects.copy(), seen.variance.copy()
    updates: list[Array] = []
    chosen: list[int] = []
    for _ in range(runs):
        worth = np.einsum("ci,ij,cj->c", effects, omega, effects) / (variance + seen.noise)
        worth = worth if cost is None else worth / cost
        if not again:
            worth[chosen] = -1.0
        best = _first_largest(worth)
        column = seen.column(best)
        for update in updates:
            column -= update * update[best]
        update = column / np.sqrt(variance[best] + seen.noise[best])
        effects = effects - np.outer(update, effects[best] / np.sqrt(variance[best] + seen.noise[best]))
        variance = np.maximum(variance - update**2, 0.0)
        updates.append(update)
        chosen.append(best)
    return np.array(chosen, dtype=np.intp)


def best_set(seen: Foresight, omega: Array, sets: Indices, cost: Array | None = None) -> int:
    """Return which of several sets of settings takes most off the expected cost.

    Parameters
    ----------
    seen : Foresight
        The settings.
    omega : ndarray of float64, shape (k, k)
        What an error in the half effects costs.
    sets : ndarray of intp, shape (s, r)
        Positions among the settings.
    cost : ndarray of float64, shape (c,), optional
        Of a run at each setting: what a set takes off is divided by that of its runs.

    Returns
    -------
    int
        The first of the best.
    """
    needed = np.unique(sets)
    joint = np.full((len(seen.settings), len(seen.settings)), np.nan)
    for at in needed.tolist():
        joint[at] = seen.column(at)
    worth = np.empty(len(sets))
    for i, rows in enumerate(sets):
        covariance = joint[np.ix_(rows, rows)] + np.diag(seen.noise[rows])
        told = seen.effects[rows].T @ np.linalg.solve(covariance, seen.effects[rows])
        worth[i] = np.sum(told * omega) / (1.0 if cost is None else cost[rows].sum())
    return _first_largest(worth)


def _first_largest(worth: Array) -> int:
    """Return the first of those that are largest but for rounding error."""
    best = float(worth.max())
    return int(np.argmax(worth >= best - abs(best) * 10.0**-_DIGITS))
