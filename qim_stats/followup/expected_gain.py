"""What a set of further runs is worth: its responses are drawn from what is known now, and the goal looked at again.

Preposterior analysis (Raiffa and Schlaifer 1961, Applied Statistical Decision Theory, chapter 4): responses at the new
runs are drawn from the posterior predictive of the trials so far, with the noise of trials; the posterior is updated
(``functions_ahead``; ``components_ahead`` beyond 12 factors); the goal's measure is averaged. All sets of runs are
judged by the same draws of the response function and of the noise (common random numbers), so that their differences
are known better than their values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.followup.components_ahead import ComponentFutures
from qim_stats.followup.functions_ahead import FunctionFutures
from qim_stats.followup.goal import Goal
from qim_stats.followup.knowledge import Knowledge
from qim_stats.followup.mixture import deviates, mixture
from qim_stats.screening.walsh_draws import WalshFunctions

Array = npt.NDArray[np.float64]
FUTURES = 300
DRAWS = 400
NOW_DRAWS = 10_000


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
    """Return draws of half effects from what is known now, shape (d, k), in units of ``known.scale``.

    Those of the functions that were drawn, up to 12 factors; beyond, ``draws`` new ones.
    """
    if isinstance(known.told, WalshFunctions):
        return known.told.effects
    now = mixture(known, known.told)
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
    """
    if not options:
        return {}
    ahead = _ahead(known, list(options.values()), futures, draws, seed)
    gains = {}
    for number, (name, rows) in enumerate(options.items()):
        measure, settled = np.empty(futures), np.empty(futures, dtype=np.bool_)
        for i, drawn in enumerate(ahead.after(rows)):
            measure[i], settled[i] = goal.measure(drawn, probability)
            share = (number + (i + 1) / futures) / len(options)
            progress("simulating what further runs would tell", share)
        gains[name] = Gain(measure, settled)
    return gains


def _ahead(
    known: Knowledge, options: list[Array], futures: int, draws: int, seed: int
) -> FunctionFutures | ComponentFutures:
    runs = len(options[0])
    if isinstance(known.told, WalshFunctions):
        return FunctionFutures(known, known.told, runs, futures, draws, seed)
    return ComponentFutures(known, known.told, np.vstack(options), runs, futures, draws, seed)
