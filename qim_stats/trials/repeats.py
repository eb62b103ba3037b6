"""Repeats of one trial, which are not replicates: found, so that they can be averaged.

A replicate is a whole new trial with a new seed and tells of noise. Running the same thing again, or copying its row,
does not: such rows share what decides a trial, and count as one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.factors import RESERVED_COLUMNS
from qim_stats.trials.columns import distinct_levels
from qim_stats.trials.states import words

_FEW_LEVELS = 6


def find_repeats(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.intp],
    outcome: pd.Series,
    *,
    settings: list[str],
    response: str,
    block: str | None,
) -> npt.NDArray[np.intp]:
    """Tell which rows are the same trial again.

    Parameters
    ----------
    frame : DataFrame
        The trials table, index 0..n-1.
    rows : ndarray of int, shape (m,)
        The rows to compare, as positions.
    outcome : Series, length m
        What came of each, indexed by ``rows``: a response or a state.
    settings : list of str
        Columns known to be settings; columns with few levels are taken for settings too.
    response : str
        The response column, which is none.
    block : str or None
        The block column.

    Returns
    -------
    ndarray of int, shape (m,)
        For each of ``rows`` the first row that is the same trial, most often itself.

    Notes
    -----
    Two rows are repeats if all settings and the block agree and, further, either the seed (given in both) and the
    replicate number do, or neither has a seed and both have the same run and replicate number. Rows of one seed whose
    outcomes are all equal are copies, and repeats whatever their replicate number. Without columns ``run``,
    ``replicate`` and ``seed`` no row is a repeat.
    """
    first = rows.copy()
    if (
        "seed" in frame
        and frame["seed"].dtype.kind in "iuf"
        and frame["seed"].is_unique
        and frame["seed"].notna().all()
    ):
        return first  # as most tables are: no need to look closer
    identity = pd.DataFrame({c: _identity(frame, rows, c) for c in ("seed", "replicate", "run")}, index=rows)
    known = identity["seed"] != ""
    identity["run"] = identity["run"].where(~known, "")
    numbered = (identity["run"] != "") & (identity["replicate"] != "")
    twice = (known & identity.duplicated(["seed"], keep=False)) | (numbered & identity.duplicated(keep=False))
    if not twice.any():
        return first
    again = rows[twice.to_numpy()]
    same = frame.loc[again, _settings(frame, settings, response, block)]
    if block is not None:
        same["\0block"] = frame.loc[again, block]
    same["\0seed"], same["\0run"] = identity["seed"], identity["run"]
    group = _number(same)
    copies = known[again] & (outcome[again].groupby(group).transform("nunique") == 1)
    group = _number(pd.DataFrame({"group": group, "replicate": identity.loc[again, "replicate"].where(~copies, "")}))
    first[twice.to_numpy()] = pd.Series(again, index=again).groupby(group).transform("min").to_numpy()
    return first


def _identity(frame: pd.DataFrame, rows: npt.NDArray[np.intp], column: str) -> pd.Series:
    """Return the cells of a reserved column, empty where it says nothing."""
    if column not in frame:
        return pd.Series("", index=rows, dtype=object)
    cells = frame.loc[rows, column]
    return cells.astype(object).where(cells.notna(), "") if cells.dtype.kind in "iuf" else words(cells)


def _settings(frame: pd.DataFrame, known: list[str], response: str, block: str | None) -> list[str]:
    """Return the columns that may hold settings: those known, all texts, and numbers with few, recurring levels."""
    others = {*RESERVED_COLUMNS, response, block, *known}
    limit = max(2, min(_FEW_LEVELS, len(frame) // 2))
    found = [
        str(c)
        for c in frame.columns
        if c not in others
        and (not pd.api.types.is_numeric_dtype(frame[c].dtype) or len(distinct_levels(frame[c])) <= limit)
    ]
    return [*known, *found]


def _number(columns: pd.DataFrame) -> pd.Series:
    return columns.groupby(list(columns.columns), sort=False, dropna=False).ngroup()
