"""The noise of one trial: how far trials of one setting lie apart, or what interactions of many factors look like."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.errors import TrialsError
from qim_stats.factors import RESERVED_COLUMNS, Factor
from qim_stats.replays.full_table import FullTable
from qim_stats.trials.columns import distinct_levels
from qim_stats.trials.metadata import Metadata, read_metadata
from qim_stats.trials.responses import split_rows
from qim_stats.trials.table import Table, read_table

Array = npt.NDArray[np.float64]
_EXACT = 1e-12  # of the response's size: rounding error
_HIGH_ORDER = 3  # fewest factors of an interaction that is taken for noise
_FEWEST_DF = 4  # of repeated trials in the table itself: fewer tell less than its interactions do


@dataclass(frozen=True)
class TrialNoise:
    """The standard deviation of one trial, and where it comes from.

    Parameters
    ----------
    sd : float
        In the response's unit.
    df : int
        Its degrees of freedom.
    source : str
        In words.
    deviations : ndarray of float64, shape (d,), or None
        What noise is drawn from, with equal chances: deviations of replicates from the mean of their setting, each
        times the root of r / (r - 1), r the replicates of the setting; their mean square is near sd^2. None: noise is
        normal.
    """

    sd: float
    df: int
    source: str
    deviations: Array | None = None

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draw the noise of independent trials."""
        if self.deviations is None:
            return self.sd * rng.standard_normal(shape)
        return self.deviations[rng.integers(0, len(self.deviations), shape)]


def table_noise(table: FullTable) -> TrialNoise:
    """Estimate the noise from the full table alone.

    Parameters
    ----------
    table : FullTable
        Of k factors.

    Returns
    -------
    TrialNoise
        From the trials within cells where there are enough to compare (4 degrees of freedom) that do not all agree:
        exact copies say nothing of noise. Else from the interactions of more than k - 3 factors (three at least), whose
        squared effects are taken for noise: too large where such interactions are real. Of a table of two factors,
        which has none such, from what repeated trials there are.

    Raises
    ------
    TrialsError
        If there is neither.
    """
    cell = np.repeat(np.arange(table.cells), table.counts)
    within = _pooled(table.values, cell, "trials of one combination in the table itself")
    least = max(_HIGH_ORDER, table.k - 2)
    high = np.bitwise_count(np.arange(table.cells)) >= least
    if (within.df >= _FEWEST_DF and within.sd > 0.0) or (within.df and not high.any()):
        return within
    if not high.any():
        raise TrialsError(
            f"a full table of {table.k} factors with one trial of each combination says nothing of the noise",
            where=table.source,
            remedy="give --replicates or --noise, a table of repeated trials",
        )
    # A half effect is the mean of N signed trials, so its variance is sd^2 / N.
    sd = float(np.sqrt(table.cells * np.mean(table.half_effects[high] ** 2)))
    count = int(high.sum())
    what = f"interaction{'s' if count > 1 else ''} of {least} factors" + (" or more" if least < table.k else "")
    if sd <= _EXACT * float(np.abs(table.means).max()):
        sd = 0.0
    return TrialNoise(sd, count, f"{count} {what}, taken for noise")


def read_replicates(source: str | os.PathLike[str] | pd.DataFrame, table: FullTable) -> TrialNoise:
    """Estimate the noise from a table of repeated trials.

    Parameters
    ----------
    source : path or DataFrame
        A trials table with the factors and the response of the full table, in which settings are repeated.
    table : FullTable
        The full table.

    Returns
    -------
    TrialNoise
        The pooled standard deviation within settings; the full table's own trials of a setting count among its
        replicates, unless they are given there as well.

    Raises
    ------
    TrialsError
        If the factors differ, a level is unknown, the response is not there, or no setting is repeated.
    """
    read = read_table(source)
    _check_same_factors(read, table, None if isinstance(source, pd.DataFrame) else read_metadata(Path(source)))
    if table.response not in read.frame.columns:
        raise TrialsError(
            f"there is no response column {table.response!r}",
            where=read.place(),
            remedy="give replicates of the full table's response",
        )
    y, _, _ = split_rows(read, table.response, None)
    rows = np.flatnonzero(~np.isnan(y))
    settings = np.zeros(len(rows), dtype=np.int64)
    for place, factor in enumerate(table.factors):
        settings |= _high(read, factor, rows).astype(np.int64) << place
    values, settings = _with_own_trials(y[rows], settings, table)
    noise = _pooled(values, settings, f"replicates in {read.source or 'a data frame'}")
    if noise.df == 0:
        raise TrialsError(
            "no combination of levels has two trials, so the table says nothing of the noise",
            where=read.place(),
            remedy="give a table of repeated trials",
        )
    return noise


def _with_own_trials(
    values: Array, settings: npt.NDArray[np.int64], table: FullTable
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Add the full table's trials of the same settings: a rare trial that went astray may be among them alone."""
    given = set(zip(settings.tolist(), values.tolist(), strict=True))
    cells = np.unique(settings)
    own = [
        (cell, value)
        for cell in cells.tolist()
        for value in table.values[table.first[cell] : table.first[cell + 1]].tolist()
        if (cell, value) not in given
    ]
    added = np.array([value for _, value in own]), np.array([cell for cell, _ in own], dtype=np.int64)
    return np.concatenate([values, added[0]]), np.concatenate([settings, added[1]])


def _check_same_factors(read: Table, table: FullTable, metadata: Metadata | None) -> None:
    """Refuse replicates of other factors; those of a table without metadata are its columns of two levels."""
    columns = [str(c) for c in read.frame.columns]
    if metadata is not None and metadata.factors:
        theirs = [factor.name for factor in metadata.factors]
    else:
        taken = {*RESERVED_COLUMNS, table.response, *table.names}
        theirs = [c for c in columns if c not in taken and len(distinct_levels(read.frame[c])) == 2 < len(read.frame)]
    alone = [f"{name!r} only in the full table" for name in table.names if name not in columns]
    alone += [f"{name!r} only in the replicates" for name in theirs if name not in table.names]
    if alone:
        raise TrialsError(
            f"the factors differ: {listed(alone)}",
            where=read.place(),
            remedy="give replicates of the full table's factors, or name the factors with --factors",
        )


def _high(read: Table, factor: Factor, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return which rows have a factor at its high level; both may be the same level throughout."""
    codes, levels = pd.factorize(read.frame[factor.name].iloc[rows])
    sides = [factor.side(level) for level in levels]
    for code, (level, side) in enumerate(zip(levels, sides, strict=True)):
        if side not in (-1.0, 1.0):
            raise TrialsError(
                f"the level {level!s} of factor {factor.name!r} is neither its low {factor.low!r} nor its high "
                f"{factor.high!r} in the full table",
                where=read.place(int(rows[int(np.argmax(codes == code))]), factor.name),
                remedy="give replicates of the full table's combinations",
            )
    if (codes < 0).any():
        raise TrialsError(
            "the level is missing",
            where=read.place(int(rows[int(np.argmax(codes < 0))]), factor.name),
            remedy="fill it in",
        )
    return np.array([side == 1.0 for side in sides])[codes]


def _pooled(values: Array, group: npt.NDArray[np.int64], source: str) -> TrialNoise:
    _, member, sizes = np.unique(group, return_inverse=True, return_counts=True)
    member = np.asarray(member, dtype=np.intp).reshape(len(values))
    deviations = values - (np.bincount(member, values) / sizes)[member]
    size = sizes[member]
    repeated = size > 1
    df = int((sizes - 1).sum())
    sd = float(np.sqrt((deviations**2).sum() / df)) if df else 0.0
    scaled = deviations[repeated] * np.sqrt(size[repeated] / (size[repeated] - 1.0))
    if sd <= _EXACT * float(np.abs(values).max(initial=0.0)):
        sd, scaled = 0.0, np.zeros_like(scaled)
    return TrialNoise(sd, df, source, scaled if df else None)
