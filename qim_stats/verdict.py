"""The verdict: what the numbers allow to say in words, and what to do next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.factors import Factor, Level
from qim_stats.model.aliasing import MainEffectAliases
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.trials import Trials

_METHODS = {"holm": "Holm's correction", "bh": "Benjamini and Hochberg's correction", "none": "no correction"}


@dataclass(frozen=True)
class Verdict:
    """What can be said.

    Parameters
    ----------
    text : str
        One to four sentences, the first of which is the answer.
    significant, undecided : tuple of str
        Factors told from noise, and the others, by rank.
    next : str
        What to do next.
    """

    text: str
    significant: tuple[str, ...]
    undecided: tuple[str, ...]
    next: str


def judge(
    trials: Trials,
    ranking: pd.DataFrame,
    error: ErrorEstimate,
    aliases: MainEffectAliases | None,
    *,
    confidence: float,
    adjust: str,
) -> Verdict:
    """Judge the factors.

    Parameters
    ----------
    trials : Trials
        The data.
    ranking : DataFrame
        As of ``rank_factors``.
    error : ErrorEstimate
        Behind the p-values.
    aliases : MainEffectAliases or None
        What the main effects are mixed up with.
    confidence : float
        A factor is significant when its adjusted p-value is below 1 - confidence.
    adjust : str
        How the p-values were adjusted, for the text.

    Returns
    -------
    Verdict
        In plain text; names of factors as they are.
    """
    significant = [str(name) for name in ranking.loc[ranking["p_adjusted"] < 1.0 - confidence, "factor"]]
    undecided = [name for name in ranking["factor"] if name not in significant]
    what = f"{100 * confidence:.10g} % confidence, {_METHODS[adjust]} over the tests"
    if error.source == "none":
        text = f"Cannot tell: without an error estimate no effect can be told from noise. {error.reason}"
    elif not significant:
        text = f"No factor can be told from noise ({what})."
    else:
        verb = "stands" if len(significant) == 1 else "stand"
        parts = [f"{listed(significant)} {verb} out from noise ({what})."]
        parts += [_better_levels(trials, ranking, significant), _order(ranking, significant)]
        if undecided:
            parts.append(f"Not told from noise: {listed(undecided)}.")
        text = " ".join(parts)
    return Verdict(text, tuple(significant), tuple(undecided), _next(trials, error, aliases, undecided))


def _better_levels(trials: Trials, ranking: pd.DataFrame, significant: list[str]) -> str:
    effects = dict(zip(ranking["factor"], ranking["effect"], strict=True))
    factors = {f.name: f for f in trials.factors}
    wanted = 1.0 if trials.direction == "maximize" else -1.0
    told = [f"{name} at {_level(factors[name], better_high=effects[name] * wanted > 0)}" for name in significant]
    word = "higher" if trials.direction == "maximize" else "lower"
    return f"{trials.response} is better ({word}) on average with {listed(told)}."


def _level(factor: Factor, *, better_high: bool) -> str:
    level: Level = factor.high if better_high else factor.low
    shown = f"{level:g}" if isinstance(level, float) else str(level)
    return f"{shown} {factor.unit}" if factor.unit else shown


def _order(ranking: pd.DataFrame, significant: list[str]) -> str:
    first = ranking.iloc[0]
    if first["rank_high"] == 1:
        return f"{first['factor']} has the largest effect of all."
    rivals = [name for name in first["tied_with"] if name in significant]
    if not rivals:
        return f"That {first['factor']} has the largest effect is not certain."
    return f"Which of {listed([first['factor'], *rivals])} has the largest effect is not settled."


def _next(trials: Trials, error: ErrorEstimate, aliases: MainEffectAliases | None, undecided: list[str]) -> str:
    steps = []
    if trials.set_aside:
        runs = listed(sorted({s.run for s in trials.set_aside}, key=lambda run: (len(run), run)))
        plural = "s" if len(trials.set_aside) > 1 else ""
        steps.append(f"Rerun the {len(trials.set_aside)} trial{plural} that gave no response (run {runs}).")
    folded = trials.block is not None
    more = trials.frame["run"].nunique() if "run" in trials.frame else len(trials.frame)
    if aliases is not None and not folded and not trials.set_aside:
        steps.append(f"{more} more runs (the foldover) would separate main effects from two-factor interactions.")
    again = f"{more} more trials (each run once more with a new seed) would"
    if error.source == "none":
        steps.append(f"{again} give an error estimate.")
    elif undecided and not steps:
        gain = 100.0 * (1.0 - math.sqrt(trials.n / (trials.n + more)))
        steps.append(f"{again} shrink the standard errors by about {gain:.0f} %.")
    if not steps:
        steps.append("Nothing more is needed for the main effects; confirm the best setting with a few new trials.")
    return " ".join(steps)
