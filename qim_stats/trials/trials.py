"""The trials table as an analysis needs it: coded factors, a numeric response, every unusable row accounted for."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.errors import TrialsError
from qim_stats.factors import RESERVED_COLUMNS, Factor, nearest
from qim_stats.trials.columns import Columns, code_column, distinct_levels, resolve_columns
from qim_stats.trials.lost_levels import check_lost_level, code_all_rows
from qim_stats.trials.metadata import Metadata, read_metadata
from qim_stats.trials.repeats import find_repeats
from qim_stats.trials.responses import SetAside, check_response, finished_at_chance, row_alerts, split_rows
from qim_stats.trials.states import labels, states, words
from qim_stats.trials.table import Table, read_table

Direction = Literal["maximize", "minimize"]

__all__ = ["Direction", "SetAside", "Trials", "finished_at_chance", "labels", "read_trials", "words"]


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
        Which rows stand for a trial that has a response; n of them, the first of each set of repeats.
    set_aside : tuple of SetAside
        The rows that give no response.
    coded : DataFrame, shape (n, k + dummies)
        -1.0/+1.0 for the usable rows, indexed as ``frame``.
    y : ndarray of float64, shape (n,)
        The response of the usable rows, in its own unit; the mean over the repeats of a trial.
    block : str or None
        The block column, when the usable rows lie in several blocks.
    metadata : Metadata or None
        What the maker of the table knew.
    alerts : tuple of Alert
        What was assumed or noticed while reading.
    source : str or None
        The file as the user named it.
    all_coded : DataFrame, shape (r, k + dummies)
        As ``coded``, for every row whose levels can be read, those without a response included.
    trial_of : ndarray of int, shape (rows,)
        For each row the position of the row that stands for its trial: another one where it is a repeat.
    scored : ndarray of bool, shape (rows,)
        Which rows are diverged trials that count with the response given as ``diverged_as``.
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
    all_coded: pd.DataFrame
    trial_of: npt.NDArray[np.intp]
    scored: npt.NDArray[np.bool_]

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

    @property
    def used(self) -> pd.DataFrame:
        """The usable rows of ``frame``, with numbers that are neither settings nor reserved averaged over repeats."""
        rows = self.frame.loc[self.usable].copy()
        members = np.isin(self.trial_of, rows.index) & ~self.lost
        if int(members.sum()) == len(rows):
            return rows
        fixed = {*RESERVED_COLUMNS, *self.factor_names, *self.dummies, self.block}
        groups = self.trial_of[members]
        for name in [c for c in self.frame.columns if c not in fixed and self.frame[c].dtype.kind in "iuf"]:
            means = self.frame.loc[members, name].groupby(groups).mean()
            rows[name] = means.reindex(rows.index)
        return rows

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """Which rows were set aside, shape (rows,)."""
        lost = np.zeros(len(self.frame), dtype=np.bool_)
        lost[[s.row - 1 for s in self.set_aside]] = True
        return lost


def read_trials(
    source: str | os.PathLike[str] | pd.DataFrame,
    *,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    other_columns: Sequence[str] = (),
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
    diverged_as : float, optional
        Score diverged trials with this response, such as chance level. By default they have none: a response that
        nobody measured is an assumption, so it must be asked for.
    other_columns : sequence of str
        Columns with a use of their own (weights, other responses), which are no factors unless they are named as such.

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
    columns = resolve_columns(
        table, wanted=factors, metadata=metadata, high=high or {}, taken=(response, block), other_columns=other_columns
    )
    y, set_aside, scored = split_rows(table, response, diverged_as)
    measured = np.flatnonzero(~np.isnan(y))
    check_response(table, response, y, set_aside)
    coded = _code(table, columns, measured)
    studied = (*columns.factors, *(metadata.factors if metadata else ()))
    found = [*(f.name for f in studied), *columns.dummies]
    trial_of = _trials_of(table, y, response, block, settings=found)
    rows = np.flatnonzero(~np.isnan(y) & (trial_of == np.arange(len(y))))
    means = _average(y, trial_of)[rows]
    check_response(table, response, means, set_aside)
    return Trials(
        frame=table.frame,
        factors=columns.factors,
        dummies=tuple(c for c in coded.columns if c in columns.dummies),
        response=response,
        direction=chosen,
        usable=np.isin(np.arange(len(y)), rows),
        set_aside=set_aside,
        coded=coded.loc[rows],
        y=means,
        block=_used_block(table, block, rows),
        metadata=metadata,
        alerts=(
            *columns.alerts,
            *row_alerts(table.frame, rows, set_aside),
            *_trial_alerts(trial_of, y, scored, diverged_as),
        ),
        source=table.source,
        all_coded=code_all_rows(table.frame, columns.factors, coded),
        trial_of=trial_of,
        scored=scored,
    )


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
    """Keep the dummy columns that hold -1 and +1, or 0 at centre levels, in every usable row."""
    known = ([-1, 1], [-1, 0, 1])
    whole = [c for c in columns if distinct_levels(columns[c]) in known and not columns[c].isna().any()]
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


def _code(table: Table, columns: Columns, rows: npt.NDArray[np.intp]) -> pd.DataFrame:
    coded = {}
    for factor in columns.factors:
        check_lost_level(table, factor, rows)
        coded[factor.name] = code_column(table, factor, rows)
    spare = _spare_columns(table.frame.loc[rows, list(columns.dummies)])
    return pd.concat([pd.DataFrame(coded, index=rows), spare], axis=1)


def _trials_of(
    table: Table, y: npt.NDArray[np.float64], response: str, block: str | None, *, settings: list[str]
) -> npt.NDArray[np.intp]:
    """Return for each row the row that stands for its trial; a failure is not a repeat of a response."""
    trial_of = np.arange(len(y))
    known = sorted({name for name in settings if name in table.frame})
    spelled = pd.Series(states(table.frame))
    for rows, outcome in (
        (np.flatnonzero(~np.isnan(y)), pd.Series(y)),
        (np.flatnonzero(np.isnan(y)), spelled),
    ):
        trial_of[rows] = find_repeats(table.frame, rows, outcome[rows], settings=known, response=response, block=block)
    return trial_of


def _average(y: npt.NDArray[np.float64], trial_of: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Average over the rows of each trial, the same to the last bit in any order of the rows."""
    means = y.copy()
    order = np.argsort(trial_of, kind="stable")
    firsts, starts, counts = np.unique(trial_of[order], return_index=True, return_counts=True)
    for first, start, count in zip(firsts[counts > 1], starts[counts > 1], counts[counts > 1], strict=True):
        means[first] = math.fsum(y[order[start : start + count]]) / count
    return means


def _trial_alerts(
    trial_of: npt.NDArray[np.intp], y: npt.NDArray[np.float64], scored: npt.NDArray[np.bool_], diverged_as: float | None
) -> list[Alert]:
    alerts = []
    rows = trial_of[~np.isnan(y)]
    sizes = np.unique(rows, return_counts=True)[1]
    repeated = sizes[sizes > 1]
    if len(repeated):
        text = (
            f"{repeated.sum()} rows are repeats of {_count(len(repeated))} (same settings and seed, or same run and "
            "replicate number) and are averaged into one each: a repeat tells nothing of the noise between trials."
        )
        alerts.append(Alert("repeats_averaged", "warning", text))
    if scored.any():
        text = (
            f"The response is set to {diverged_as:g} for {_count(int(scored.sum()))} that diverged, as was asked for. "
            "Nobody measured it, and effects, errors and ranks depend on it."
        )
        alerts.append(Alert("failures_scored", "warning", text))
    return alerts


def _count(trials: int) -> str:
    return f"{trials} trial" if trials == 1 else f"{trials} trials"
