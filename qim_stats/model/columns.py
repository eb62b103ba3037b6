"""The columns of a model matrix as products of variables, so that they can be made for any rows, coding or setting.

patsy decides which columns a formula has; their values are made here, without its copies of every column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.model.arithmetic import Expression

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """A variable of a model over n trials: numbers, or categories.

    Parameters
    ----------
    column : str
        The table column, or the spelling of the arithmetic.
    values : ndarray, shape (n,)
        Numbers as float64; for categories, the positions of the labels as int64.
    labels : tuple of str
        The categories, the first being the reference; empty for numbers.
    expression : Expression, optional
        The arithmetic that makes the numbers.
    """

    column: str
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    labels: tuple[str, ...] = ()
    expression: Expression | None = None


@dataclass(frozen=True)
class Part:
    """A factor of a product: a variable by its number, for categories with the level, and whether it is a contrast.

    Parameters
    ----------
    source : int
        Which variable.
    level : int or None
        Which category the column indicates; None for numbers.
    contrast : bool
        Whether the reference category has no column of its own (treatment contrasts).
    """

    source: int
    level: int | None = None
    contrast: bool = False


Column = tuple[Part, ...]


def build_matrix(
    columns: tuple[Column, ...], sources: tuple[Source, ...], n: int, *, sum_to_zero: bool = False
) -> Array:
    """Make the values of columns.

    Parameters
    ----------
    columns : tuple of p Columns
        An empty one is the intercept.
    sources : tuple of Source
        The variables over n trials.
    n : int
        How many trials.
    sum_to_zero : bool
        Whether contrasts are -1 in the reference category (R's ``contr.sum`` with the reference last) instead of 0.

    Returns
    -------
    ndarray of float64, shape (n, p)
        Stored column by column.
    """
    matrix = np.empty((n, len(columns)), order="F")
    for place, column in enumerate(columns):
        target = matrix[:, place]
        if not column:
            target[:] = 1.0
        for turn, part in enumerate(column):
            values = _part_values(part, sources[part.source], sum_to_zero=sum_to_zero)
            if turn:
                np.multiply(target, values, out=target)
            else:
                target[:] = values
    return matrix


def _part_values(part: Part, source: Source, *, sum_to_zero: bool) -> Array:
    if part.level is None:
        return np.asarray(source.values, dtype=np.float64)
    values = np.asarray(source.values == part.level, dtype=np.float64)
    if sum_to_zero and part.contrast:
        values -= source.values == 0
    return values


def setting_row(columns: tuple[Column, ...], numbers: list[float], shares: dict[int, Array]) -> Array:
    """Make the row of one setting, at which categories may be averaged over.

    Parameters
    ----------
    columns : tuple of p Columns
        The columns of the model.
    numbers : list of float
        The value of each numeric variable; ignored for categories.
    shares : dict of int to ndarray of float64
        For each variable made of categories, the share of each.

    Returns
    -------
    ndarray of float64, shape (p,)
        The row.
    """
    row = np.ones(len(columns))
    for place, column in enumerate(columns):
        for part in column:
            row[place] *= numbers[part.source] if part.level is None else float(shares[part.source][part.level])
    return row
