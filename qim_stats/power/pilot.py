"""The noise of a trial: its standard deviation over seeds, from a pilot's replicates or from a guess."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.errors import TrialsError
from qim_stats.factors import RESERVED_COLUMNS, nearest
from qim_stats.power.detectable import check_sd
from qim_stats.trials.table import Table, read_table

Array = npt.NDArray[np.float64]
_EXACT = 1e-12


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a trial at fixed levels, with what is known of it.

    Parameters
    ----------
    sd : float
        In the response's unit.
    df : int or None
        Degrees of freedom; None for a guess.
    low, high : float or None
        Limits of sd; None for a guess.
    confidence : float
        Of the limits.
    trials, groups : int
        How many trials, in how many sets of the same levels, it comes from; 0 for a guess.
    seconds : float or None
        Mean time of a trial, where the pilot tells it.
    alerts : tuple of Alert
        What was noticed.
    """

    sd: float
    df: int | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.95
    trials: int = 0
    groups: int = 0
    seconds: float | None = None
    alerts: tuple[Alert, ...] = ()


def guessed_noise(sd: float) -> Noise:
    """Take the standard deviation on trust.

    Raises
    ------
    QimError
        If it is not a positive number.
    """
    check_sd(sd)
    return Noise(sd)


def pooled_noise(groups: Sequence[npt.ArrayLike], confidence: float = 0.95) -> Noise | str:
    """Pool the standard deviation within groups of replicates.

    Parameters
    ----------
    groups : sequence of array
        The responses of each set of trials at the same levels, seeds differing.
    confidence : float
        Of the limits.

    Returns
    -------
    Noise or str
        The reason, as a clause, when there is nothing to be had: no two replicates, or all agree exactly.

    Notes
    -----
    sd² = sum of squares within / df, df = trials - groups; df sd² / sigma² is chi² with df degrees of freedom for
    normal noise of one variance, which gives the limits.
    """
    from scipy import special

    values = [np.asarray(group, dtype=np.float64) for group in groups if np.size(group)]
    df = sum(len(v) - 1 for v in values)
    if df < 1:
        return "no two trials have the same levels and different seeds"
    sd = math.sqrt(sum(float(((v - v.mean()) ** 2).sum()) for v in values) / df)
    if sd <= _EXACT * max(float(np.abs(v).max()) for v in values):
        return "the replicates agree exactly, which tells nothing about noise"
    tail = (1.0 - confidence) / 2.0
    low, high = (sd * math.sqrt(df / float(special.chdtri(df, t))) for t in (tail, 1.0 - tail))
    return Noise(sd, df, low, high, confidence, sum(map(len, values)), len(values))


def pilot_noise(
    source: str | os.PathLike[str] | pd.DataFrame,
    response: str,
    factors: Sequence[str] = (),
    confidence: float = 0.95,
) -> Noise:
    """Measure the noise of a trial from a table with replicates.

    Parameters
    ----------
    source : path or DataFrame
        A trials table.
    response : str
        The column that was measured.
    factors : sequence of str
        The factors. Trials that agree in all of them that are columns of the table are replicates; where none is, those
        of the same ``run``. Blocks are kept apart.
    confidence : float
        Of the limits.

    Returns
    -------
    Noise
        Trials that are not ``done`` are left out. Trials of the same levels and the same seed are repeats of one number
        and count once, with their mean.

    Raises
    ------
    TrialsError
        If the table cannot be read, tells no levels, or holds no two replicates that differ.
    """
    table = read_table(source)
    frame = table.frame
    if response not in frame.columns:
        columns = [str(c) for c in frame.columns if c not in RESERVED_COLUMNS]
        raise TrialsError(
            f"there is no response column {response!r}", where=table.place(), remedy=nearest(response, columns)
        )
    keys = [name for name in factors if name in frame.columns] or [c for c in ("run",) if c in frame.columns]
    if not keys:
        problem = "neither a factor nor a column 'run' tells which trials have the same levels"
        raise TrialsError(problem, where=table.place(), remedy="add a column run, the same number for the same levels")
    if "block" in frame.columns:
        keys.append("block")
    usable, alerts = _usable(table, response)
    if "seed" in frame.columns:
        # A seed that is not told is one of its own.
        own = usable["seed"].astype(object).where(usable["seed"].notna(), [f"row {row}" for row in usable.index])
        once = usable.assign(seed=own).groupby([*keys, "seed"], dropna=False, sort=False)[response].mean().reset_index()
        repeats = len(usable) - len(once)
        usable = once
        if repeats:
            text = f"{repeats} trials repeat another's levels and seed: repeats, not replicates."
            alerts.append(Alert("repeats_averaged", "info", text))
    groups = [group.to_numpy() for _, group in usable.groupby(keys, dropna=False)[response]]
    noise = pooled_noise(groups, confidence)
    if isinstance(noise, str):
        remedy = "run one configuration a few times with new seeds, or guess with --sd"
        raise TrialsError(noise, where=table.place(column=response), remedy=remedy)
    return replace(noise, seconds=_seconds(table), alerts=tuple(alerts))


def _usable(table: Table, response: str) -> tuple[pd.DataFrame, list[Alert]]:
    """Return the trials that gave a finite response, and how many did not."""
    frame = table.frame
    numbers = pd.to_numeric(frame[response], errors="coerce").astype("float64")
    states = _states(frame)
    text = np.flatnonzero((states & frame[response].notna() & ~np.isfinite(numbers)).to_numpy())
    if len(text):
        found = str(frame[response].iloc[text[0]])[:60]
        raise TrialsError(
            f"the response is {found!r}, not a finite number",
            where=table.place(int(text[0]), response),
            remedy="give a number, leave the cell empty, or mark the trial as failed",
        )
    kept = states & numbers.notna()
    left_out = len(frame) - int(kept.sum())
    told = f"{left_out} of the pilot's {len(frame)} trials gave no {response} and are left out."
    alerts = [Alert("trials_set_aside", "warning", told)] if left_out else []
    return frame.assign(**{response: numbers})[kept], alerts


def _states(frame: pd.DataFrame) -> pd.Series:
    if "state" not in frame.columns:
        return pd.Series(data=True, index=frame.index)
    return frame["state"].astype(object).map(lambda state: str(state).strip().lower() == "done").astype(bool)


def _seconds(table: Table) -> float | None:
    """Return the mean time of a trial that is done, if every one of them tells it."""
    frame = table.frame
    if "seconds" not in frame.columns:
        return None
    seconds = pd.to_numeric(frame.loc[_states(frame), "seconds"], errors="coerce").astype("float64").to_numpy()
    known = bool(len(seconds)) and bool(np.isfinite(seconds).all()) and bool((seconds > 0.0).all())
    return float(seconds.mean()) if known else None
