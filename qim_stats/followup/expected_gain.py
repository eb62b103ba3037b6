"""What a set of further runs is worth: its responses are drawn from what is known now, and the goal looked at again.

Preposterior analysis (Raiffa and Schlaifer 1961, Applied Statistical Decision Theory, chapter 4): a component and the
responses at the new runs are drawn from the posterior predictive of the trials so far, with the noise of trials; the
posterior is updated; the goal's measure is averaged. All sets of runs are judged by the same draws of the response
function and of the noise (common random numbers), so that their differences are known better than their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.followup.goal import Goal
from qim_stats.followup.knowledge import Knowledge
from qim_stats.followup.mixture import Deviates, Mixture, deviates, mixture
from qim_stats.screening.walsh_components import GRID, Indices, kernel, projected_inverses

Array = npt.NDArray[np.float64]
FUTURES = 300
DRAWS = 400
NOW_DRAWS = 10_000
_SINGULAR = 1e-8


@dataclass(frozen=True)
class Gain:
    """The goal's measure after each of the simulated futures of a set of runs.

    Parameters
    ----------
    measure : ndarray of float64, shape (s,)
        As of ``Goal.measure``.
    settled : ndarray of bool, shape (s,)
        Whether the goal is settled then.
    """

    measure: Array
    settled: npt.NDArray[np.bool_]

    @property
    def expected(self) -> float:
        """Expected measure."""
        return float(self.measure.mean())

    @property
    def expected_error(self) -> float:
        """Monte Carlo standard error of ``expected``."""
        return float(self.measure.std(ddof=1) / np.sqrt(len(self.measure)))

    @property
    def p_settled(self) -> float:
        """Probability that the goal is settled."""
        return float(self.settled.mean())

    @property
    def p_settled_error(self) -> float:
        """Monte Carlo standard error of ``p_settled``, with one success and one failure added so that it is never 0."""
        s = len(self.settled)
        share = (self.settled.sum() + 1.0) / (s + 2.0)
        return float(np.sqrt(share * (1.0 - share) / s))


def draws_now(known: Knowledge, seed: int, draws: int = NOW_DRAWS) -> Array:
    """Draw half effects from what is known now, shape (draws, k), in units of ``known.scale``."""
    now = mixture(known)
    rng = np.random.Generator(np.random.PCG64([seed, 82]))
    weight, total, means = now.weigh(known.y[None, :])
    return now.draw(weight[:, 0], total[:, 0], means[0], deviates(draws, known.x.shape[1], rng))


def expected_gains(
    known: Knowledge,
    options: Mapping[str, Array],
    goal: Goal,
    probability: float,
    *,
    seed: int,
    progress: Callable[[str, float], None],
    futures: int = FUTURES,
    draws: int = DRAWS,
) -> dict[str, Gain]:
    """Simulate what each option would tell.

    Parameters
    ----------
    known : Knowledge
        What is known now.
    options : mapping of str to ndarray of float64, shape (r, k)
        Settings of each option's runs, in the coordinates of ``known``; each option has as many.
    goal : Goal
        In the same coordinates.
    probability : float
        From which the goal counts as settled.
    seed : int
        Of the futures and of the draws in each.
    progress : callable
        Told what is being done and which share of it is done.
    futures, draws : int
        How many futures, and how many draws from the posterior after each.

    Returns
    -------
    dict of str to Gain
        By option.

    Notes
    -----
    The new block's difference is not drawn: it is taken out with a flat prior, so no value of it changes a posterior.
    """
    if not options:
        return {}
    k = known.x.shape[1]
    stacked = np.vstack(list(options.values()))
    settings, at = np.unique(stacked, axis=0, return_inverse=True)
    runs = len(next(iter(options.values())))
    places = np.asarray(at, dtype=np.intp).reshape(len(options), runs)
    function, sd = _futures(known, settings, futures, np.random.Generator(np.random.PCG64([seed, 83])))
    rng = np.random.Generator(np.random.PCG64([seed, 84]))
    noise = rng.standard_normal((futures, runs)) * sd[:, None]
    given = deviates(draws, k, rng)
    gains = {}
    for number, (name, rows) in enumerate(options.items()):
        after = mixture(known, rows)
        ahead = function[:, places[number]] + noise
        responses = np.column_stack([np.tile(known.y, (futures, 1)), ahead])

        def tell(share: float, number: int = number) -> None:
            progress("simulating what further runs would tell", (number + share) / len(options))

        gains[name] = _look(after, responses, goal, probability, given, tell)
    return gains


def _look(
    after: Mixture, responses: Array, goal: Goal, probability: float, given: Deviates, tell: Callable[[float], None]
) -> Gain:
    weight, total, means = after.weigh(responses)
    measure, settled = np.empty(len(responses)), np.empty(len(responses), dtype=np.bool_)
    for i in range(len(responses)):
        drawn = after.draw(weight[:, i], total[:, i], means[i], given)
        measure[i], settled[i] = goal.measure(drawn, probability)
        tell((i + 1) / len(responses))
    return Gain(measure, settled)


def _futures(known: Knowledge, settings: Array, futures: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw the response without noise at some settings, shape (s, settings), and the SD of a trial's noise, (s,).

    Given a component the response function at new settings is t with the cells' df: mean K W y, scale matrix
    Q/df (K - K W K'), from the same algebra as the half effects' (see ``walsh_components.moments``).
    """
    cells, found = known.cells, known.components
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
