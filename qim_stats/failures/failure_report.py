"""The verdict on trials that failed: how many, with which levels, and whether the rest can be ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.factors import Factor, Level
from qim_stats.failures.factor_table import count, factor_table
from qim_stats.failures.lost_runs import unrecovered
from qim_stats.failures.outcomes import Outcomes, outcomes
from qim_stats.trials import Trials
from qim_stats.trials.states import DONE, FAILED_STATES, PENDING, states

REFUSED_ABOVE = 1.0 / 3.0
_RESOURCES = frozenset({"oom", "timeout", "killed"})


@dataclass(frozen=True)
class Cause:
    """A level of a factor at which trials fail more often than at the other.

    Parameters
    ----------
    factor : str
        The factor.
    level, other : bool, int, float or str
        The level at which more trials fail, and the one at which fewer do.
    failed, trials : int
        Failed trials at ``level``, of all there.
    failed_other, trials_other : int
        The same at ``other``.
    states : mapping of str to int
        How the failed trials at ``level`` ended.
    p_value, p_adjusted : float
        Fisher's exact test, and the same after Holm over all factors.
    certain : bool
        Whether ``p_adjusted`` is below 1 - confidence; if not, it is only where the failures lie.
    """

    factor: str
    level: Level
    other: Level
    failed: int
    trials: int
    failed_other: int
    trials_other: int
    states: Mapping[str, int]
    p_value: float
    p_adjusted: float
    certain: bool


@dataclass(frozen=True)
class FailureReport:
    """What is known of the trials that failed.

    Parameters
    ----------
    trials, failed, pending : int
        Trials run (done or failed), those of them that failed, those not run yet.
    unread : int
        Failed trials whose levels cannot be read, so that they say nothing about the factors.
    states : mapping of str to int
        How the failed ones ended.
    missing_share : float
        Runs that failed and were neither made good nor scored, as a share of the runs tried.
    refuse_ranking : bool
        Whether that is more than a third.
    causes : tuple of Cause
        The levels that make trials fail; where none is certain, the levels at which failures are most concentrated.
    shared : tuple of (str, level)
        Levels that all failed trials have in common, if there are at least two failed trials.
    factors : DataFrame
        As of ``factor_table``.
    firth_reason : str or None
        Why the columns of Firth's fit are empty, if they are.
    text, advice : str
        Full sentences: what happened, and what to do.
    """

    trials: int
    failed: int
    pending: int
    unread: int
    states: Mapping[str, int]
    missing_share: float
    refuse_ranking: bool
    causes: tuple[Cause, ...]
    shared: tuple[tuple[str, Level], ...]
    factors: pd.DataFrame
    firth_reason: str | None
    text: str
    advice: str


def too_many_failed(trials: Trials) -> bool:
    """Whether more than a third of the runs failed and were neither made good nor scored, so that nothing is ranked.

    Parameters
    ----------
    trials : Trials
        The trials.
    """
    missing, tried = _missing(trials)
    return missing > REFUSED_ABOVE * tried


def _missing(trials: Trials) -> tuple[int, int]:
    """Return how many runs are missing, of how many that were tried."""
    known = pd.Series(states(trials.frame))
    missing = int((unrecovered(trials) & known.isin(FAILED_STATES).to_numpy()).sum())
    return missing, missing + int((known[trials.usable].isin([DONE, *FAILED_STATES])).sum())


def failure_verdict(trials: Trials, *, confidence: float = 0.95) -> FailureReport | None:
    """Judge the trials that failed.

    Parameters
    ----------
    trials : Trials
        The trials.
    confidence : float
        Of limits and claims.

    Returns
    -------
    FailureReport or None
        None when no trial failed.
    """
    known = pd.Series(states(trials.frame))
    found = outcomes(trials)
    once = trials.trial_of == np.arange(len(known))
    failed = known[known.isin(FAILED_STATES) & once]
    if failed.empty:
        return None
    table, reason = factor_table(found, confidence=confidence)
    causes = _causes(found, trials.factors, table, confidence)
    shared = _shared(found, trials.factors)
    missing, tried = _missing(trials)
    refuse = too_many_failed(trials)
    ended = dict(sorted(Counter(failed).items()))
    unread = len(failed) - int(found.failed.sum())
    return FailureReport(
        trials=len(found.failed) + unread,
        failed=len(failed),
        pending=int((known == PENDING).sum()),
        unread=unread,
        states=ended,
        missing_share=missing / tried,
        refuse_ranking=refuse,
        causes=causes,
        shared=shared,
        factors=table,
        firth_reason=reason,
        text=_text(found, unread, ended, causes, shared, trials.factors, (missing, tried) if refuse else None),
        advice=_advice(causes, trials.factors, ended),
    )


def _tally(found: Outcomes, where: npt.NDArray[np.bool_]) -> dict[str, int]:
    return dict(sorted(Counter(s for s, there in zip(found.states, where, strict=True) if there).items()))


def _causes(found: Outcomes, factors: tuple[Factor, ...], table: pd.DataFrame, confidence: float) -> tuple[Cause, ...]:
    """Return the certain causes, most certain first; else the most suspicious levels."""
    causes = []
    for factor, p_value, p_adjusted in zip(factors, table["p_value"], table["p_adjusted"], strict=True):
        column = found.coded[factor.name].to_numpy(dtype=np.float64)
        (low, all_low), (high, all_high) = count(found, column == -1.0), count(found, column == 1.0)
        side = 1.0 if high * all_low > low * all_high else -1.0
        if high * all_low == low * all_high or np.isnan(p_value):
            continue
        worse, better = ((high, all_high), (low, all_low)) if side > 0 else ((low, all_low), (high, all_high))
        causes.append(
            Cause(
                factor.name,
                factor.decode(int(side)),
                factor.decode(-int(side)),
                *worse,
                *better,
                _tally(found, found.failed & (column == side)),
                float(p_value),
                float(p_adjusted),
                bool(p_adjusted < 1.0 - confidence),
            )
        )
    certain = [cause for cause in causes if cause.certain]
    smallest = min((cause.p_value for cause in causes), default=1.0)
    chosen = certain or [cause for cause in causes if cause.p_value <= smallest * (1.0 + 1e-7) and smallest < 0.5]
    return tuple(sorted(chosen, key=lambda cause: (cause.p_value, -cause.failed / cause.trials)))


def _shared(found: Outcomes, factors: tuple[Factor, ...]) -> tuple[tuple[str, Level], ...]:
    """Return the levels that all failed trials, two at least, have in common while other trials have the other."""
    failed = found.coded[found.failed]
    if len(failed) < 2:
        return ()
    return tuple(
        (factor.name, factor.decode(int(failed[factor.name].iloc[0])))
        for factor in factors
        if failed[factor.name].nunique() == 1
        and failed[factor.name].iloc[0] != 0.0
        and found.coded[factor.name].nunique() > 1
    )


def _text(
    found: Outcomes,
    unread: int,
    ended: Mapping[str, int],
    causes: tuple[Cause, ...],
    shared: tuple[tuple[str, Level], ...],
    factors: tuple[Factor, ...],
    refused: tuple[int, int] | None,
) -> str:
    parts = []
    if refused:
        parts.append(f"Cannot rank: {refused[0]} of {refused[1]} runs failed, more than a third.")
    parts.append(f"{found.failed.sum() + unread} of {len(found.failed) + unread} trials failed ({_told(ended)}).")
    if unread:
        parts.append(f"The levels of {unread} of them cannot be read.")
    certain = [cause for cause in causes if cause.certain]
    if certain:
        parts += [
            f"Trials fail with {c.factor} = {_spell(c.level)}: {c.failed} of {c.trials} there ({_told(c.states)}), "
            f"{c.failed_other} of {c.trials_other} with {c.factor} = {_spell(c.other)} ({_p(c.p_adjusted)})."
            for c in certain
        ]
    else:
        parts.append("No single factor is shown to make trials fail.")
        if causes:
            first = causes[0]
            where = [
                f"{c.factor} = {_spell(c.level)} ({c.failed} of {c.trials}, else {c.failed_other})" for c in causes
            ]
            chance = f"{_p(first.p_value)}, and {first.p_adjusted:.2g} as one of {found.coded.shape[1]} factors"
            parts.append(f"Most failures lie at {listed(where, 3)}, which may be chance ({chance}).")
    if len(shared) > 1:
        there = _together(found, factors, shared)
        named = listed([f"{name} = {_spell(level)}" for name, level in shared])
        parts.append(f"All failed trials have {named}: {found.failed.sum()} of the {there} such trials failed.")
    return " ".join(parts)


def _together(found: Outcomes, factors: tuple[Factor, ...], shared: tuple[tuple[str, Level], ...]) -> int:
    """Count the trials that have all the shared levels."""
    known = {factor.name: factor for factor in factors}
    sides = {name: 1.0 if level == known[name].high else -1.0 for name, level in shared}
    return int((found.coded[list(sides)] == pd.Series(sides)).all(axis=1).sum())


def _told(ended: Mapping[str, int]) -> str:
    return listed([f"{number} {state}" for state, number in ended.items()])


def _advice(causes: tuple[Cause, ...], factors: tuple[Factor, ...], ended: Mapping[str, int]) -> str:
    numeric = {factor.name for factor in factors if factor.is_numeric}
    parts = [
        f"Narrow {c.factor}: bring its level {_spell(c.level)} nearer to {_spell(c.other)}."
        if c.factor in numeric
        else f"Choose another level of {c.factor} than {_spell(c.level)}."
        for c in causes
    ]
    if "diverged" in ended:
        parts.append("Running diverged trials again with the same settings will not help.")
    if _RESOURCES & set(ended):
        told = listed([state for state in ended if state in _RESOURCES])
        parts.append(f"Trials that ended as {told} may succeed with more time or memory.")
    if "failed" in ended:
        parts.append("Read the reasons of trials that ended as failed before running them again.")
    return " ".join(parts)


def _spell(level: Level) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)


def _p(value: float) -> str:
    return f"p = {value:.2g}" if value >= 1e-4 else "p < 0.0001"
