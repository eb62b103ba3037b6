"""The alias-aware posterior of main effects: interactions of every order are not assumed away but given a distribution.

The model is in ``walsh_components``: a mixture over which factors are active and over how large interactions are beside
their parents. It works for any subset of two-level runs: designs with lost rows, foldovers, follow-up trials.

It is in the line of Box and Meyer (1986, Technometrics 28, 11-18; 1993, Journal of Quality Technology 25, 94-105),
active factors with the interactions among them, and of Joseph (2006, Technometrics 48, 219-229) and Joseph and Delaney
(2007, Technometrics 49, 1-11), functionally induced priors whose product kernel carries all interactions.

Simulations run over the factors in the order of their contrasts and with signs turned positive, so that neither the
order nor the naming of the factors, nor which level is called high, changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells, collapse
from qim_stats.screening.walsh_components import (
    GRID,
    Indices,
    Moments,
    Sets,
    chunk_size,
    log_prior,
    moment_matrices,
    moments,
    projected_inverses,
)
from qim_stats.screening.walsh_sets import (
    Components,
    Progress,
    all_sets,
    cross,
    enumerable,
    enumerate_components,
    heaviest,
    sample_components,
    tractable,
)

Array = npt.NDArray[np.float64]
DRAWS = 10_000
_STORED = 6_000_000  # numbers of all components' matrices that are kept for the next response
_EXACT = 1e-10  # spread of the response about its nuisance columns, relative to its size, that is rounding error


def shares_before(ranks: npt.NDArray[np.int64]) -> Array:
    """Return the share of draws in which factor i ranks before factor j, shape (k, k), given draws of shape (d, k)."""
    columns = np.ascontiguousarray(ranks.T)
    return np.array([(column < columns).mean(axis=1) for column in columns])


@dataclass(frozen=True)
class WalshPosterior:
    """Draws from the posterior of the k half effects.

    Parameters
    ----------
    draws : ndarray of float64, shape (d, k)
        Half effects (coded coefficients), in the response's unit.
    p_active : ndarray of float64, shape (k,)
        Probability that a factor is among the active ones.
    components : Components
        What the draws came from, the heaviest first where they were enumerated.
    """

    draws: Array
    p_active: Array
    components: Components

    @property
    def mean(self) -> Array:
        """Mean half effects, shape (k,)."""
        return np.asarray(self.draws.mean(axis=0), dtype=np.float64)

    @property
    def sd(self) -> Array:
        """Standard deviations of the half effects, shape (k,)."""
        return np.asarray(self.draws.std(axis=0), dtype=np.float64)

    @cached_property
    def ranks(self) -> npt.NDArray[np.int64]:
        """Rank of each factor by |half effect| in each draw, shape (d, k)."""
        order = np.argsort(-np.abs(self.draws), axis=1, kind="stable")
        places = np.empty_like(order)
        np.put_along_axis(places, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
        return places.astype(np.int64)

    def p_top(self, top: int) -> Array:
        """Return each factor's probability of being among the ``top`` largest, shape (k,)."""
        return np.asarray((self.ranks <= top).mean(axis=0), dtype=np.float64)

    @cached_property
    def p_larger(self) -> Array:
        """Probability that |effect i| exceeds |effect j|, shape (k, k); 0 on the diagonal."""
        return shares_before(self.ranks)

    def p_sign(self, estimates: Array) -> Array:
        """Return the probability that each effect has the sign of its estimate, shape (k,); NaN for 0 and NaN."""
        share = (np.sign(self.draws) == np.sign(estimates)).mean(axis=0)
        return np.where(np.isnan(estimates) | (estimates == 0.0), np.nan, share)


@dataclass(frozen=True)
class _Stored:
    """All components of a design with what gives their weights and moments for any response."""

    active: Sets
    grid: Indices
    w: Array
    log_det: Array
    shrunk: Array
    shape: Array

    def weigh(self, cells: Cells, y: Array) -> tuple[Components, Callable[[Indices], Moments]]:
        """Return what ``enumerate_components`` and ``moments`` would, from the matrices kept."""
        means, within = cells.means(y)
        lam = GRID[self.grid, 2]
        total = self.w.reshape(len(lam), -1) @ np.outer(means, means).ravel() + within / lam
        logs = -0.5 * (self.log_det + cells.df * np.log(total) + (cells.n - cells.m) * np.log(lam))
        order, weight = heaviest(logs + log_prior(self.active))

        def at(which: Indices) -> Moments:
            rows = order[which]
            return Moments(self.shrunk[rows] @ means, total[rows, None, None] * self.shape[rows])

        return Components(self.active[order], self.grid[order], weight), at


@dataclass(frozen=True)
class WalshDesign:
    """The trials of a study, ready for any response; made by ``walsh_design``.

    Parameters
    ----------
    cells : Cells
        The trials, replicates collapsed.
    stored : optional
        Filled by ``prepared``.
    """

    cells: Cells
    stored: _Stored | None = None

    def prepared(self) -> WalshDesign:
        """Return the same design with its matrices stored, which makes many posteriors quick (simulations).

        Designs whose matrices would take much memory are returned as they are.
        """
        k = self.cells.x.shape[1]
        if not enumerable(self.cells) or 2**k * len(GRID) * self.cells.m**2 > _STORED:
            return self
        active, grid = cross(all_sets(k))
        w, log_det = projected_inverses(self.cells, active, GRID[grid])
        return replace(self, stored=_Stored(active, grid, w, log_det, *moment_matrices(self.cells, w, active)))

    def posterior(
        self, y: Array, seed: int, *, draws: int = DRAWS, progress: Progress | None = None
    ) -> WalshPosterior | str:
        """Draw from the posterior of the main effects.

        Parameters
        ----------
        y : ndarray of float64, shape (n,)
            The response of each trial, in any unit.
        seed : int
            Of the draws.
        draws : int
            How many.
        progress : callable, optional
            Called with the steps done and their number.

        Returns
        -------
        WalshPosterior or str
            Or why there is none, as a clause.
        """
        cells = self.cells
        standard, scale = _standardized(cells, y)
        if scale == 0.0:
            return "the response does not vary between the trials once the mean and the blocks are taken out"
        # Rounded, so that what is zero but for rounding error has no sign, and equal ones keep their order.
        contrasts = np.round(cells.x.T @ (cells.size * cells.means(standard)[0]), 9)
        order = np.argsort(-np.abs(contrasts), kind="stable")
        rng = np.random.Generator(np.random.PCG64([seed, 2]))
        if self.stored is not None:
            components, at = self.stored.weigh(cells, standard)
        else:
            components = _components(cells, standard, order, rng, progress)
            at = _moments_at(cells, standard, components)
        signs = np.where(contrasts < 0.0, -1.0, 1.0)
        step = chunk_size(cells)
        drawn = _draw(components.weight, at, (order, signs), rng, draws=draws, df=cells.df, step=step)
        p_active = np.asarray(components.weight @ components.active, dtype=np.float64)
        return WalshPosterior(drawn * scale, p_active, components)


def walsh_design(x: Array, nuisance: Array | None = None, weights: Array | None = None) -> WalshDesign | str:
    """Prepare a study's trials for the alias-aware posterior.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Levels coded -1/0/+1. Lost rows, foldovers and follow-up trials need no special care; a 0 is halfway, and where
        all rows with zeros are centers of a two-level design, their curvature is taken out.
    nuisance : ndarray of float64, shape (n, q), optional
        Block differences and covariates, taken out beside the mean under a flat prior.
    weights : ndarray of float64, shape (n,), optional
        Inverse to the variance of each trial's noise, in any unit.

    Returns
    -------
    WalshDesign or str
        Or why alias-aware inference is not for these trials, as a clause.
    """
    n, k = x.shape
    if n >= 2**k and _is_balanced_full(x):
        return "all combinations of the levels were run equally often, so nothing is aliased"
    cells = collapse(x, nuisance, weights)
    if cells.df < 1:
        return "the trials are no more than the blocks and covariates to be taken out"
    if not tractable(cells):
        return f"{cells.m} different settings of {k} factors are more than can be computed in half a minute"
    return WalshDesign(cells)


def _is_balanced_full(x: Array) -> bool:
    if (x == 0.0).any() or x.shape[1] > 60:
        return False
    codes = ((x > 0.0) @ (2 ** np.arange(x.shape[1], dtype=np.int64))).astype(np.int64)
    counts = np.bincount(codes, minlength=2 ** x.shape[1])
    return bool((counts == counts[0]).all())


def _standardized(cells: Cells, y: Array) -> tuple[Array, float]:
    """Take the nuisance columns out of y and scale it to a mean square of 1; scale 0 where nothing is left."""
    root = np.sqrt(cells.weights)
    centered = y - float(cells.weights @ y) / cells.n
    columns = cells.nuisance[cells.cell] * root[:, None]
    taken = np.linalg.lstsq(columns, centered * root, rcond=None)[0]
    left = centered - cells.nuisance[cells.cell] @ taken
    scale = float(np.sqrt(cells.weights @ left**2 / cells.n))
    if scale <= _EXACT * float(np.abs(y).max(initial=0.0)):
        return left, 0.0
    return left / scale, scale


def _components(
    cells: Cells, y: Array, order: Indices, rng: np.random.Generator, progress: Progress | None
) -> Components:
    if enumerable(cells):
        return enumerate_components(cells, y, progress)
    # The chains visit the factors in canonical order.
    found = sample_components(replace(cells, x=cells.x[:, order]), y, rng, progress)
    active = np.empty_like(found.active)
    active[:, order] = found.active
    return replace(found, active=active)


def _moments_at(cells: Cells, y: Array, components: Components) -> Callable[[Indices], Moments]:
    def at(which: Indices) -> Moments:
        active, scales = components.active[which], components.scales()[which]
        w, _ = projected_inverses(cells, active, scales)
        return moments(cells, y, w, active, scales[:, 2])

    return at


def _draw(
    weight: Array,
    at: Callable[[Indices], Moments],
    canonical: tuple[Indices, Array],
    rng: np.random.Generator,
    *,
    draws: int,
    df: int,
    step: int,
) -> Array:
    """Draw half effects, shape (draws, k): components by systematic sampling, then t within each.

    The normal deviates belong to the factors in canonical order and sign.
    """
    order, signs = canonical
    points = (np.arange(draws) + rng.random()) / draws
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), points, side="right"), len(weight) - 1)
    unique, place = np.unique(chosen, return_inverse=True)
    normal = rng.standard_normal((draws, len(order)))
    spread = np.sqrt(rng.chisquare(df, draws))
    drawn = np.empty((draws, len(order)))
    for start in range(0, len(unique), step):
        mean, root = _canonical(at(unique[start : start + step]), order, signs)
        # The points ascend, so the draws of a slice of components lie side by side.
        rows = slice(*np.searchsorted(place, (start, start + step)).tolist())
        own = place[rows] - start
        noise = (root[own] @ normal[rows, :, None])[:, :, 0] / spread[rows, None]
        drawn[rows] = mean[own] + noise
    answer = np.empty_like(drawn)
    answer[:, order] = drawn
    return answer * signs


def _canonical(found: Moments, order: Indices, signs: Array) -> tuple[Array, Array]:
    """Return means and triangular roots of the scale matrices, factors in canonical order and sign."""
    flip = signs[order]
    shape = found.shape[:, order[:, None], order[None, :]] * np.outer(flip, flip)
    diagonal = np.arange(len(order))
    # Keeps a scale matrix that is singular to rounding error positive definite.
    shape[:, diagonal, diagonal] *= 1.0 + 1e-9
    return found.mean[:, order] * flip, np.asarray(np.linalg.cholesky(shape), dtype=np.float64)
