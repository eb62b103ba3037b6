"""What the options come to, in sentences."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.followup.goal import Goal

Array = npt.NDArray[np.float64]
_UNLIKELY = 0.1
_NAMES = {
    "foldover": "a full foldover",
    "replicates": "replicates",
    "semifold": "a semifold",
    "bayesian-d": "the Bayesian D runs",
    "md": "the MD runs",
    "posterior": "the runs chosen by the posterior",
}


def advice(
    goal: Goal,
    probability: float,
    options: pd.DataFrame,
    chosen: str,
    *,
    settled_now: bool,
    asked_for: bool,
    priced: bool = False,
) -> list[str]:
    """Say what is known now, what is chosen, and what it would gain.

    Parameters
    ----------
    goal : Goal
        What is to be settled.
    probability : float
        From which it counts as settled.
    options : DataFrame
        As of ``FollowUp.options``.
    chosen : str
        The method.
    settled_now : bool
        Whether the goal is settled already.
    asked_for : bool
        Whether the method was given, so that no other was compared.
    priced : bool
        Whether runs differ in cost, so that the gain per cost decides.

    Returns
    -------
    list of str
        Sentences.
    """
    best = options[options["method"] == chosen].iloc[0]
    if settled_now:
        words = [f"The goal {goal.text} is settled, and needs no further trials: {measured(goal, best['now'])}."]
    else:
        words = [f"The goal {goal.text} is open: {measured(goal, best['now'], probability)} now."]
    name = _NAMES[chosen]
    text = (
        f"After {best['runs']} more runs, {name} ({best['words']}), it would be settled with a probability of "
        f"{share_text(best['p_settled'])}, "
        f"and {measured(goal, best['after'])} is to be expected."
    )
    had = options[options["after"].notna()]
    if not asked_for and len(had) > 1:
        top = had.sort_values("gain_per_cost", ascending=False, kind="stable").iloc[0]
        if top["method"] == chosen:
            text += " No other option gains more" + (" for its cost." if priced else ".")
        else:
            more = "no more is to be gained for the same cost" if priced else "no more is to be gained"
            text += f" By {_NAMES[str(top['method'])]} {more} than chance in the simulation explains."
    words.append(text)
    if not settled_now and best["p_settled"] < _UNLIKELY:
        words.append(f"So {best['runs']} more runs are not likely to settle it at {probability:g}.")
    return words


def binding(goal: Goal, draws: Array, names: list[str], *, noise_sd: float, trials: int, probability: float) -> str:
    """Say how far the noise of trials alone keeps the goal open, whatever the further runs.

    Parameters
    ----------
    goal : Goal
        In the order of ``names``.
    draws : ndarray of float64, shape (d, k)
        Half effects as they may be, in the response's unit.
    names : list of str
        Of the factors.
    noise_sd, trials, probability
        As of ``noise_share``.

    Returns
    -------
    str
        A sentence.
    """
    share, least = noise_share(goal, draws, noise_sd=noise_sd, trials=trials, probability=probability)
    where = _turns_on(goal, np.abs(2.0 * draws).mean(axis=0), names)
    text = (
        f"Noise alone (an SD of {noise_sd:.2g} a trial is expected) would keep it open in a share of about "
        f"{share_text(share)} of the cases that the trials so far allow: there {where} by less than the {least:.2g} "
        f"that {trials} trials can tell"
    )
    if share > 0.5:
        return f"{text}. That is near a tie, which more trials of this number cannot break."
    return f"{text}. The rest is what interactions hide."


def noise_share(goal: Goal, draws: Array, *, noise_sd: float, trials: int, probability: float) -> tuple[float, float]:
    """Tell in which share of the cases the noise of trials alone would keep the goal open.

    Parameters
    ----------
    goal : Goal
        In the order of the draws' columns.
    draws : ndarray of float64, shape (d, k)
        Half effects as they may be, in the response's unit.
    noise_sd : float
        Standard deviation of a trial.
    trials : int
        That there would be, the further runs included.
    probability : float
        From which the goal counts as settled.

    Returns
    -------
    share : float
        Of the draws in which the gap that the goal turns on is smaller than what can be told.
    least : float
        What can be told.

    Notes
    -----
    In a balanced design without interactions an effect has the standard error 2 sigma / sqrt(n), the difference of two
    sqrt(2) times that, and an order or a sign reaches the probability q if the estimate is z_q standard errors from
    zero.
    """
    error = 2.0 * noise_sd / np.sqrt(trials) * (1.0 if goal.kind == "sign" else np.sqrt(2.0))
    least = float(NormalDist().inv_cdf(probability) * error)
    return float((_gaps(goal, np.abs(2.0 * draws)) < least).mean()), least


def measured(goal: Goal, value: float, wanted: float = 1.0) -> str:
    """Write the goal's measure with its name, so that it is seen where it falls short of what is wanted."""
    if goal.kind == "order":
        return f"{value:.3g} {goal.measure_name}"
    return f"a {goal.measure_name} of {share_text(value, wanted)}"


def share_text(value: float, wanted: float = 1.0) -> str:
    """Write a share with two decimals, never rounded up to certainty, nor to what it falls short of."""
    return "over 0.99" if value > 0.995 else short_of(value, wanted)


def short_of(value: float, wanted: float) -> str:
    """Write a share with two decimals, or three, rounded down, where two would hide that it is less than wanted."""
    told = f"{value:.2f}"
    return f"{np.floor(1000 * value) / 1000:.3f}" if value < wanted <= float(told) else told


def _gaps(goal: Goal, size: Array) -> Array:
    """Return, for each draw, the distance that the goal turns on, shape (d,)."""
    if goal.kind == "sign":
        return size[:, goal.members[0]]
    if goal.kind == "pair":
        return np.asarray(np.abs(size[:, goal.members[0]] - size[:, goal.members[1]]), dtype=np.float64)
    gaps = -np.diff(-np.sort(-size, axis=1), axis=1)
    return np.asarray(gaps[:, goal.count - 1] if goal.kind == "top" else gaps.min(axis=1), dtype=np.float64)


def _turns_on(goal: Goal, size: Array, names: list[str]) -> str:
    if goal.kind == "sign":
        return f"the effect of {names[goal.members[0]]!r} differs from zero"
    if goal.kind == "pair":
        return f"the sizes of {names[goal.members[0]]!r} and {names[goal.members[1]]!r} differ"
    if goal.kind == "order":
        return "two neighbours in the order differ"
    order = np.argsort(-size, kind="stable")
    border = [names[i] for i in order[goal.count - 1 : goal.count + 1]]
    return f"the effects on either side of the border (such as {border[0]!r} and {border[1]!r}) differ in size"
