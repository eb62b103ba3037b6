"""What the options come to, in sentences."""

from __future__ import annotations

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
    goal: Goal, probability: float, options: pd.DataFrame, chosen: str, *, settled_now: bool, asked_for: bool
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

    Returns
    -------
    list of str
        Sentences.
    """
    best = options[options["method"] == chosen].iloc[0]
    if settled_now:
        words = [f"The goal {goal.text} is settled by the trials so far: {measured(goal, best['now'])}."]
    else:
        words = [f"The goal {goal.text} is open: {measured(goal, best['now'])} now."]
    name = _NAMES[chosen]
    chance = f"{100 * best['p_settled']:.0f} %"
    text = (
        f"After {best['runs']} more runs, {name} ({best['words']}), it would be settled with probability {chance}, "
        f"and {measured(goal, best['after'])} is to be expected."
    )
    had = options[options["after"].notna()]
    if not asked_for and len(had) > 1:
        top = had.sort_values("gain", ascending=False, kind="stable").iloc[0]
        if top["method"] == chosen:
            text += " No other option gains more."
        else:
            text += f" By {_NAMES[str(top['method'])]} no more is to be gained than chance in the simulation explains."
    words.append(text)
    if not settled_now and best["p_settled"] < _UNLIKELY:
        words.append(f"So {best['runs']} more runs are not likely to settle it at {probability:g}.")
    return words


def binding(goal: Goal, draws: Array, names: list[str], *, noise_sd: float, trials: int) -> str:
    """Say what keeps the goal open: the noise of trials, or what interactions leave open.

    Parameters
    ----------
    goal : Goal
        In the order of ``names``.
    draws : ndarray of float64, shape (d, k)
        Half effects now, in the response's unit.
    names : list of str
        Of the factors.
    noise_sd : float
        Standard deviation of a trial.
    trials : int
        That there would be, the further runs included.

    Returns
    -------
    str
        A sentence. A pair of effects is called a tie for this many trials where their sizes differ by less than twice
        the standard error that noise alone leaves in the difference of two effects of a balanced design,
        2 sqrt(2) sigma / sqrt(trials).
    """
    size = np.abs(2.0 * draws).mean(axis=0)
    if goal.kind == "sign":
        a = goal.members[0]
        effect, error = abs(2.0 * float(draws[:, a].mean())), 2.0 * noise_sd / np.sqrt(trials)
        what, difference = f"the effect of {names[a]!r} is about {effect:.2g}", effect
    else:
        a, b = _closest(goal, size)
        difference, error = abs(float(size[a] - size[b])), 2.0 * np.sqrt(2.0) * noise_sd / np.sqrt(trials)
        what = f"the sizes of the effects of {names[a]!r} and {names[b]!r} are about {size[a]:.2g} and {size[b]:.2g}"
    noise = f"trials vary by about {noise_sd:.2g}, so that noise alone leaves an error of {error:.2g}"
    if difference < 2.0 * error:
        tail = "in their difference" if goal.kind != "sign" else "in it"
        return f"What binds is noise: {what}; {noise} {tail} after {trials} trials."
    return f"What binds is aliasing more than noise: {what}; {noise} after {trials} trials; interactions leave more."


def measured(goal: Goal, value: float) -> str:
    """Write the goal's measure with its name."""
    if goal.kind == "order":
        return f"{value:.3g} {goal.measure_name}"
    return f"a {goal.measure_name} of {value:.2f}"


def _closest(goal: Goal, size: Array) -> tuple[int, int]:
    """Return the two factors whose order the goal turns on most: the border of the top, or the closest neighbours."""
    if goal.kind == "pair":
        return goal.members[0], goal.members[1]
    order = np.argsort(-size, kind="stable")
    at = goal.count - 1 if goal.kind == "top" else int(np.argmin(-np.diff(size[order])))
    return int(order[at]), int(order[at + 1])
