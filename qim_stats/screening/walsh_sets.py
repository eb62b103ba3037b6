"""Which components of the Walsh mixture carry the posterior: all of them, the likely ones, or a sample.

Up to 12 factors every set of active factors is weighed; where that would take long, sets that two scales find hopeless
are left out first. Beyond 12 factors sets are sampled by parallel Gibbs chains: each factor in turn becomes active or
not with its probability given the rest, then the scales move by Metropolis steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells
from qim_stats.screening.walsh_components import Indices, Sets, chunks, log_evidence, log_prior, log_weights
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior
from qim_stats.screening.walsh_warps import Scales

Array = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
ENUMERATED = 12  # factors
_EVERY = 3e9  # components times m^3 that are worth weighing one by one
_HOPELESS = 15.0  # log units behind the best set at which a set is left out
_CHAINS = 32
_SWEEPS = (40, 100)  # run in, kept
_EVALUATIONS = 6e10  # m^3 that a chain may cost in all; fewer sweeps for larger studies
_SCALE_STEPS = 4
_NEGLIGIBLE = -27.6  # log of 1e-12
_FEWEST = 8  # sweeps to run in, and to keep


@dataclass(frozen=True)
class Components:
    """Components with their posterior probabilities.

    Parameters
    ----------
    active : ndarray of bool, shape (c, k)
        Active factors.
    grid : ndarray of int, shape (c,)
        Rows of the prior's grid.
    weight : ndarray of float64, shape (c,)
        Sums to 1.
    scale : ndarray of int, shape (c,)
        Columns of ``walsh_warps.Scales``: on which scale of the response.
    prior : WalshPrior
        They are of.
    """

    active: Sets
    grid: Indices
    weight: Array
    scale: Indices
    prior: WalshPrior = STANDARD

    def sizes(self) -> Array:
        """Return their rows of the grid, shape (c, 4)."""
        return np.asarray(self.prior.grid[self.grid], dtype=np.float64)


def all_sets(k: int) -> Sets:
    """Return the 2^k sets of k factors, shape (2^k, k)."""
    return np.asarray((np.arange(2**k)[:, None] >> np.arange(k)) & 1, dtype=np.bool_)


def cross(active: Sets, prior: WalshPrior = STANDARD) -> tuple[Sets, Indices]:
    """Return every set with every row of the prior's grid."""
    rows = len(prior.grid)
    return np.repeat(active, rows, axis=0), np.tile(np.arange(rows), len(active))


def affordable(cells: Cells, prior: WalshPrior = STANDARD) -> bool:
    """Whether every component can be weighed in a few seconds."""
    return _factors(cells) <= ENUMERATED and 2.0 ** _factors(cells) * len(prior.grid) * _cost(cells) <= _EVERY


def enumerable(cells: Cells) -> bool:
    """Whether the likely components can be found by weighing every set at two scales."""
    return _factors(cells) <= ENUMERATED and 2.0 ** _factors(cells) * _cost(cells) <= 2.0 * _EVERY


def tractable(cells: Cells) -> bool:
    """Whether the posterior can be had in half a minute or so."""
    least = _CHAINS * 2 * _FEWEST * (cells.x.shape[1] + _SCALE_STEPS) * _cost(cells)
    return enumerable(cells) or least <= _EVALUATIONS


def enumerate_components(
    cells: Cells, response: Scales, progress: Progress | None = None, prior: WalshPrior = STANDARD
) -> Components:
    """Weigh the components of every set of factors, or of every likely one, on every scale of the response.

    Parameters
    ----------
    cells : Cells
        Trials of at most 12 factors.
    response : Scales
        Of the n trials.
    progress : callable, optional
        Called with the components weighed and their number.
    prior : WalshPrior
        Of the components.

    Returns
    -------
    Components
        Those with any weight to speak of.
    """
    sets = all_sets(cells.x.shape[1])
    if not affordable(cells, prior):
        sets = _likely(cells, response, sets, prior)
    active, grid = cross(sets, prior)
    logs = np.empty((len(active), response.z.shape[1]))
    for part in chunks(len(active), cells):
        logs[part] = log_evidence(cells, response.z, active[part], prior.grid[grid[part]], prior)
        if progress is not None:
            progress(part.stop, len(active))
    return weighed(cells, response, logs, active, grid, prior)


def weighed(
    cells: Cells, response: Scales, logs: Array, active: Sets, grid: Indices, prior: WalshPrior = STANDARD
) -> Components:
    """Turn the log evidence of each component on each scale, shape (c, w), into probabilities."""
    before = log_prior(active, prior.grid[grid], prior)
    of_scale = prior.log_scales(response.z.shape[1]) + response.log_slope - cells.df * response.log_spread
    total = logs + of_scale + before[:, None]
    order, weight = heaviest(total.ravel())
    at, scale = np.divmod(order, response.z.shape[1])
    return Components(active[at], grid[at], weight, scale, prior)


def heaviest(logs: Array) -> tuple[Indices, Array]:
    """Turn log weights into probabilities, the largest first; those below 1e-12 of it are left out."""
    logs = logs - logs.max()
    # Rounded, so that components that differ by rounding error keep their order.
    order = np.argsort(-np.round(logs, 9), kind="stable")
    order = order[logs[order] > _NEGLIGIBLE]
    weight = np.exp(logs[order])
    return order, weight / weight.sum()


def _factors(cells: Cells) -> int:
    return int(cells.x.shape[1])


def _cost(cells: Cells) -> float:
    return float(cells.m**3 + 100 * cells.m**2)


def _likely(cells: Cells, response: Scales, sets: Sets, prior: WalshPrior) -> Sets:
    """Leave out the sets that are hopeless, on any scale, at middling sizes and at the best sizes of the full set."""
    full = np.ones((len(prior.grid), sets.shape[1]), dtype=np.bool_)
    best = int(np.argmax(log_evidence(cells, response.z, full, prior.grid, prior).max(axis=1)))
    behind = np.full(len(sets), np.inf)
    for sizes in sorted({best, prior.middle}):
        grid = np.repeat(prior.grid[sizes][None], len(sets), axis=0)
        logs = log_evidence(cells, response.z, sets, grid, prior) + log_prior(sets, grid, prior)[:, None]
        behind = np.minimum(behind, (logs.max(axis=0) - logs).min(axis=1))
    most = max(16, int(_EVERY / len(prior.grid) / _cost(cells)))
    order = np.argsort(np.round(behind, 9), kind="stable")[:most]
    return sets[order[behind[order] <= _HOPELESS]]


def sample_components(
    cells: Cells,
    y: Array,
    rng: np.random.Generator,
    progress: Progress | None = None,
    prior: WalshPrior = STANDARD,
) -> Components:
    """Sample components from their posterior, for the response as given.

    Parameters
    ----------
    cells : Cells
        Trials of any number of factors.
    y : ndarray of float64, shape (n,)
        The response.
    rng : Generator
        Of the chains.
    progress : callable, optional
        Called with the sweeps done and their number.
    prior : WalshPrior
        Of the components.

    Returns
    -------
    Components
        Equally probable, in the order sampled.
    """
    k = cells.x.shape[1]
    share = min(1.0, _EVALUATIONS / (_CHAINS * sum(_SWEEPS) * (k + _SCALE_STEPS) * _cost(cells)))
    run_in, kept = (max(_FEWEST, round(share * count)) for count in _SWEEPS)
    active = rng.random((_CHAINS, k)) < prior.p_active
    grid = rng.integers(len(prior.grid), size=_CHAINS)
    logs = log_weights(cells, y, active, prior.grid[grid], prior)
    sets, scales = [], []
    for sweep in range(run_in + kept):
        for step in range(k + _SCALE_STEPS):
            proposal, moved = active, grid
            if step < k:
                proposal = active.copy()
                proposal[:, step] ^= True
            else:
                moved = rng.integers(len(prior.grid), size=_CHAINS)
            found = log_weights(cells, y, proposal, prior.grid[moved], prior)
            gain = np.clip(found - logs, -700.0, 700.0)
            # Gibbs for a factor (two states), Metropolis for the scales (even proposals).
            chance = 1.0 / (1.0 + np.exp(-gain)) if step < k else np.exp(np.minimum(gain, 0.0))
            taken = rng.random(_CHAINS) < chance
            active = np.where(taken[:, None], proposal, active)
            grid = np.where(taken, moved, grid)
            logs = np.where(taken, found, logs)
        if sweep >= run_in:
            sets.append(active)
            scales.append(grid)
        if progress is not None:
            progress(sweep + 1, run_in + kept)
    count = kept * _CHAINS
    even, given = np.full(count, 1.0 / count), np.zeros(count, dtype=np.intp)
    return Components(np.concatenate(sets), np.concatenate(scales), even, given, prior)
