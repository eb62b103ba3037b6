"""The trials table as an analysis needs it: coded factors, a numeric response, every unusable row accounted for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert, listed
from qim_stats.errors import TrialsError
from qim_stats.factors import RESERVED_COLUMNS, Factor, nearest
from qim_stats.table import Table, read_table
from qim_stats.trial_factors import code_column, distinct_levels, resolve_columns
from qim_stats.trials_metadata import Metadata, read_metadata

Direction = Literal["maximize", "minimize"]
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


@dataclass(frozen=True)
class Trials:
    """A trials table ready for analysis.

    Parameters
    ----------
    frame : DataFrame
        All rows as they were read.
    factors : tuple of Factor
        The k factors.
    dummies : tuple of str
        Spare columns of the design that the table holds.
    response, direction : str
        The response column and whether more (``"maximize"``) or less (``"minimize"``) of it is better.
    usable : ndarray of bool, shape (rows,)
        Which rows have a response; n of them.
    set_aside : tuple of SetAside
        The other rows.
    coded : DataFrame, shape (n, k + dummies)
        -1.0/+1.0 for the usable rows, indexed as ``frame``.
    y : ndarray of float64, shape (n,)
        The response of the usable rows, in its own unit.
    block : str or None
        The block column, when the usable rows lie in several blocks.
    metadata : Metadata or None
        What the maker of the table knew.
    alerts : tuple of Alert
        What was assumed or noticed while reading.
    source : str or None
        The file as the user named it.
    """

    frame: pd.DataFrame
    factors: tuple[Factor, ...]
    dummies: tuple[str, ...]
    response: str
    direction: Direction
    usable: npt.NDArray[np.bool_]
    set_aside: tuple[SetAside, ...]
    coded: pd.DataFrame
    y: npt.NDArray[np.float64]
    block: str | None
    metadata: Metadata | None
    alerts: tuple[Alert, ...]
    source: str | None

    @property
    def n(self) -> int:
        """Number of usable trials."""
        return len(self.y)

    @property
    def factor_names(self) -> list[str]:
        """Names of the factors, in order."""
        return [factor.name for factor in self.factors]

    @property
    def blocks(self) -> list[str] | None:
        """Block label of each usable row; None when there is one block."""
        if self.block is None:
            return None
        return labels(self.frame.loc[self.usable, self.block])


def read_trials(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
) -> Trials:
    """Read a trials table and check that it can be analyzed.

    Parameters
    ----------
    source : path or DataFrame
        One row per trial. Metadata beside a file (``trials.meta.json``) is used where the arguments are silent.
    response, direction : str, optional
        The response column, and ``"maximize"`` or ``"minimize"``: whether more of it is better, never guessed.
    factors : sequence of str or Factor, optional
        By default those of the metadata, else every column with exactly two levels.
    high : mapping of factor name to level, optional
        Which level is the high one.
    block : str, optional
        The block column; by default ``block`` when there is one.

    Returns
    -------
    Trials

    Raises
    ------
    TrialsError
        If the table is malformed, the response is missing, text, infinite or constant, or no row is usable
        (``FactorError`` if a factor is unknown or has not two levels).
    """
    table = read_table(source)
    metadata = None if isinstance(source, pd.DataFrame) else read_metadata(Path(source))
    response = _choose_response(table, response, metadata)
    chosen = _choose_direction(direction, metadata)
    block = _choose_block(table, block, response)
    columns = resolve_columns(table, wanted=factors, metadata=metadata, high=high or {}, taken=(response, block))
    y, set_aside = _split_rows(table, response)
    rows = np.flatnonzero(~np.isnan(y))
    _check_response(table, response, y, set_aside)
    coded = pd.DataFrame({f.name: code_column(table, f, rows) for f in columns.factors}, index=rows)
    spare = _spare_columns(table.frame.loc[rows, list(columns.dummies)])
    return Trials(
        frame=table.frame,
        factors=columns.factors,
        dummies=tuple(spare.columns),
        response=response,
        direction=chosen,
        usable=~np.isnan(y),
        set_aside=set_aside,
        coded=pd.concat([coded, spare], axis=1),
        y=y[rows],
        block=_used_block(table, block, rows),
        metadata=metadata,
        alerts=(*columns.alerts, *_row_alerts(table.frame, rows, set_aside)),
        source=table.source,
    )


def labels(column: pd.Series) -> list[str]:
    """Spell the values of a column as text, whole numbers without a decimal point."""
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in column.tolist()]


def words(column: pd.Series) -> pd.Series:
    """Return a column's texts without the blanks around them; empty where there is none."""
    # A column without any text is read as numbers that are missing, which pandas fills with numbers only.
    return column.astype(object).fillna("").astype(str).str.strip()


def _choose_response(table: Table, response: str | None, metadata: Metadata | None) -> str:
    columns = [str(c) for c in table.frame.columns]
    chosen = response if response is not None else (metadata.response if metadata else None)
    if chosen is None:
        free = [c for c in columns if c not in RESERVED_COLUMNS]
        raise TrialsError(
            "no response is named", where=table.place(), remedy="say --response, one of " + ", ".join(free)
        )
    if chosen not in columns:
        raise TrialsError(
            f"there is no response column {chosen!r}", where=table.place(), remedy=nearest(chosen, columns)
        )
    return chosen


def _choose_direction(direction: str | None, metadata: Metadata | None) -> Direction:
    chosen = direction if direction is not None else (metadata.direction if metadata else None)
    if chosen == "maximize":
        return "maximize"
    if chosen == "minimize":
        return "minimize"
    problem = "no direction is given" if chosen is None else f"{chosen!r} is not a direction"
    raise TrialsError(problem, where="--direction", remedy="say --direction maximize or --direction minimize")


def _choose_block(table: Table, block: str | None, response: str) -> str | None:
    if block == response:
        raise TrialsError(f"{block!r} is the response", where="--block", remedy="name the column of the blocks")
    if block is None:
        return "block" if "block" in table.frame.columns else None
    if block not in table.frame.columns:
        raise TrialsError(
            f"there is no column {block!r}",
            where="--block",
            remedy=nearest(block, [str(c) for c in table.frame.columns]),
        )
    return block


def _spare_columns(columns: pd.DataFrame) -> pd.DataFrame:
    """Keep the dummy columns that hold -1 and +1 in every usable row."""
    whole = [c for c in columns if distinct_levels(columns[c]) == [-1, 1] and not columns[c].isna().any()]
    return columns[whole].astype("float64")


def _used_block(table: Table, block: str | None, rows: npt.NDArray[np.intp]) -> str | None:
    if block is None:
        return None
    column = table.frame[block].iloc[rows]
    if column.nunique() < 2:
        return None
    if column.isna().any():
        row = int(rows[int(np.argmax(column.isna().to_numpy()))])
        raise TrialsError("the block is missing", where=table.place(row, block), remedy="fill it in")
    return block


def _split_rows(table: Table, response: str) -> tuple[npt.NDArray[np.float64], tuple[SetAside, ...]]:
    """Return the response of every row, NaN where it cannot be used, and the list of those rows."""
    frame = table.frame
    column = frame[response]
    missing = column.isna().to_numpy() | column.map(lambda v: str(v).strip().lower() in _MISSING_WORDS).to_numpy(bool)
    states = words(frame["state"]).tolist() if "state" in frame else ["done"] * len(frame)
    done = np.array([state.lower() == "done" for state in states])
    numbers = _numbers(table, response, column, done & ~missing)
    runs = labels(frame["run"]) if "run" in frame else [str(row + 1) for row in range(len(frame))]
    reasons = words(frame["reason"]).tolist() if "reason" in frame else [""] * len(frame)
    aside = [
        SetAside(
            int(row) + 1,
            runs[row],
            states[row] or "unknown",
            reasons[row] or (f"no {response}" if done[row] else f"state is {states[row] or 'missing'}"),
        )
        for row in np.flatnonzero(~done | missing)
    ]
    return numbers, tuple(aside)


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


def _check_response(table: Table, response: str, y: npt.NDArray[np.float64], set_aside: tuple[SetAside, ...]) -> None:
    kept = y[~np.isnan(y)]
    place = table.place(column=response)
    if not len(kept):
        states = sorted({s.state if s.state.lower() != "done" else f"done, {s.reason}" for s in set_aside})
        raise TrialsError(
            f"none of the {len(y)} trials is usable ({listed(states)})", where=place, remedy="run the trials first"
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


def _row_alerts(frame: pd.DataFrame, rows: npt.NDArray[np.intp], set_aside: tuple[SetAside, ...]) -> list[Alert]:
    alerts = []
    if set_aside:
        told = listed([f"run {s.run} ({s.state}: {s.reason})" for s in set_aside], limit=16)
        text = f"{len(set_aside)} of {len(frame)} trials gave no response and are set aside: {told}."
        alerts.append(Alert("trials_set_aside", "warning", text))
    if "reason" in frame:
        reasons = words(frame["reason"].iloc[rows]).str.lower()
        count = int((reasons == AT_CHANCE).sum())
        if count:
            text = f"{count} of the {len(rows)} usable trials finished at chance level; they count as data."
            alerts.append(Alert("at_chance", "info", text))
    return alerts
