"""Plackett-Burman designs: the main effects of up to N - 1 factors in N runs, N any multiple of 4 from 8 to 200."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from qim_stats.design.column_choice import choose_columns
from qim_stats.design.design import Design, assemble, base_rows
from qim_stats.design.hadamard import MAX_ORDER, hadamard
from qim_stats.errors import DesignError
from qim_stats.factors import RESERVED_COLUMNS, Factor, check_factors

MIN_RUNS = 8

PLACKETT_BURMAN = "plackett-burman"


def default_runs(k: int) -> int:
    """Return the number of runs that k factors get when nothing else is asked for.

    Parameters
    ----------
    k : int
        The number of factors, at least 1.

    Returns
    -------
    int
        The smallest multiple of 4 that is at least 8 and k + 2 (one spare column or more) and no power of two (where
        main effects and whole two-factor interactions are completely aliased).

    Raises
    ------
    DesignError
        If k is less than 1, or needs more runs than there are designs for.
    """
    if k < 1:
        raise DesignError(f"{k} factors need no runs", where="factors", remedy="give at least one factor")
    runs = max(MIN_RUNS, (k + 2 + 3) // 4 * 4)
    while _power_of_two(runs):
        runs += 4
    if runs > MAX_ORDER:
        remedy = f"drop {k - MAX_ORDER + 2} of them"
        if k == MAX_ORDER - 1:
            remedy += f", or ask for {MAX_ORDER} runs, which leave no spare column"
        raise DesignError(
            f"{k} factors and a spare column need more than {MAX_ORDER} runs", where="factors", remedy=remedy
        )
    return runs


def plackett_burman(
    factors: Iterable[Factor], runs: int | None = None, seed: int = 0, columns: str = "first"
) -> Design:
    """Return a Plackett-Burman design.

    Parameters
    ----------
    factors : iterable of Factor
        k factors, 1 to 199.
    runs : int, optional
        N, a multiple of 4 from 8 to 200 and at least k + 1; ``default_runs(k)`` when left out.
    seed : int, optional
        The seed of the random execution order.
    columns : {"first", "best"}, optional
        Whether the factors take the first k columns or those that alias main effects least with two-factor
        interactions; see ``qim_stats.design.column_choice``.

    Returns
    -------
    Design
        N runs; the k factors on their columns, the other N - 1 - k columns kept as dummies e1, e2, ...

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If there is no such design, with the nearest that there is.

    Notes
    -----
    Plackett, R. L. and Burman, J. P. (1946), The design of optimum multifactorial experiments, Biometrika 33, 305-325;
    the constructions are those of ``hadamard``. A power of two is allowed, with a warning that says what is lost.
    """
    checked = check_factors(factors)
    k = len(checked)
    n = default_runs(k) if runs is None else runs
    _check_runs(n, k)
    h = hadamard(n)[:, 1:]
    chosen = choose_columns(h, k, columns)
    h = h[:, [*chosen, *(c for c in range(n - 1) if c not in chosen)]]
    names = [factor.name for factor in checked]
    free = spare_names(names)
    dummies = tuple(next(free) for _ in range(n - 1 - k))
    return assemble(PLACKETT_BURMAN, checked, base_rows(h, [*names, *dummies]), dummies, seed, columns=columns)


def spare_names(taken: Iterable[str]) -> Iterator[str]:
    """Yield e1, e2, ... without the names that are taken already."""
    used = {*taken, *RESERVED_COLUMNS}
    return (name for name in (f"e{i}" for i in count(1)) if name not in used)


def _check_runs(n: int, k: int) -> None:
    """Refuse a number of runs that has no design or cannot hold the factors."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise DesignError(f"runs {n!r} is not a whole number", where="runs", remedy="give a multiple of 4")
    least = max(MIN_RUNS, (k + 1 + 3) // 4 * 4)
    if least > MAX_ORDER:
        raise DesignError(
            f"{k} factors are more than the {MAX_ORDER - 1} that {MAX_ORDER} runs can hold",
            where="factors",
            remedy=f"drop {k - MAX_ORDER + 1} of them",
        )
    if n <= k:
        raise DesignError(f"{n} runs are too few for {k} factors", where="runs", remedy=f"take at least {least} runs")
    if n < MIN_RUNS or n > MAX_ORDER:
        raise DesignError(
            f"there is no Plackett-Burman design of {n} runs here",
            where="runs",
            remedy=f"take {least} to {MAX_ORDER} runs",
        )
    if n % 4:
        below, above = n // 4 * 4, n // 4 * 4 + 4
        near = f"{below} or {above}" if below >= least else f"{above}"
        raise DesignError(f"{n} runs are not a multiple of 4", where="runs", remedy=f"take {near} runs")


def _power_of_two(n: int) -> bool:
    """Whether n is a power of two."""
    return n & (n - 1) == 0
