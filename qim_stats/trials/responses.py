"""What came of each trial: its response, or why it has none; what is refused as a response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert, listed
from qim_stats.errors import TrialsError
from qim_stats.trials.states import DIVERGED, DONE, FAILED_STATES, labels, states, words
from qim_stats.trials.table import Table

_MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none"})
AT_CHANCE = "at chance"
_SPREADS = (1e-140, 1e140)  # squares and sums of squares stay within double precision


@dataclass(frozen=True, slots=True)
class SetAside:
    """A trial that gives no response: its row (from 1), the run it belongs to, its state, and why it cannot be used."""

    row: int
    run: str
    state: str
    reason: str


def split_rows(
    table: Table, response: str, diverged_as: float | None
) -> tuple[npt.NDArray[np.float64], tuple[SetAside, ...], npt.NDArray[np.bool_]]:
    """Read the response column.

    Parameters
    ----------
    table : Table
        The trials.
    response : str
        The column.
    diverged_as : float or None
        The response to give to diverged trials.

    Returns
    -------
    y : ndarray of float64, shape (rows,)
        The response; NaN where there is none.
    set_aside : tuple of SetAside
        The rows without.
    scored : ndarray of bool, shape (rows,)
        The rows that have the response ``diverged_as``.

    Raises
    ------
    TrialsError
        If a response is text or not finite, ``diverged_as`` included.
    """
    if diverged_as is not None and not np.isfinite(diverged_as):
        raise TrialsError(
            f"{diverged_as!r} is not a finite number", where="--diverged-as", remedy="give chance level, such as 0.1"
        )
    frame = table.frame
    column = frame[response]
    missing = column.isna().to_numpy() | column.map(lambda v: str(v).strip().lower() in _MISSING_WORDS).to_numpy(bool)
    known = np.array(states(frame))
    done = known == DONE
    y = _numbers(table, response, column, done & ~missing)
    scored = (known == DIVERGED) & (diverged_as is not None)
    y[scored] = diverged_as
    return y, _set_aside(frame, response, np.flatnonzero(np.isnan(y)), done), scored


def _set_aside(
    frame: pd.DataFrame, response: str, rows: npt.NDArray[np.intp], done: npt.NDArray[np.bool_]
) -> tuple[SetAside, ...]:
    spelled = words(frame["state"]).tolist() if "state" in frame else [DONE] * len(frame)
    runs = labels(frame["run"]) if "run" in frame else [str(row + 1) for row in range(len(frame))]
    reasons = words(frame["reason"]).tolist() if "reason" in frame else [""] * len(frame)
    return tuple(
        SetAside(
            int(row) + 1,
            runs[row],
            spelled[row] or "unknown",
            reasons[row] or (f"no {response}" if done[row] else f"state is {spelled[row] or 'missing'}"),
        )
        for row in rows
    )


def _numbers(table: Table, response: str, column: pd.Series, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    numbers = np.full(len(column), np.nan)
    kept = column[wanted]
    if pd.api.types.is_bool_dtype(column.dtype):
        values = pd.Series(np.nan, index=kept.index)
    else:
        values = pd.to_numeric(kept, errors="coerce").astype("float64")
    finite = np.isfinite(values.to_numpy())
    if not finite.all():
        row = int(kept.index[int(np.argmax(~finite))])
        found = str(column.iloc[row])
        what = "not finite" if np.isinf(values.loc[row]) else "text, not a number"
        raise TrialsError(
            f"the response is {found[:60]!r}, which is {what}",
            where=table.place(row, response),
            remedy="give a number, leave the cell empty, or mark the trial as failed",
        )
    numbers[wanted] = values.to_numpy()
    return numbers


def check_response(table: Table, response: str, y: npt.NDArray[np.float64], set_aside: tuple[SetAside, ...]) -> None:
    """Refuse a response that cannot be analyzed.

    Parameters
    ----------
    table, response
        As of ``split_rows``.
    y : ndarray of float64
        Responses, NaN where there is none.
    set_aside : tuple of SetAside
        The rows without.

    Raises
    ------
    TrialsError
        If there are fewer than two, they are all equal, or their squares leave double precision.
    """
    kept = y[~np.isnan(y)]
    place = table.place(column=response)
    if not len(kept):
        states = sorted({s.state if s.state.lower() != "done" else f"done, {s.reason}" for s in set_aside})
        failed = set(states) <= set(FAILED_STATES)
        raise TrialsError(
            f"none of the {len(y)} trials is usable ({listed(states)})",
            where=place,
            remedy="choose milder levels, and run them again" if failed else "run the trials first",
        )
    if len(kept) == 1:
        raise TrialsError("only one trial is usable", where=place, remedy="run more trials first")
    with np.errstate(over="ignore"):
        spread = float(np.ptp(kept))
    if spread == 0.0:
        raise TrialsError(
            f"the response is constant ({kept[0]:g} in all {len(kept)} usable trials)",
            where=place,
            remedy="choose another response, or ranges in which it varies",
        )
    if not _SPREADS[0] <= spread <= _SPREADS[1]:
        raise TrialsError(
            f"the response spans {spread:g}, whose square a computer's numbers cannot hold",
            where=place,
            remedy="give it in another unit",
        )


def row_alerts(frame: pd.DataFrame, rows: npt.NDArray[np.intp], set_aside: tuple[SetAside, ...]) -> list[Alert]:
    """Tell which rows were set aside, and how many usable trials finished at chance level.

    Parameters
    ----------
    frame : DataFrame
        The trials table.
    rows : ndarray of int, shape (n,)
        The usable rows, as positions.
    set_aside : tuple of SetAside
        The rows without a response.

    Returns
    -------
    list of Alert
        ``trials_set_aside`` and ``at_chance``, as far as they apply.
    """
    alerts = []
    if set_aside:
        told = listed([f"run {s.run} ({s.state}: {s.reason})" for s in set_aside], limit=16)
        text = f"{len(set_aside)} of {len(frame)} trials gave no response and are set aside: {told}."
        alerts.append(Alert("trials_set_aside", "warning", text))
    if count := int(finished_at_chance(frame).iloc[rows].sum()):
        text = f"{count} of the {len(rows)} usable trials finished at chance level; they count as data."
        alerts.append(Alert("at_chance", "info", text))
    return alerts


def finished_at_chance(frame: pd.DataFrame) -> pd.Series:
    """Return which rows say, as their ``reason``, that the trial finished at chance level.

    Parameters
    ----------
    frame : DataFrame
        The trials table.
    """
    if "reason" not in frame:
        return pd.Series(data=False, index=frame.index)
    return words(frame["reason"]).str.lower() == AT_CHANCE
