"""The goals, and what the results say of each on each table: met, not met, or too close to the goal to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from validation.claims import CALIBRATED, FEW
from validation.knower import ALONE, ALONE_STOPPED, LOOKS
from validation.tables import ARTIFICIAL
from validation.work import ANALYZE, AWARE, CEILING, CHANCE, STOPPED

_SURE = 2.0  # Monte Carlo errors
WIDE_FACTORS = 8
"""Number of factors that the goal on widths is about."""
SETTLED_AT = 32
"""Trials of the goals on widths and on settling."""
ALLOWED = 0.90
"""Share of right answers that noise must allow at 32 trials for the goal on trials to settle to be asked."""


class Verdict(Enum):
    """What the numbers say; the value is how it is shown."""

    MET = "met"
    NOT_MET = "not met"
    UNSURE = "too close to tell"
    NONE = "-"


@dataclass(frozen=True)
class Finding:
    """One goal on one table.

    Parameters
    ----------
    verdict : Verdict
        ``UNSURE`` where value and goal differ by no more than two Monte Carlo errors.
    value, error : float
        What was measured, and its Monte Carlo error; NaN where there is nothing to measure.
    where : str
        The design and estimator, where the goal is about the worst of several.
    """

    verdict: Verdict
    value: float = float("nan")
    error: float = float("nan")
    where: str = ""

    def __str__(self) -> str:
        """Return it as a cell: value, error, verdict."""
        if self.verdict is Verdict.NONE:
            return "-"
        return f"{self.value:.3g} ± {self.error:.2g} {_MARKS[self.verdict]}"


_MARKS = {Verdict.MET: "met", Verdict.NOT_MET: "**not met**", Verdict.UNSURE: "?"}


@dataclass(frozen=True)
class Goal:
    """One goal.

    Parameters
    ----------
    name, wanted : str
        In words.
    limit : float
        The value to reach.
    at_least : bool
        Whether more is better.
    values : callable
        From the rows of one table to the values that must all reach it: ``value, error, studies, where``, and
        ``chance`` where there is such a thing (see ``judge``).
    artificial : bool
        Whether it is asked of artificial tables too.
    ceiling : callable or None
        From the same rows and those of ``noise_alone`` to what noise alone comes to, NaN where nothing is known of it;
        None where the goal is relative to it, or there is no such thing.
    """

    name: str
    wanted: str
    limit: float
    at_least: bool
    values: Callable[[pd.DataFrame], pd.DataFrame]
    artificial: bool = False
    ceiling: Callable[[pd.DataFrame], float] | None = None


def noise_alone_at(goal: Goal, rows: pd.DataFrame) -> float:
    """Return what a goal comes to with noise alone in the way, NaN where that is not known.

    Parameters
    ----------
    goal : Goal
        Which.
    rows : DataFrame
        Of one table, with those of ``noise_alone``.
    """
    return float("nan") if goal.ceiling is None else goal.ceiling(rows)


def judge(value: float, error: float, limit: float, *, at_least: bool, chance: float = float("nan")) -> Verdict:
    """Hold a value against a limit.

    Parameters
    ----------
    value, error : float
        With its Monte Carlo error; NaN values have no verdict.
    limit : float
        The goal.
    at_least : bool
        Whether more is better.
    chance : float
        What chance alone may make of no error at all: no value up to it misses the goal.

    Returns
    -------
    Verdict
        Met or not where they differ by more than two errors.
    """
    if np.isnan(value):
        return Verdict.NONE
    above = value - limit if at_least else limit - value
    by_chance = above < 0.0 and value <= chance
    if by_chance or (not np.isnan(error) and abs(above) <= _SURE * error):
        return Verdict.UNSURE
    return Verdict.MET if above >= 0.0 else Verdict.NOT_MET


def find(goal: Goal, rows: pd.DataFrame) -> Finding:
    """Judge one goal on one table.

    Parameters
    ----------
    goal : Goal
        Which.
    rows : DataFrame
        Of one table.

    Returns
    -------
    Finding
        The worst value. Of several values it is clearly missed where one clearly misses it; met where none falls short
        and all together are clearly beyond it, as each by itself comes from few studies.
    """
    if not goal.artificial and (rows["role"] == ARTIFICIAL).any():
        return Finding(Verdict.NONE)
    values = goal.values(rows)
    values = values[values["value"].notna()]
    if values.empty:
        return Finding(Verdict.NONE)
    found = [_judged(goal, row) for row in values.to_dict("records")]
    sign = 1.0 if goal.at_least else -1.0
    worst = min(found, key=lambda one: (one.verdict is not Verdict.NOT_MET, sign * one.value))
    if worst.verdict is Verdict.NOT_MET or len(found) == 1:
        return worst
    short = sign * (worst.value - goal.limit) < 0.0
    verdict = Verdict.UNSURE if short else _judged(goal, _together(values)).verdict
    return replace(worst, verdict=verdict)


def _judged(goal: Goal, row: Mapping[Any, Any]) -> Finding:
    chance = row.get("chance", np.nan)
    verdict = judge(row["value"], row["error"], goal.limit, at_least=goal.at_least, chance=chance)
    return Finding(verdict, row["value"], row["error"], row["where"])


def _together(values: pd.DataFrame) -> dict[str, Any]:
    """Return the mean over designs, by their studies, with the error of looks at the very same studies, the largest."""
    weights = values["studies"] / values["studies"].sum()
    numbers = values[["value", "error", *(name for name in ("chance",) if name in values)]]
    means = numbers.mul(weights, axis=0).sum(skipna=False)
    return {str(name): value for name, value in means.items()} | {"where": "together"}


def overall(found: Sequence[Finding]) -> Verdict:
    """Return what a goal comes to on all tables: met if on every one, not met if clearly missed on any."""
    verdicts = {one.verdict for one in found} - {Verdict.NONE}
    for verdict in (Verdict.NOT_MET, Verdict.UNSURE, Verdict.MET):
        if verdict in verdicts:
            return verdict
    return Verdict.NONE


def share_above(results: pd.DataFrame, trials: int) -> tuple[int, int]:
    """Return on how many real tables, of how many, the first three are right more often than the noise ceiling.

    Parameters
    ----------
    results : DataFrame
        Of all tables.
    trials : int
        Of the studies that choose their trials.
    """
    above = [
        float(_gap(rows, trials)["value"].iloc[0]) > 0.0
        for _, rows in results[results["role"] != ARTIFICIAL].groupby("table", sort=False)
        if len(_gap(rows, trials))
    ]
    return sum(above), len(above)


def _values(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "value": rows[column].to_numpy(dtype=np.float64),
            "error": rows[f"{column}_error"].to_numpy(dtype=np.float64),
            "studies": rows["replays"].to_numpy(dtype=np.float64),
            "where": (rows["design"] + ", " + rows["estimator"]).to_numpy(),
        }
    )


def _one(rows: pd.DataFrame, design: str, estimator: str) -> pd.DataFrame:
    return rows[(rows["design"] == design) & (rows["estimator"] == estimator)]


def _allowed(rows: pd.DataFrame, trials: int, measure: str = "p_top3") -> float:
    ceiling = rows[(rows["design"] == CEILING) & (rows["trials"] == trials)]
    return float(ceiling[measure].iloc[0]) if len(ceiling) else float("nan")


def _capture_allowed(rows: pd.DataFrame) -> float:
    return _allowed(rows, 24, "top3_capture")


def _alone(rows: pd.DataFrame, measure: str, trials: Sequence[int]) -> float:
    """Return the largest value after some numbers of trials with noise alone in the way."""
    return float(rows[(rows["design"] == ALONE) & rows["trials"].isin(trials)][measure].max())


def _worst_alone(measure: str) -> Callable[[pd.DataFrame], float]:
    return lambda rows: _alone(rows, measure, [n for n in LOOKS if n >= FEW])


def _stopped_alone(rows: pd.DataFrame) -> float:
    return float(rows[rows["design"] == ALONE_STOPPED]["trials"].max())


def _gap(rows: pd.DataFrame, trials: int) -> pd.DataFrame:
    found = _values(_one(rows, f"pb12..{trials}", AWARE), "p_top3")
    return found.assign(value=found["value"] - _allowed(rows, trials))


def _claims(column: str, chance: str = "") -> Callable[[pd.DataFrame], pd.DataFrame]:
    def values(rows: pd.DataFrame) -> pd.DataFrame:
        own = rows[(rows["trials"] >= FEW) & rows["estimator"].isin([AWARE, ANALYZE])]
        found = _values(own, column)
        return found.assign(chance=own[chance].to_numpy(dtype=np.float64)) if chance else found

    return values


def _every(column: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: _values(rows[rows["estimator"].isin([AWARE, ANALYZE])], column)


def _chosen(design: str, estimator: str, column: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: _values(_one(rows, design, estimator), column)


def _width(rows: pd.DataFrame) -> pd.DataFrame:
    own = _one(rows, f"pb12..{SETTLED_AT}", ANALYZE)
    return _values(own[own["factors"] == WIDE_FACTORS], "width_simultaneous")


def _to_settle(rows: pd.DataFrame) -> pd.DataFrame:
    found = _values(_one(rows, STOPPED, AWARE), "trials")
    return found if _allowed(rows, SETTLED_AT) >= ALLOWED else found.iloc[:0]


def _of_first_three(what: str, column: str, chance: str) -> Goal:
    values, ceiling = _claims(column, chance), _worst_alone(column)
    return Goal(f"{what} of P(first three), largest", "at most .05", CALIBRATED, False, values, True, ceiling)


GOALS = (
    Goal("first three right, 24 trials", "at least the noise ceiling - .05", -0.05, True, lambda rows: _gap(rows, 24)),
    Goal("first three right, 32 trials", "at least the noise ceiling - .02", -0.02, True, lambda rows: _gap(rows, 32)),
    Goal(
        "capture, 24 trials",
        "at least .97",
        0.97,
        True,
        _chosen("pb12..24", AWARE, "top3_capture"),
        ceiling=_capture_allowed,
    ),
    Goal("marginal coverage, lowest", "at least .90", 0.90, True, _every("coverage_marginal"), True),
    Goal("simultaneous coverage, lowest", "at least .95", 0.95, True, _every("coverage_simultaneous"), True),
    Goal(
        "simultaneous width, 32 trials, 8 factors",
        "at most 4 ranks",
        4.0,
        False,
        _width,
        ceiling=lambda rows: _alone(rows, "width_simultaneous", [SETTLED_AT]),
    ),
    Goal(
        "calibration error of P(i before j), largest",
        "at most .05",
        CALIBRATED,
        False,
        _claims("calibration_error"),
        True,
        ceiling=_worst_alone("calibration_error"),
    ),
    _of_first_three("calibration error", "calibration_error_top3", CHANCE[0]),
    _of_first_three("overclaim", "overclaim_top3", CHANCE[1]),
    Goal("settled, and right", "at least .90", 0.90, True, _chosen(STOPPED, AWARE, "settled_right")),
    Goal(
        "trials until settled",
        "at most 32 where noise allows .90 there",
        32.0,
        False,
        _to_settle,
        ceiling=_stopped_alone,
    ),
)
"""In the order of the page. Goals without a value on a table have no verdict there."""
