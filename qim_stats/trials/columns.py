"""Which columns of a trials table are factors and which are dummies, with which low and high, and their coding.

Levels come from the metadata when there is any, else from the column itself: the smaller number is low; for texts the
``high`` option decides, or else the alphabet, and an alert says so. Numeric factors may also be at the level in the
middle, coded 0: `centre_levels` says when.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert, listed
from qim_stats.errors import FactorError, TrialsError
from qim_stats.factors import RESERVED_COLUMNS, Factor, Level, check_factors, is_number, nearest, same_level
from qim_stats.trials.centre_levels import centred_factors, strays
from qim_stats.trials.metadata import Metadata
from qim_stats.trials.table import Table

_DUMMY = re.compile(r"e[1-9][0-9]*")


@dataclass(frozen=True)
class Columns:
    """The factors and dummy columns of a table, and what was assumed to find them."""

    factors: tuple[Factor, ...]
    dummies: tuple[str, ...]
    alerts: tuple[Alert, ...]


def resolve_columns(
    table: Table,
    *,
    wanted: Sequence[str | Factor] | None,
    metadata: Metadata | None,
    high: Mapping[str, object],
    taken: tuple[str, str | None],
    other_columns: Sequence[str] = (),
) -> Columns:
    """Find the factors and dummy columns of a table.

    Parameters
    ----------
    table : Table
        The trials.
    wanted : sequence of str or Factor, optional
        The factors asked for; without it those of the metadata, and without that every column of two levels, or of
        three that are low, middle and high.
    metadata : Metadata, optional
        What the table's maker knew.
    high : mapping of factor name to level
        Which level is the high one, for columns without metadata.
    taken : (str, str or None)
        The response and the block column, which are not factors.
    other_columns : sequence of str
        Columns that are not taken as factors without being named.

    Returns
    -------
    Columns
        Factors in the order asked for, or of the table.

    Raises
    ------
    FactorError, TrialsError
        If a factor is unknown, reserved, the response, or has not two levels.
    """
    frame, alerts = table.frame, list[Alert]()
    known = {f.name: f for f in metadata.factors} if metadata else {}
    if wanted is None and known:
        wanted = list(known.values())
    dummies = _dummies(frame, metadata, wanted)
    others = {*RESERVED_COLUMNS, *taken, *dummies, *(other_columns if wanted is None else ())}
    centred: dict[str, Factor] = {}
    if wanted is None:
        centred = _centred(frame, [str(c) for c in frame.columns if c not in others])
        wanted = [
            str(c) for c in frame.columns if c not in others and (c in centred or len(distinct_levels(frame[c])) == 2)
        ]
        alerts += _inference_alerts(wanted, dummies, list(centred))
        alerts += _left_out_alerts({str(c): frame[c] for c in frame.columns if c not in {*others, *centred}})
    elif not known:
        named = [entry for entry in wanted if isinstance(entry, str)]
        centred = _centred(frame, [name for name in named if name in frame.columns and name not in others])
    if not wanted:
        problem = "no column has exactly two levels, so there is no factor to study"
        if dummies:
            problem += f" ({listed(list(dummies))} are taken as spare columns of the design)"
        raise TrialsError(problem, where=table.place(), remedy="name the factors with --factors")
    factors = []
    for entry in wanted:
        name = entry.name if isinstance(entry, Factor) else entry
        _check_usable_name(table, name, *taken)
        factor = entry if isinstance(entry, Factor) else known.get(name, centred.get(name))
        if factor is None or name in high:
            factor, assumed = _infer_factor(table, name, high.get(name))
            alerts += assumed
        factors.append(factor)
    names = [factor.name for factor in check_factors(factors)]
    for name in high:
        if name not in names:
            raise FactorError(f"unknown factor {name!r}", where="--high", remedy=nearest(name, names))
    _refuse_strays(table, factors)
    return Columns(tuple(factors), tuple(d for d in dummies if d not in names), tuple(alerts))


def distinct_levels(column: pd.Series) -> list[Level]:
    """Return the different levels of a column, sorted; numbers that differ only in spelling are one level."""
    values = column.dropna().unique()
    if pd.api.types.is_bool_dtype(column.dtype) or all(isinstance(v, (bool, np.bool_)) for v in values):
        return sorted({bool(v) for v in values})
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return sorted({str(v) for v in values})
    numbers: list[float] = []
    for number in sorted(float(v) for v in values):
        if not numbers or not math.isclose(number, numbers[-1], rel_tol=1e-9, abs_tol=0.0):
            numbers.append(number)
    return [int(v) if v.is_integer() and abs(v) < 2**53 else v for v in numbers]


def code_column(table: Table, factor: Factor, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Code a factor's column as -1 and +1, and the middle of a numeric factor as 0.

    Parameters
    ----------
    table : Table
        The trials.
    factor : Factor
        The factor, named as its column; its natural levels or -1/+1 (0 in the middle) may stand there.
    rows : ndarray of int, shape (n,)
        The rows to code, as positions.

    Returns
    -------
    ndarray of float64, shape (n,)
        -1.0 for low, +1.0 for high and 0.0 for the middle.

    Raises
    ------
    TrialsError
        If a level is missing, is none of these, or only one of low and high occurs.
    """
    column = table.frame[factor.name].iloc[rows]
    codes, sides = _sides(column, factor)
    if (codes < 0).any():
        row = int(rows[int(np.argmax(codes < 0))])
        raise TrialsError(
            "the level is missing",
            where=table.place(row, factor.name),
            remedy="fill it in, or mark the trial as failed",
        )
    if np.isnan(sides).any():
        _refuse_level(table, factor, rows[int(np.argmax(np.isin(codes, np.flatnonzero(np.isnan(sides)))))])
    if len({*sides.tolist()} - {0.0}) < 2:
        raise TrialsError(
            f"factor {factor.name!r} has only the level {column.iloc[0]!s} in the usable trials",
            where=table.place(column=factor.name),
            remedy="leave it out of --factors, or add trials at its other level",
        )
    return sides[codes]


def _sides(column: pd.Series, factor: Factor) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return which of a column's different levels each row has (-1 for none), and the code of each (NaN for none)."""
    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    sides = [factor.side(value) for value in uniques]
    if None in sides:
        coded = Factor(factor.name, -1, 1)
        written = [coded.side(value) for value in uniques]
        if None not in written and (factor.is_numeric or 0.0 not in written):
            sides = written
    return codes, np.array([np.nan if side is None else side for side in sides], dtype=np.float64)


def _centred(frame: pd.DataFrame, names: Sequence[str]) -> dict[str, Factor]:
    """Find the factors with a centre level among the columns of these names."""
    levels = {name: distinct_levels(frame[name]) for name in names}
    return {factor.name: factor for factor in centred_factors(levels, {name: frame[name] for name in names})}


def _refuse_strays(table: Table, factors: Sequence[Factor]) -> None:
    """Refuse a level in the middle that no design has put there."""
    numeric = [factor for factor in factors if factor.is_numeric]
    if not numeric:
        return
    middle = np.zeros((len(table.frame), len(numeric)), dtype=np.bool_)
    for column, factor in enumerate(numeric):
        codes, sides = _sides(table.frame[factor.name], factor)
        if (sides == 0.0).any():
            middle[:, column] = (codes >= 0) & (sides[codes] == 0.0)
    rows = strays(middle)
    if len(rows):
        _refuse_level(table, numeric[int(np.argmax(middle[rows[0]]))], rows[0])


def _refuse_level(table: Table, factor: Factor, row: np.intp) -> None:
    levels = distinct_levels(table.frame[factor.name])
    told = ", ".join(repr(v) for v in levels[:6]) + (", ..." if len(levels) > 6 else "")
    found = table.frame[factor.name].iloc[row]
    raise TrialsError(
        f"the level {found!s} of factor {factor.name!r} is neither its low {factor.low!r} nor its high {factor.high!r} "
        f"(levels in the column: {told})",
        where=table.place(int(row), factor.name),
        remedy="correct the row, or the factor's levels",
    )


def _dummies(frame: pd.DataFrame, metadata: Metadata | None, wanted: Sequence[str | Factor] | None) -> tuple[str, ...]:
    if metadata is not None and (metadata.factors or metadata.dummies):
        return tuple(name for name in metadata.dummies if name in frame.columns)
    if wanted is not None:
        return ()
    return tuple(
        str(c) for c in frame.columns if _DUMMY.fullmatch(str(c)) and distinct_levels(frame[c]) in ([-1, 1], [-1, 0, 1])
    )


def _inference_alerts(factors: Sequence[str | Factor], dummies: Sequence[str], centred: Sequence[str]) -> list[Alert]:
    names = [repr(str(f)) for f in factors]
    alerts = []
    if centred:
        text = (
            f"Columns with a level halfway between low and high were taken as factors with center points or three "
            f"levels: {listed([repr(name) for name in centred])}."
        )
        alerts.append(Alert("centres_inferred", "info", text))
        names = [repr(str(f)) for f in factors if str(f) not in centred]
    if names:
        those = "the column with exactly two levels was"
        if len(names) > 1:
            those = f"the {len(names)} columns with exactly two levels were"
        text = f"No factors were named, so {those} taken: {listed(names)}."
        alerts.append(Alert("factors_inferred", "info", text))
    if dummies:
        text = f"Columns taken as spare (dummy) columns of the design: {listed([repr(d) for d in dummies])}."
        alerts.append(Alert("dummies_inferred", "info", text))
    return alerts


def _left_out_alerts(columns: Mapping[str, pd.Series]) -> list[Alert]:
    """Name the columns that look like factors but for a third level, which a misspelled level makes."""
    told = []
    for name, column in columns.items():
        levels = distinct_levels(column)
        # Each level recurs on average, and there are few: other responses and notes seldom look like that.
        if 2 < len(levels) <= min(6, len(column) // 2):
            told.append(f"{name!r} ({', '.join(repr(level) for level in levels)})")
    if not told:
        return []
    text = f"Left out, as they have more than two levels: {listed(told)}. Correct the levels if these are factors."
    return [Alert("columns_left_out", "warning", text)]


def _check_usable_name(table: Table, name: str, response: str, block: str | None) -> None:
    columns = [str(c) for c in table.frame.columns]
    if name not in columns:
        raise FactorError(f"unknown factor {name!r}", where=table.place(), remedy=nearest(name, columns))
    if name == response:
        raise FactorError(
            f"{name!r} is the response and cannot be a factor too", where=table.place(), remedy="leave it out"
        )
    if name in RESERVED_COLUMNS or name == block:
        raise FactorError(
            f"the column {name!r} is reserved and cannot be a factor", where=table.place(), remedy="rename the column"
        )


def _infer_factor(table: Table, name: str, high: object | None) -> tuple[Factor, list[Alert]]:
    levels = distinct_levels(table.frame[name])
    if len(levels) != 2:
        told = ", ".join(repr(v) for v in levels[:6]) + (", ..." if len(levels) > 6 else "")
        count = (
            f"{len(levels)} levels ({told})" if len(levels) > 1 else f"only the level {told}" if levels else "no level"
        )
        raise FactorError(
            f"factor {name!r} has {count} where two are needed",
            where=table.place(column=name),
            remedy="keep the trials at two of them" if len(levels) > 2 else "leave it out of --factors",
        )
    low, upper = levels
    if high is not None:
        if not any(same_level(high, level) for level in levels):
            raise FactorError(
                f"{high!s} is not a level of factor {name!r}",
                where="--high",
                remedy=f"its levels are {levels[0]!r} and {levels[1]!r}",
            )
        if same_level(high, low):
            low, upper = upper, low
        return Factor(name, low, upper), []
    if is_number(low) or isinstance(low, bool):
        return Factor(name, low, upper), []
    text = (
        f"Factor {name!r} has text levels and nothing says which is high: low = {low!r} and high = {upper!r} by the "
        f"alphabet. Say --high {name}={upper} (or the other) to settle it."
    )
    return Factor(name, low, upper), [Alert("levels_alphabetical", "warning", text)]
