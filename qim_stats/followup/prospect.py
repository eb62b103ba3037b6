"""What the rest of a budget would tell: whether it pays to go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qim_stats.followup.advice import noise_share
from qim_stats.followup.candidates import all_settings
from qim_stats.followup.expected_gain import draws_now, expected_gains
from qim_stats.followup.foresight import best_runs, foresee, noise_sd
from qim_stats.followup.knowledge import knowledge_of
from qim_stats.followup.standing import Standing
from qim_stats.trials import Trials
from qim_stats.waiting import unheard

FUTILE = 0.05
"""Probability that the rest of the budget settles the goal below which going on is not worth its trials."""
_FUTURES, _DRAWS = 200, 300


@dataclass(frozen=True)
class Prospect:
    """What the rest of the budget would tell, were its runs chosen now.

    Parameters
    ----------
    runs : int
        How many are left.
    p_settled, p_settled_error : float
        Probability that they settle the goal, with its Monte Carlo error; runs chosen batch by batch do better.
    after : float
        The expected measure.
    noise_sd : float
        Expected standard deviation of a trial, in the response's unit.
    noise_share, least : float
        As of ``noise_share``, with the whole budget spent.
    """

    runs: int
    p_settled: float
    p_settled_error: float
    after: float
    noise_sd: float
    noise_share: float
    least: float

    @property
    def is_tie(self) -> bool:
        """Whether the rest is not likely to settle the goal, and noise rather than interactions is why."""
        return self.p_settled + self.p_settled_error < FUTILE and self.noise_share > 0.5

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return {
            "runs": self.runs,
            "p_settled": self.p_settled,
            "p_settled_error": self.p_settled_error,
            "after": self.after,
            "noise_sd": self.noise_sd,
            "noise_share": self.noise_share,
            "least": self.least,
        }


def prospect_of(data: Trials, standing: Standing, runs: int, seed: int = 0) -> Prospect:
    """Simulate what the rest of a budget would tell.

    Parameters
    ----------
    data : Trials
        The trials so far.
    standing : Standing
        What they say.
    runs : int
        How many are left.
    seed : int
        Of the futures.

    Returns
    -------
    Prospect
        By the settings, run already or not, that take most off the expected error of what the goal turns on.

    Raises
    ------
    TrialsError
        If the trials tell nothing to go on from.
    """
    known = knowledge_of(data, runs, seed, same_block=True)
    here = standing.goal.moved(known.places)
    settings = all_settings(known, seed)
    omega = here.weights(draws_now(known, seed))
    at = best_runs(foresee(known, settings), omega, runs, again=True)
    gain = expected_gains(
        known,
        {"rest": settings[np.sort(at)]},
        here,
        standing.probability,
        seed=seed,
        progress=unheard,
        futures=_FUTURES,
        draws=_DRAWS,
    )["rest"]
    sd = noise_sd(known)
    share, least = noise_share(
        standing.goal,
        standing.draws,
        noise_sd=sd,
        trials=data.n + runs,
        probability=standing.probability,
    )
    return Prospect(runs, gain.p_settled, gain.p_settled_error, gain.expected, sd, share, least)
