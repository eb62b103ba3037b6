"""The verdict: what the numbers allow to say in words, and what to do next."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.evidence import Evidence
from qim_stats.factors import Factor, Level
from qim_stats.model.aliasing import main_effect_aliases
from qim_stats.ranks.ranking import Ranking
from qim_stats.trials import Trials

_METHODS = {
    "holm": "Holm's correction",
    "bh": "Benjamini and Hochberg's correction",
    "max-t": "max-t correction",
    "none": "no correction",
}
_BELIEVABLE = 1.0  # an interaction up to the size of the largest main effect is nothing unusual
_RERUNS = 8


@dataclass(frozen=True)
class Verdict:
    """What can be said.

    Parameters
    ----------
    text : str
        A few sentences, the first of which is the answer.
    significant, undecided : tuple of str
        Factors told from noise, and the others, by rank.
    next : str
        What to do next.
    """

    text: str
    significant: tuple[str, ...]
    undecided: tuple[str, ...]
    next: str


def judge(evidence: Evidence, ranking: Ranking) -> Verdict:
    """Judge the factors.

    Parameters
    ----------
    evidence : Evidence
        Data, model, error estimate, aliases, failures.
    ranking : Ranking
        The factors by rank; empty where failures forbid one. A factor is significant when its adjusted p-value is
        below 1 - confidence.

    Returns
    -------
    Verdict
        In plain text; names of factors as they are.
    """
    trials, error, options = evidence.trials, evidence.error, evidence.options
    table = ranking.table
    failures = evidence.failures
    if failures is not None and failures.refuse_ranking:
        return Verdict(failures.text, (), tuple(trials.factor_names), _after_failures(evidence, failures.advice))
    significant = [str(name) for name in table.loc[table["p_adjusted"] < 1.0 - evidence.claim_confidence, "factor"]]
    undecided = [name for name in table["factor"] if name not in significant]
    looks = f", look {evidence.looks} of one study" if evidence.looks > 1 else ""
    what = f"{100 * options.confidence:.10g} % confidence, {_METHODS[options.adjust]} over the tests{looks}"
    if error.source == "none":
        text = f"Cannot tell: without an error estimate no effect can be told from noise. {error.reason}"
    elif not significant:
        text = f"No factor can be told from noise ({what})."
    else:
        verb = "stands" if len(significant) == 1 else "stand"
        parts = [f"{listed(significant)} {verb} out from noise ({what})."]
        parts += [_better_levels(trials, table, significant), _order(table, significant)]
        parts += _interactions(evidence, table, significant)
        if undecided:
            parts.append(f"Not told from noise: {listed(undecided)}.")
        text = " ".join(parts)
    return Verdict(text, tuple(significant), tuple(undecided), _next(evidence, undecided))


def _better_levels(trials: Trials, table: pd.DataFrame, significant: list[str]) -> str:
    effects = dict(zip(table["factor"], table["effect"], strict=True))
    factors = {f.name: f for f in trials.factors}
    wanted = 1.0 if trials.direction == "maximize" else -1.0
    told = [f"{name} at {_level(factors[name], better_high=effects[name] * wanted > 0)}" for name in significant]
    word = "higher" if trials.direction == "maximize" else "lower"
    return f"{trials.response} is better ({word}) on average with {listed(told)}."


def _level(factor: Factor, *, better_high: bool) -> str:
    level: Level = factor.high if better_high else factor.low
    shown = f"{level:g}" if isinstance(level, float) else str(level)
    return f"{shown} {factor.unit}" if factor.unit else shown


def _order(table: pd.DataFrame, significant: list[str]) -> str:
    """Say which factor comes first, with interactions allowed for where they can be."""
    first = table.iloc[0]
    aware = ", also with interactions allowed for" if first["alias_aware"] is not None else ""
    if first["rank_high"] == 1:
        return f"{first['factor']} has the largest effect of all{aware}."
    rivals = [name for name in first["tied_with"] if name in significant]
    if not rivals:
        return f"That {first['factor']} has the largest effect is not certain."
    return f"Which of {listed([first['factor'], *rivals])} has the largest effect is not settled."


def _interactions(evidence: Evidence, table: pd.DataFrame, significant: list[str]) -> list[str]:
    """Say which claims an interaction of believable size would overturn."""
    told = []
    confidence = evidence.options.confidence
    signs = dict(zip(table["factor"], table["p_sign"], strict=True))
    doubtful = [name for name in significant if not math.isnan(signs[name]) and signs[name] < confidence]
    if doubtful:
        worst = min(doubtful, key=lambda name: float(signs[name]))
        told.append(
            f"With interactions allowed for, the direction of {listed(doubtful)} is not certain (probability "
            f"{signs[worst]:.2f}{' at the lowest' if len(doubtful) > 1 else ''})."
        )
    tipping = evidence.tipping
    claims = tipping[
        tipping["term"].isin(significant)
        & tipping["kind"].isin(["cancel", "noise"])
        & (tipping["relative_size"] < _BELIEVABLE)
    ]
    if len(claims):
        words = str(claims["words"].iloc[int(claims["relative_size"].to_numpy().argmin())])
        told.append(f"Tipping point: {words[0].lower()}{words[1:]}")
    return told


def _after_failures(evidence: Evidence, advice: str) -> str:
    runs = _reruns(evidence)
    return advice if runs is None else f"{advice} Then run again, in this order: run {runs}."


def _reruns(evidence: Evidence) -> str | None:
    """Name the missing runs in the order in which they tell most."""
    runs = list(dict.fromkeys(evidence.rerun["run"].tolist()))
    return listed([str(run) for run in runs], limit=_RERUNS) if runs else None


def _augment(trials: Trials, runs: int) -> str:
    """Spell the command that looks for the next runs."""
    told = ["python", "-m", "qim_stats", "augment", str(trials.source), "--runs", str(runs), "--out", "next.csv"]
    if trials.metadata is None:
        told += ["--response", trials.response, "--direction", trials.direction]
    return shlex.join(told)


def _next(evidence: Evidence, undecided: list[str]) -> str:
    trials, error = evidence.trials, evidence.error
    aliases = main_effect_aliases(evidence.fit)
    steps = []
    runs = _reruns(evidence)
    if trials.set_aside:
        plural = "s" if len(trials.set_aside) > 1 else ""
        order = "" if runs is None else f", in this order: run {runs}"
        steps.append(f"Rerun the {len(trials.set_aside)} trial{plural} that gave no response{order}.")
        if evidence.failures is not None:
            steps.append(evidence.failures.advice)
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
    elif not trials.set_aside and trials.source is not None:
        steps.append(f"What these and other runs are expected to settle: {_augment(trials, more)}")
    return " ".join(steps)
