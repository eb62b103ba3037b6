"""Centre levels in a table without metadata, and the check that no misspelled level is taken for one.

A level halfway between low and high belongs to a trials table in two ways: at center points, where every numeric factor
is in the middle at once, and in three-level designs such as definitive screening, where each factor is in the middle in
several runs. Anything else is a level that someone misspelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.factors import Factor, Level, Scale, is_number, same_level

BoolArray = npt.NDArray[np.bool_]

_SCALES: tuple[Scale, ...] = ("linear", "log")


def centred_factors(levels: Mapping[str, Sequence[Level]], columns: Mapping[str, pd.Series]) -> tuple[Factor, ...]:
    """Find the factors of a table whose columns have a low, a middle and a high level.

    Parameters
    ----------
    levels : mapping of str to sequence
        The different levels of each column that may be a factor, sorted.
    columns : mapping of str to Series
        The columns themselves, over all rows.

    Returns
    -------
    tuple of Factor
        Those with three levels, the second the arithmetic mean of the others (``scale="linear"``) or their geometric
        mean (``"log"``). None unless there are two or more, every numeric column of two or three levels is among them,
        and the rows at the middle are center points or those of a three-level design (see ``strays``), the latter only
        in a table without columns of two levels.
    """
    found = [factor for name, several in levels.items() if (factor := _three_level(name, several)) is not None]
    two_level = [several for several in levels.values() if len(several) == 2]
    if len(found) < 2 or any(is_number(level) for several in two_level for level in several):
        return ()
    middle = np.column_stack(
        [columns[f.name].map(lambda v, f=f: same_level(v, f.middle)).to_numpy(bool) for f in found]
    )
    partial = middle.any(axis=1) & ~middle.all(axis=1)
    if (partial.any() and two_level) or len(strays(middle)):
        return ()
    return tuple(found)


def strays(middle: BoolArray) -> npt.NDArray[np.intp]:
    """Find the rows whose middle levels are neither those of a center point nor of a three-level design.

    Parameters
    ----------
    middle : ndarray of bool, shape (rows, k)
        Whether each of the k numeric factors is at its middle level.

    Returns
    -------
    ndarray of int
        The rows where some factors are in the middle and others are not, as positions; none where every factor is so
        in two of these rows or more, as a misspelled level hardly is.
    """
    partial = middle.any(axis=1) & ~middle.all(axis=1)
    if (middle[partial].sum(axis=0) >= 2).all():
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(partial)


def _three_level(name: str, levels: Sequence[Level]) -> Factor | None:
    """Return the factor whose middle level is the second of three."""
    if len(levels) != 3 or not all(is_number(level) for level in levels):
        return None
    low, middle, high = levels
    for scale in _SCALES:
        if scale == "linear" or float(low) > 0:
            factor = Factor(name, low, high, scale)
            if same_level(middle, factor.middle):
                return factor
    return None
