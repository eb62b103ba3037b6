"""The alias-aware posterior of main effects: interactions of every order are not assumed away but given a distribution.

The model is in ``walsh_components``: a mixture over which factors are active and over how large interactions are beside
their parents; up to 12 factors it is also one over the scales of ``walsh_warps``, on some of which the response may be
simpler. It works for any subset of two-level runs: designs with lost rows, foldovers, follow-up trials.

It is in the line of Box and Meyer (1986, Technometrics 28, 11-18; 1993, Journal of Quality Technology 25, 94-105),
active factors with the interactions among them, and of Joseph (2006, Technometrics 48, 219-229) and Joseph and Delaney
(2007, Technometrics 49, 1-11), functionally induced priors whose product kernel carries all interactions.

Simulations run over the factors in the order of their contrasts and with signs turned positive, so that neither the
order nor the naming of the factors, nor which level is called high, changes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells, collapse
from qim_stats.screening.walsh_components import (
    Indices,
    Sets,
    projected_inverses,
)
from qim_stats.screening.walsh_draws import OnScales, WalshFunctions
from qim_stats.screening.walsh_functions import Component, draw_functions, main_effects
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior, without_effects
from qim_stats.screening.walsh_sampled import sampled_effects, systematic
from qim_stats.screening.walsh_sets import (
    Components,
    Progress,
    all_sets,
    cross,
    enumerable,
    enumerate_components,
    tractable,
    weighed,
)
from qim_stats.screening.walsh_view import View, direction, standardized
from qim_stats.screening.walsh_warps import MIRRORED, NAMES, Scales, all_scales, one_scale

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
DRAWS = 10_000
_VALUES = 4_000_000  # of all drawn functions; with many factors fewer are drawn
_STORED = 8_000_000  # numbers of all components' matrices that are kept for the next response


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
    without : ndarray of bool, shape (d,)
        Draws in which no factor has an effect.
    doubt : ndarray of float64, shape (d,)
        What each draw weighs in intervals, as of ``WalshPrior.doubt``; in probabilities all weigh alike.
    """

    draws: Array
    p_active: Array
    components: Components
    without: Flags
    doubt: Array

    @property
    def p_scale(self) -> dict[str, float]:
        """Probability of each scale of the response, by its name in ``walsh_warps``; one scale where one was tried."""
        share = np.bincount(self.components.scale, self.components.weight, len(NAMES))
        tried = len(NAMES) if share[1:].any() else 1
        return dict(zip(NAMES[:tried], share[:tried].tolist(), strict=True))

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

    @property
    def shared_ranks(self) -> npt.NDArray[np.int64]:
        """Ranks as of ``ranks``, but that all factors share the first in draws without effects, shape (d, k)."""
        return np.where(self.without[:, None], 1, self.ranks)

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
    """All components of a design with what gives their weights for any response."""

    active: Sets
    grid: Indices
    w: Array
    log_det: Array
    prior: WalshPrior

    def weigh(self, cells: Cells, response: Scales) -> Components:
        """Return what ``enumerate_components`` would, from the matrices kept."""
        lam = self.prior.grid[self.grid, 2]
        logs = np.empty((len(lam), response.z.shape[1]))
        for column, z in enumerate(response.z.T):
            means, within = cells.means(z)
            total = self.w.reshape(len(lam), -1) @ np.outer(means, means).ravel() + within / lam
            logs[:, column] = -0.5 * (self.log_det + cells.df * np.log(total) + (cells.n - cells.m) * np.log(lam))
        return weighed(cells, response, logs, self.active, self.grid, self.prior)

    def inverses(self, active: Sets, grid: Indices) -> Array:
        """Return the W of some components, shape (u, m, m)."""
        sets = active @ (2 ** np.arange(active.shape[1]))
        return np.asarray(self.w[sets * len(self.prior.grid) + grid], dtype=np.float64)


@dataclass(frozen=True)
class _Begun:
    """A response ready to be drawn from.

    ``standard`` is the response with a mean square of 1, its nuisance columns taken out and its longer tail on top;
    ``scale`` and ``turn`` lead back to its unit and direction.
    """

    standard: Array
    scale: float
    turn: float
    view: View
    rng: np.random.Generator


@dataclass(frozen=True)
class WalshDesign:
    """The trials of a study, ready for any response; made by ``walsh_design``.

    Parameters
    ----------
    cells : Cells
        The trials, replicates collapsed.
    prior : WalshPrior
        Of the components.
    stored : optional
        Filled by ``prepared``.
    """

    cells: Cells
    prior: WalshPrior = STANDARD
    stored: _Stored | None = None

    def under(self, prior: WalshPrior) -> WalshDesign:
        """Return the same trials, to be judged under another prior."""
        return WalshDesign(self.cells, prior)

    @property
    def bends(self) -> bool:
        """Whether the scales of ``walsh_warps`` are tried beside the response as given."""
        # With center points the curvature is taken out, which has a meaning on one scale only.
        return self.prior.curved and enumerable(self.cells) and not bool((self.cells.x == 0.0).any())

    def prepared(self) -> WalshDesign:
        """Return the same design with its matrices stored, which makes many posteriors quick (simulations).

        Designs whose matrices would take much memory are returned as they are.
        """
        k, prior = self.cells.x.shape[1], self.prior
        if not enumerable(self.cells) or 2**k * len(prior.grid) * self.cells.m**2 > _STORED:
            return self
        active, grid = cross(all_sets(k), prior)
        w, log_det = projected_inverses(self.cells, active, prior.grid[grid], prior)
        return replace(self, stored=_Stored(active, grid, w, log_det, prior))

    def posterior(
        self, y: Array, seed: int, *, draws: int = DRAWS, progress: Progress | None = None
    ) -> WalshPosterior | str:
        """Draw from the posterior of the main effects.

        The scales of ``walsh_warps`` are for two levels and up to 12 factors; elsewhere the response is taken as given.

        Parameters
        ----------
        y : ndarray of float64, shape (n,)
            The response of each trial, in any unit.
        seed : int
            Of the draws.
        draws : int
            How many at most: with 9 factors and more fewer are drawn, about 2,000 with 11.
        progress : callable, optional
            Called with the steps done and their number.

        Returns
        -------
        WalshPosterior or str
            Or why there is none, as a clause.
        """
        begun = self._begin(y, seed)
        if isinstance(begun, str):
            return begun
        view, rng = begun.view, begun.rng
        if enumerable(self.cells):
            found = self._draw_functions(begun, draws, progress)
            drawn, components, sizes = main_effects(found.returned()), found.components, found.sizes
        else:
            drawn, components, sizes = sampled_effects(view, begun.standard, rng, draws, self.prior, progress)
        answer = np.empty_like(drawn)
        answer[:, view.order] = drawn * view.signs
        p_active = np.asarray(components.weight @ components.active, dtype=np.float64)
        if begun.turn < 0.0:
            components = replace(components, scale=np.array(MIRRORED)[components.scale])
        half_effects = begun.turn * begun.scale * answer
        return WalshPosterior(half_effects, p_active, components, without_effects(sizes), self.prior.doubt(sizes))

    def functions(
        self, y: Array, seed: int, *, draws: int = DRAWS, progress: Progress | None = None
    ) -> WalshFunctions | str:
        """Draw whole response functions, for up to 12 factors.

        Parameters
        ----------
        y, seed, draws, progress
            As of ``posterior``, whose draws of main effects are those of the same functions.

        Returns
        -------
        WalshFunctions or str
            Or why there are none, as a clause.
        """
        begun = self._begin(y, seed)
        if isinstance(begun, str):
            return begun
        if not enumerable(self.cells):
            return "there are too many settings of too many factors to draw the response at all of them"
        view = begun.view
        found = self._draw_functions(begun, draws, progress)
        values = begun.turn * begun.scale * found.returned()
        effects = np.empty((len(values), len(view.order)))
        effects[:, view.order] = main_effects(values) * view.signs
        level = float(self.cells.weights @ y) / self.cells.n
        return WalshFunctions(values + level, effects, begun.scale**2 * found.noise(), view.order, view.signs)

    def _begin(self, y: Array, seed: int) -> _Begun | str:
        standard, scale = standardized(self.cells, y)
        if scale == 0.0:
            return "the response does not vary between the trials once the mean and the blocks are taken out"
        turn = direction(self.cells, standard)
        standard = turn * standard
        rng = np.random.Generator(np.random.PCG64([seed, 2]))
        return _Begun(standard, scale, turn, View.of(self.cells, standard), rng)

    def _draw_functions(self, begun: _Begun, draws: int, progress: Progress | None) -> OnScales:
        """Draw whole functions, each on the scale of its component."""
        view, rng = begun.view, begun.rng
        # Blocks add to the response as given, so they are taken out of it before any scale bends it.
        response = all_scales(begun.standard) if self.bends else one_scale(begun.standard)
        if self.stored is not None:
            components = self.stored.weigh(self.cells, response)
        else:
            components = enumerate_components(self.cells, response, progress, self.prior)
        count = min(draws, max(500, _VALUES // 2 ** view.cells.x.shape[1]))
        # By their names in this view instead of by weight: rounding error must not change the order of equal ones.
        codes = components.active[:, view.order] @ (2 ** np.arange(len(view.order)))
        named = np.lexsort((components.scale, components.grid, codes))
        chosen = named[systematic(components.weight[named], count, rng)]
        unique, place = np.unique(chosen, return_inverse=True)
        active, grid, scale = components.active[unique], components.grid[unique], components.scale[unique]
        sizes = self.prior.grid[grid]
        if self.stored is not None:
            w = self.stored.inverses(active, grid)
        else:
            w, _ = projected_inverses(self.cells, active, sizes, self.prior)
        w = w[:, view.rows[:, None], view.rows]
        found = [view.cells.means(z) for z in response.z.T]
        means, within = np.array([mean for mean, _ in found]), np.array([inside for _, inside in found])
        # A component's s2 is what its z'Wz says, with the spread within cells.
        own = means[scale]
        total = np.einsum("um,umn,un->u", own, w, own, optimize=True) + within[scale] / sizes[:, 2]
        spread = np.sqrt(total[place] / rng.chisquare(self.cells.df, count))
        component = Component(active[:, view.order], sizes, w, self.prior)
        values = draw_functions(view.cells, own[place], spread, component, place, rng)
        return OnScales(values, spread * np.sqrt(sizes[place, 2]), scale[place], response, components, sizes[place])


def walsh_design(
    x: Array, nuisance: Array | None = None, weights: Array | None = None, prior: WalshPrior = STANDARD
) -> WalshDesign | str:
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
    prior : WalshPrior
        Of main effects and interactions.

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
    return WalshDesign(cells, prior)


def _is_balanced_full(x: Array) -> bool:
    if (x == 0.0).any() or x.shape[1] > 60:
        return False
    codes = ((x > 0.0) @ (2 ** np.arange(x.shape[1], dtype=np.int64))).astype(np.int64)
    counts = np.bincount(codes, minlength=2 ** x.shape[1])
    return bool((counts == counts[0]).all())
