"""Regular fractional factorial designs 2^(k-p) of 8 to 64 runs, with the generators of least aberration."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from qim_stats.design.design import Design, assemble, base_rows
from qim_stats.design.generators import MAX_RUNS, generated_columns
from qim_stats.design.words import word_lengths
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors

IntArray = npt.NDArray[np.int64]

FRACTIONAL = "fractional"

RUNS = (8, 16, 32, 64)
"""The numbers of runs that there are."""

_ENOUGH = 4  # main effects are then clear of two-factor interactions


def fractional_factorial(
    factors: Iterable[Factor], runs: int | None = None, resolution: int | None = None, seed: int = 0
) -> Design:
    """Return a regular fractional factorial design.

    Parameters
    ----------
    factors : iterable of Factor
        k factors, 4 to 63.
    runs : int, optional
        8, 16, 32 or 64, more than k and less than 2^k.
    resolution : int, optional
        The least length of a defining word, 3 to 7, instead of ``runs``: the smallest design that has it is taken. With
        neither, the smallest of resolution IV or more, or 64 runs for more than 32 factors.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        The first log2(runs) factors in Yates's standard order, the others on products of these; no dummies, as the
        columns that are free belong to interactions.

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If there is no such design, or both ``runs`` and ``resolution`` are given.

    Notes
    -----
    Minimum aberration: Fries, A. and Hunter, W. G. (1980), Minimum aberration 2^(k-p) designs, Technometrics 22,
    601-608; of the designs of one size the one with the fewest shortest defining words, then the fewest of the next
    length, and so on. How far the table is complete is said in ``qim_stats.design.generators``.
    """
    checked = check_factors(factors)
    k = len(checked)
    if runs is not None and resolution is not None:
        raise DesignError(
            "runs and resolution are two ways to say the size", where="resolution", remedy="give one of them"
        )
    n = _runs_of_resolution(k, resolution) if runs is None else runs
    _check_runs(n, k)
    names = [factor.name for factor in checked]
    return assemble(FRACTIONAL, checked, base_rows(fraction(n, k), names), (), seed)


def fraction(runs: int, k: int) -> IntArray:
    """Return the signs of the 2^(k-p) design of least aberration.

    Parameters
    ----------
    runs : int
        8, 16, 32 or 64.
    k : int
        The number of factors, more than log2(runs) and less than ``runs``.

    Returns
    -------
    ndarray of int64, shape (runs, k)
        Entries -1 and +1.
    """
    basic = runs.bit_length() - 1
    base = 2 * (np.arange(runs)[:, None] >> np.arange(basic) & 1) - 1
    generated = [
        np.prod(base[:, [bit for bit in range(basic) if column >> bit & 1]], axis=1)
        for column in generated_columns(runs, k)
    ]
    return np.column_stack([base, *generated]).astype(np.int64)


def _runs_of_resolution(k: int, resolution: int | None) -> int:
    """Return the least number of runs of that resolution, or of a good one when none is asked for."""
    possible = [runs for runs in RUNS if k < runs < 2**k]
    if resolution is None:
        for runs in possible:
            if _resolution(runs, k) >= _ENOUGH:
                return runs
        return possible[-1] if possible else RUNS[0]
    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < 3:
        raise DesignError(
            f"resolution {resolution!r} is not a whole number of at least 3",
            where="resolution",
            remedy="give for example 4",
        )
    for runs in possible:
        if _resolution(runs, k) >= resolution:
            return runs
    best = max((_resolution(runs, k) for runs in possible), default=0)
    raise DesignError(
        f"no fraction of at most {MAX_RUNS} runs has {k} factors in resolution {resolution}",
        where="resolution",
        remedy=f"take resolution {best} or less" if best else 'take kind "full-factorial"',
    )


def _resolution(runs: int, k: int) -> int:
    """Return the length of the shortest defining word."""
    return next(length for length, count in enumerate(word_lengths(fraction(runs, k)), start=1) if count)


def _check_runs(n: int, k: int) -> None:
    """Refuse a number of runs that has no fraction of 2^k."""
    if n in RUNS and k < n < 2**k:
        return
    if k < 4:
        problem = f"{k} factors have no fraction of {RUNS[0]} runs or more"
        remedy = 'take kind "full-factorial" or "plackett-burman"'
    elif k >= MAX_RUNS:
        problem = f"{k} factors are more than the {MAX_RUNS - 1} that {MAX_RUNS} runs can hold"
        remedy = 'drop some, or take kind "plackett-burman"'
    else:
        problem = f"there is no 2^(k-p) fraction of {n} runs for {k} factors"
        remedy = "take " + " or ".join(str(runs) for runs in RUNS if k < runs < 2**k) + " runs"
        if n == 2**k:
            remedy = 'take kind "full-factorial"'
    raise DesignError(problem, where="runs" if 4 <= k < MAX_RUNS else "factors", remedy=remedy)
