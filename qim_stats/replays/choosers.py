"""Ways to choose the next trials of a virtual study: at random, or by a criterion of ``augment``.

The new trials are no block of their own here: nothing differs between looks but what the trials show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.errors import TrialsError
from qim_stats.followup.bayesian_d import best_d_runs, model_rows
from qim_stats.followup.candidates import all_settings, run_settings, unrun
from qim_stats.followup.expected_gain import draws_now
from qim_stats.followup.foresight import best_runs, foresee
from qim_stats.followup.goal import parse_goal
from qim_stats.followup.knowledge import Knowledge, learn
from qim_stats.followup.md_runs import MOST, md_runs
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.full_table import cell_numbers, settings
from qim_stats.replays.rules import Choose, Settings

Array = npt.NDArray[np.float64]
_FUNCTIONS = 1_000  # response functions behind a choice
_Pick = Callable[[Knowledge, int, int], Array]


def random_rows(x: Array, y: Array, runs: int, rng: np.random.Generator) -> Settings:  # noqa: ARG001  a chooser's signature
    """Return settings that were not run yet, with equal chances; any, where all were."""
    k = x.shape[1]
    left = np.setdiff1d(np.arange(2**k), cell_numbers(x))
    if len(left) < runs:
        left = np.arange(2**k)
    return settings(np.sort(rng.choice(left, size=runs, replace=False)), k)


@dataclass(frozen=True)
class _Knowing:
    """A way that weighs the components of the mixture by the trials so far first."""

    pick: _Pick

    def __call__(self, x: Array, y: Array, runs: int, rng: np.random.Generator) -> Settings:
        seed = int(rng.integers(2**31))
        try:
            known = learn(x, y, None, runs=runs, seed=seed, joins="", functions=_FUNCTIONS)
        except TrialsError:
            # Nothing varies so far, or the trials are too many to weigh: any new setting is as good as another.
            return random_rows(x, y, runs, rng)
        return known.given(self.pick(known, runs, seed)).astype(np.int8)


def _posterior(known: Knowledge, runs: int, seed: int) -> Array:
    """Choose new settings as ``augment --method posterior``: those that take most off the goal's expected error."""
    candidates = unrun(all_settings(known, seed), run_settings(known))
    return candidates[best_runs(foresee(known, candidates), _weights(known, seed), runs, again=False)]


def _replicates(known: Knowledge, runs: int, seed: int) -> Array:
    """Choose settings so far to be repeated, as ``augment --method replicates``."""
    done = run_settings(known)
    return done[best_runs(foresee(known, done), _weights(known, seed), runs, again=True)]


def _d_optimal(known: Knowledge, runs: int, seed: int) -> Array:
    """Choose by DuMouchel and Jones's Bayesian D criterion, as ``augment --method bayesian-d``."""
    candidates = all_settings(known, seed)
    done, new = (model_rows(rows, np.empty((len(rows), 0))) for rows in (known.x, candidates))
    return candidates[best_d_runs(done, new, runs, primary=1 + known.x.shape[1])]


def _md(known: Knowledge, runs: int, seed: int) -> Array:
    """Choose as ``augment --method md``, to tell the likeliest models apart; as ``d-optimal`` where none are."""
    candidates = all_settings(known, seed, most=MOST)
    at = md_runs(known, candidates, runs)
    return _d_optimal(known, runs, seed) if isinstance(at, str) else candidates[at]


def _weights(known: Knowledge, seed: int) -> Array:
    """Return what an error costs the question which three factors come first (which one, of three factors or fewer)."""
    names = [str(place) for place in range(known.x.shape[1])]
    return parse_goal(None, names).moved(known.places).weights(draws_now(known, seed))


CHOOSERS: dict[str, Choose] = {
    "posterior": _Knowing(_posterior),
    "random": random_rows,
    "replicates": _Knowing(_replicates),
    "d-optimal": _Knowing(_d_optimal),
    "md": _Knowing(_md),
}
"""What may follow the budget in a design's word, and what it stands for."""


@dataclass(frozen=True)
class SureOfTop3:
    """A test whether the alias-aware posterior gives the likeliest first three factors at least this probability."""

    probability: float

    def __call__(self, x: Array, y: Array) -> bool:
        """Return whether to stop."""
        claimed = alias_aware(x[None], y[None]).p_top3_set
        return claimed is not None and float(claimed[0]) >= self.probability
