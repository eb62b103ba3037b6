"""Levels of the trials that gave no response: coded where they can be read, and told when a whole level is lost."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.errors import TrialsError
from qim_stats.factors import Factor, same_level
from qim_stats.trials.columns import distinct_levels
from qim_stats.trials.states import FAILED_STATES, states
from qim_stats.trials.table import Table


def code_all_rows(frame: pd.DataFrame, factors: tuple[Factor, ...], coded: pd.DataFrame) -> pd.DataFrame:
    """Code every row whose levels can be read.

    Parameters
    ----------
    frame : DataFrame
        The trials table, index 0..n-1.
    factors : tuple of Factor
        The k factors.
    coded : DataFrame, shape (n, k + dummies)
        The coded rows that have a response, indexed as ``frame``; spare columns of -1/+1 may follow the factors.

    Returns
    -------
    DataFrame, shape (r, k + dummies)
        Those rows and the others that can be coded in the same way, in the order of ``frame``.
    """
    others = frame.index.difference(coded.index)
    if not len(others):
        return coded
    known = {factor.name: factor for factor in factors}
    columns = {}
    for name in coded.columns:
        codes = dict(zip(frame.loc[coded.index, name].tolist(), coded[name].tolist(), strict=True))
        factor = known.get(str(name))
        columns[name] = [codes.get(v, _side(v, factor)) for v in frame.loc[others, name].tolist()]
    readable = pd.DataFrame(columns, index=others, dtype="float64").dropna()
    return pd.concat([coded, readable]).sort_index()


def check_lost_level(table: Table, factor: Factor, rows: npt.NDArray[np.intp]) -> None:
    """Refuse a table in which every trial at one level of a factor failed.

    Parameters
    ----------
    table : Table
        The trials.
    factor : Factor
        The factor.
    rows : ndarray of int, shape (n,)
        The rows that have a response, as positions.

    Raises
    ------
    TrialsError
        Naming the level, how its trials failed, and which way to move it.
    """
    column = table.frame[factor.name]
    kept = distinct_levels(column.iloc[rows])
    if len(kept) != 1:
        return
    outcome = pd.Series(states(table.frame))
    failed = column.notna() & outcome.isin(FAILED_STATES) & ~column.map(lambda v: same_level(v, kept[0]))
    if not failed.any():
        return
    lost = listed([str(level) for level in distinct_levels(column[failed])])
    told = listed([f"{count} {state}" for state, count in sorted(Counter(outcome[failed]).items())])
    remedy = f"bring the level nearer to {kept[0]}" if factor.is_numeric else "choose another level"
    raise TrialsError(
        f"cannot rank: all {int(failed.sum())} trials with {factor.name} = {lost} failed ({told}), which leaves the "
        f"level {kept[0]} alone",
        where=table.place(column=factor.name),
        remedy=f"{remedy} and run these trials again, or leave the factor out",
    )


def _side(value: object, factor: Factor | None) -> float:
    if factor is None:
        return float("nan")
    if same_level(value, factor.low):
        return -1.0
    return 1.0 if same_level(value, factor.high) else float("nan")
