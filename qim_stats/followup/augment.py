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
from qim_stats.followup.cost import expected_seconds
from qim_stats.followup.expected_gain import DRAWS, FUTURES, Gain, draws_now, expected_gains
from qim_stats.followup.follow_up import FollowUp
from qim_stats.followup.goal import Goal, parse_goal
from qim_stats.followup.knowledge import Knowledge, learn
from qim_stats.followup.new_runs import held_levels, joined_table, new_rows, next_metadata, run_rows, with_bookkeeping
from qim_stats.followup.options import METHODS, Option, Request, find_option
from qim_stats.trials import Trials, read_trials
from qim_stats.trials.states import PENDING, states
from qim_stats.waiting import Progress, unheard

Array = npt.NDArray[np.float64]
Method = Literal["auto", "foldover", "semifold", "replicates", "md", "bayesian-d", "posterior"]
_MOST_RUNS = 200
_CHANCE = 2.0  # standard errors within which two options gain as much


def augment(
    trials: str | os.PathLike[str] | pd.DataFrame,
    *,
    runs: int,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    goal: str | None = None,
    probability: float = 0.9,
    method: Method = "auto",
    seed: int = 0,
    progress: Progress = unheard,
) -> FollowUp:
    """Choose the further runs that help most towards a goal.

    Parameters
    ----------
    trials, response, direction, factors, high, block, diverged_as
        As of ``read_trials``.
    runs : int
        How many runs to add, from 2: they are a block of their own, whose difference from the others takes one.
    goal : str, optional
        As of ``parse_goal``; by default which three factors come first.
    probability : float
        From which the goal counts as settled, between 0.5 and 1.
    method : {"auto", "foldover", "semifold", "replicates", "md", "bayesian-d", "posterior"}
        How to choose; ``"auto"`` compares all and takes the one that gains most, the simplest of those that differ by
        no more than two standard errors of the simulation.
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
    _check_options(runs, probability, method, seed)
    data = read_trials(
        trials,
        response=response,
        direction=direction,
        factors=factors,
        high=high,
        block=block,
        diverged_as=diverged_as,
    )
    asked = parse_goal(goal, data.factor_names)
    return _follow_up(data, _Asked(asked, probability, method, runs, seed), progress)


@dataclass(frozen=True)
class _Asked:
    """What is asked for, checked."""

    goal: Goal
    probability: float
    method: Method
    runs: int
    seed: int


def _follow_up(data: Trials, asked: _Asked, progress: Progress) -> FollowUp:
    """Know, propose, simulate, choose."""

    def weighing(done: int, of: int) -> None:
        progress("weighing what may lie behind the trials", done / of)

    x = data.coded[data.factor_names].to_numpy(dtype=np.float64)
    known = learn(x, data.y, data.blocks, runs=asked.runs, seed=asked.seed, progress=weighing)
    here = asked.goal.moved(known.places)
    now = draws_now(known, asked.seed)
    measure, settled = here.measure(now, asked.probability)
    found = _options(_request(data, known, here.weights(now), asked), asked.method, progress)
    rows = {option.method: option.rows for option in found if option.rows is not None}
    gains = expected_gains(known, rows, here, asked.probability, seed=asked.seed, progress=progress)
    table = _option_table(data, known, found, gains, measure, asked.runs)
    chosen = _choose(table)
    words = advice(asked.goal, asked.probability, table, chosen, settled_now=settled, asked_for=asked.method != "auto")
    if not settled:
        words.append(_binding(data, known, now, asked))
    numbered = with_bookkeeping(data)
    added = new_rows(data, numbered, known.given(rows[chosen]), asked.seed, folded=chosen == "foldover")
    options = {"runs": asked.runs, "method": asked.method, "seed": asked.seed}
    effort = {"futures": FUTURES, "draws": DRAWS, "components": len(known.components.weight)}
    return FollowUp(
        goal=asked.goal,
        probability=asked.probability,
        chosen=chosen,
        options=table,
        runs=added,
        joined=joined_table(numbered, added),
        metadata=next_metadata(data),
        settled_now=settled,
        now=measure,
        noise_sd=_noise_sd(known),
        words=tuple(words),
        alerts=(*data.alerts, *_alerts(data)),
        method={**options, **effort, "qim_stats": __version__},
    )


def _request(data: Trials, known: Knowledge, omega: Array, asked: _Asked) -> Request:
    factors = []
    for place, sign in zip(known.order, known.signs, strict=True):
        factor = data.factors[place]
        factors.append(replace(factor, low=factor.decode(-int(sign)), high=factor.decode(int(sign))))
    return Request(known, _design_settings(data, known), omega, asked.runs, tuple(factors), asked.seed)


def _binding(data: Trials, known: Knowledge, now: Array, asked: _Asked) -> str:
    """Say how far noise alone keeps the goal open, in the response's unit."""
    effects = np.empty_like(now)
    effects[:, known.order] = now * known.signs * known.scale
    return binding(
        asked.goal,
        effects,
        data.factor_names,
        noise_sd=_noise_sd(known),
        trials=data.n + asked.runs,
        probability=asked.probability,
    )


def _check_options(runs: int, probability: float, method: str, seed: int) -> None:
    if runs == 1:
        raise QimError(
            "one run in a block of its own tells nothing but how the block differs",
            where="--runs",
            remedy="give 2 or more",
        )
    if not 1 <= runs <= _MOST_RUNS:
        raise QimError(f"{runs} runs cannot be added", where="--runs", remedy=f"give 2 to {_MOST_RUNS}")
    if not 0.5 < probability < 1.0:
        raise QimError(
            f"{probability:g} is no probability between 0.5 and 1", where="--probability", remedy="give 0.9, for one"
        )
    if method not in get_args(Method):
        raise QimError(
            f"{method!r} is not a method", where="--method", remedy="give one of " + ", ".join(get_args(Method))
        )
    if seed < 0:
        raise QimError(f"the seed {seed} is negative", where="--seed", remedy="give 0 or more")


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


def _option_table(
    data: Trials, known: Knowledge, found: list[Option], gains: dict[str, Gain], now: float, runs: int
) -> pd.DataFrame:
    best = max(gains.values(), key=lambda gain: gain.expected)
    rows = []
    for option in found:
        row: dict[str, object] = {"method": option.method, "runs": runs, "words": option.words}
        if option.rows is not None:
            gain = gains[option.method]
            behind = best.measure - gain.measure
            seconds = expected_seconds(data, known.given(option.rows))
            row |= {
                "p_settled": gain.p_settled,
                "p_settled_error": gain.p_settled_error,
                "now": now,
                "after": gain.expected,
                "after_error": gain.expected_error,
                "gain": gain.expected - now,
                "gain_error": gain.expected_error,
                "behind": float(behind.mean()),
                "behind_error": float(behind.std(ddof=1) / np.sqrt(len(behind))),
                "seconds": None if seconds is None else float(seconds.sum()),
            }
        rows.append(row)
    columns = ["method", "runs", "p_settled", "p_settled_error", "now", "after", "after_error", "gain", "gain_error"]
    return pd.DataFrame(rows, columns=[*columns, "behind", "behind_error", "seconds", "words"])


def _choose(table: pd.DataFrame) -> str:
    """Return the first, and so the simplest, of the options that are not clearly behind the best."""
    had = table[table["after"].notna()]
    close = had[had["behind"] <= _CHANCE * had["behind_error"]]
    return str(close.iloc[0]["method"])


def _noise_sd(known: Knowledge) -> float:
    """Return the root of the expected variance of a trial's noise, in the response's unit."""
    from qim_stats.followup.foresight import Foresight

    return float(np.sqrt(Foresight(known, known.x[:1]).noise) * known.scale)


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
