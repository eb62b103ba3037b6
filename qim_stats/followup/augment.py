"""From the trials so far to the further runs that help most: know, propose, simulate, choose, write down."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats import __version__
from qim_stats.alerts import Alert, listed
from qim_stats.errors import DesignError, QimError
from qim_stats.factors import Factor
from qim_stats.followup.advice import advice, binding
from qim_stats.followup.batches import batch_size, whole_batches
from qim_stats.followup.cost import Cost, Prices, read_cost
from qim_stats.followup.expected_gain import DRAWS, FUTURES, draws_now, expected_gains
from qim_stats.followup.follow_up import FollowUp
from qim_stats.followup.foresight import noise_sd
from qim_stats.followup.goal import Goal, check_probability, parse_until
from qim_stats.followup.knowledge import Knowledge, Weighed, knowledge_of
from qim_stats.followup.lost import refuse_too_many_failed
from qim_stats.followup.new_runs import held_levels, joined_table, new_rows, next_metadata, run_rows, with_bookkeeping
from qim_stats.followup.option_table import choose, option_table
from qim_stats.followup.options import METHODS, Option, Request, find_option
from qim_stats.trials import Trials, read_trials
from qim_stats.trials.states import PENDING, states
from qim_stats.waiting import Progress, unheard

Array = npt.NDArray[np.float64]
Method = Literal["auto", "foldover", "semifold", "replicates", "md", "bayesian-d", "posterior"]
DEFAULT_PROBABILITY = 0.9
_MOST_RUNS = 200


def augment(
    trials: str | os.PathLike[str] | pd.DataFrame,
    *,
    runs: int | None = None,
    jobs: int = 1,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    goal: str | None = None,
    probability: float | None = None,
    method: Method = "auto",
    cost: Cost = None,
    same_block: bool = False,
    seed: int = 0,
    progress: Progress = unheard,
) -> FollowUp:
    """Choose the further runs that help most towards a goal.

    Parameters
    ----------
    trials, response, direction, factors, high, block, diverged_as
        As of ``read_trials``.
    runs : int, optional
        How many runs to add, rounded up to a multiple of ``jobs``; by default the least multiple from 4. From 2 where
        they are a block of their own, whose difference from the others takes one.
    jobs : int
        Trials that run at once.
    goal : str, optional
        As of ``parse_until``; by default which three factors come first.
    probability : float, optional
        From which the goal counts as settled, between 0.5 and 1; by default what ``goal`` says, or 0.9.
    method : {"auto", "foldover", "semifold", "replicates", "md", "bayesian-d", "posterior"}
        How to choose; ``"auto"`` compares all and takes the one that gains most for its cost, the simplest of those
        that differ by no more than two standard errors of the simulation.
    cost : "seconds", or mapping of factor to mapping of level to float, optional
        What runs cost, as of ``read_cost``: runs are chosen by gain per cost. By default each costs the same.
    same_block : bool
        Whether the new runs join the block of the last trial, as under the same conditions; by default they are a block
        of their own.
    seed : int
        Of everything simulated.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    FollowUp
        The runs, every option with its expected gain, and what that comes to in words.

    Raises
    ------
    QimError
        If the table, the goal or an option is at fault, or the method cannot be had with this many runs.
    """
    count = batch_size(jobs) if runs is None else whole_batches(runs, jobs)
    _check_options(count, method, seed, least=1 if same_block else 2)
    data = read_trials(
        trials,
        response=response,
        direction=direction,
        factors=factors,
        high=high,
        block=block,
        diverged_as=diverged_as,
    )
    refuse_too_many_failed(data)
    asked, given = parse_until(goal, data.factor_names, "--goal")
    settled_at = _settled_at(probability, given)
    wanted = Asked(asked, settled_at, method, count, seed, read_cost(cost, data), same_block)
    found = follow_up(data, wanted, progress)
    return found if runs in (None, count) else replace(found, alerts=(*found.alerts, _rounded(runs, count, jobs)))


@dataclass(frozen=True)
class Asked:
    """What is asked for, checked.

    Parameters
    ----------
    goal : Goal
        What is to be settled.
    probability : float
        From which it counts as settled.
    method : str
        How to choose.
    runs : int
        How many.
    seed : int
        Of everything simulated.
    prices : Prices
        What runs cost.
    same_block : bool
        Whether the runs join the block of the last trial.
    """

    goal: Goal
    probability: float
    method: Method
    runs: int
    seed: int
    prices: Prices
    same_block: bool


def follow_up(data: Trials, asked: Asked, progress: Progress = unheard) -> FollowUp:
    """Know, propose, simulate, choose.

    Parameters
    ----------
    data : Trials
        The trials so far.
    asked : Asked
        What is asked for.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    FollowUp
        As of ``augment``.

    Raises
    ------
    QimError
        If the table tells nothing to go on from, or the method cannot be had with this many runs.
    """

    def weighing(done: int, of: int) -> None:
        progress("weighing what may lie behind the trials", done / of)

    known = knowledge_of(data, asked.runs, asked.seed, same_block=asked.same_block, progress=weighing)
    here = asked.goal.moved(known.places)
    now = draws_now(known, asked.seed)
    measure, settled = here.measure(now, asked.probability)
    request = _request(data, known, here.weights(now), asked)
    found = _options(request, asked.method, progress)
    rows = {option.method: option.rows for option in found if option.rows is not None}
    gains = expected_gains(known, rows, here, asked.probability, seed=asked.seed, progress=progress)
    table = option_table(request, found, gains, measure)
    chosen = choose(table)
    words = advice(
        asked.goal,
        asked.probability,
        table,
        chosen,
        settled_now=settled,
        asked_for=asked.method != "auto",
        priced=asked.prices.relative != {},
    )
    if not settled:
        words.append(_binding(data, known, now, asked))
    numbered = with_bookkeeping(data)
    coded, folded = known.given(rows[chosen]), chosen == "foldover"
    added = new_rows(data, numbered, coded, asked.seed, folded=folded, same_block=asked.same_block)
    options = {"runs": asked.runs, "method": asked.method, "cost": asked.prices.told(), "same_block": asked.same_block}
    effort = {"futures": FUTURES, "draws": DRAWS, **_drawn(known)}
    return FollowUp(
        goal=asked.goal,
        probability=asked.probability,
        chosen=chosen,
        options=table,
        runs=added,
        joined=joined_table(numbered, added),
        metadata=next_metadata(data, len(added)),
        settled_now=settled,
        now=measure,
        noise_sd=noise_sd(known),
        words=tuple(words),
        alerts=(*data.alerts, *_alerts(data)),
        method={**options, "seed": asked.seed, **effort, "qim_stats": __version__},
    )


def _drawn(known: Knowledge) -> dict[str, int]:
    """Tell how many functions, or components, stand for what is known."""
    told = known.told
    return {"components": len(told.components.weight)} if isinstance(told, Weighed) else {"functions": len(told.values)}


def _request(data: Trials, known: Knowledge, omega: Array, asked: Asked) -> Request:
    factors = []
    for place, sign in zip(known.order, known.signs, strict=True):
        factor = data.factors[place]
        factors.append(replace(factor, low=factor.decode(-int(sign)), high=factor.decode(int(sign))))
    return Request(known, _design_settings(data, known), omega, asked.runs, tuple(factors), asked.seed, asked.prices)


def _binding(data: Trials, known: Knowledge, now: Array, asked: Asked) -> str:
    """Say how far noise alone keeps the goal open, in the response's unit."""
    effects = np.empty_like(now)
    effects[:, known.order] = now * known.signs * known.scale
    return binding(
        asked.goal,
        effects,
        data.factor_names,
        noise_sd=noise_sd(known),
        trials=data.n + asked.runs,
        probability=asked.probability,
    )


def _check_options(runs: int, method: str, seed: int, *, least: int) -> None:
    if runs == 1 < least:
        raise QimError(
            "one run in a block of its own tells nothing but how the block differs",
            where="--runs",
            remedy="give 2 or more",
        )
    if not 1 <= runs <= _MOST_RUNS:
        raise QimError(f"{runs} runs cannot be added", where="--runs", remedy=f"give {least} to {_MOST_RUNS}")
    if method not in get_args(Method):
        raise QimError(
            f"{method!r} is not a method", where="--method", remedy="give one of " + ", ".join(get_args(Method))
        )
    if seed < 0:
        raise QimError(f"the seed {seed} is negative", where="--seed", remedy="give 0 or more")


def _settled_at(probability: float | None, given: float | None) -> float:
    """Choose between the probability given as an option and that in the goal's own text."""
    if probability is None:
        return DEFAULT_PROBABILITY if given is None else given
    check_probability(probability, "--probability")
    if given is not None and given != probability:
        raise QimError(
            f"the goal is to be settled at {given:g} and at {probability:g}",
            where="--probability",
            remedy="say it once",
        )
    return probability


def _rounded(runs: int, count: int, jobs: int) -> Alert:
    text = f"{runs} runs are rounded up to {count}, a multiple of the {jobs} that run at once."
    return Alert("runs_rounded", "info", text)


def _design_settings(data: Trials, known: Knowledge) -> Array:
    """Return the setting of each run of two levels, those without a response included, in canonical coordinates."""
    rows = known.canonical(run_rows(data)[data.factor_names].to_numpy(dtype=np.float64))
    return np.asarray(rows[np.lexsort(rows.T[::-1])], dtype=np.float64)


def _options(request: Request, method: str, progress: Progress) -> list[Option]:
    wanted = METHODS if method == "auto" else (method,)
    found = []
    for number, name in enumerate(wanted):
        found.append(find_option(name, request))
        progress("choosing runs", (number + 1) / len(wanted))
    if method != "auto" and found[0].rows is None:
        raise DesignError(
            f"{method} cannot be had with {request.runs} runs: {found[0].words}",
            where="--method",
            remedy="give another --runs, or --method auto",
        )
    return found


def _alerts(data: Trials) -> list[Alert]:
    alerts = []
    if waiting := states(data.frame).count(PENDING):
        text = f"{waiting} rows are pending: what they will tell is not counted, and their settings count as run."
        alerts.append(Alert("pending_runs", "warning", text))
    known = {factor.name for factor in data.metadata.factors} if data.metadata else set()
    if held := {name: level for name, level in held_levels(data).items() if name in known}:
        told = listed([f"{name!r} at {level!s}" for name, level in held.items()])
        text = f"Factors that were left out are held at their level in the best trial so far: {told}."
        alerts.append(Alert("factors_held", "warning", text))
    return alerts
