"""Nonregular designs of 16 runs, in which any three factors stand as a full factorial would place them.

The regular designs of 16 runs alias effects wholly or not at all. The other Hadamard matrices of that order, made here
by permuting columns while one is doubled, alias most of them in part, so that several active effects can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from qim_stats.design.column_choice import aberration
from qim_stats.design.design import Design, assemble, base_rows
from qim_stats.design.plackett_burman import spare_names
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors

IntArray = npt.NDArray[np.int64]

BOX_TYSSEDAL = "box-tyssedal"
NO_CONFOUNDING = "no-confounding"

RUNS = 16

# Seven triples of columns are completely aliased in this matrix, each with column 7: the other 14 have projectivity 3.
_MOST_PROJECTIVE = (0, 1, 2, 4, 3, 6, 7, 5)
_PROJECTIVE_COLUMNS = tuple(c for c in range(RUNS - 1) if c != 7)

# By number of factors: how the matrix is made, and the columns, found by going through all sets of all the matrices
# that `_doubled` makes: the fewest partial aliases of main effects with interactions, then of pairs of interactions.
_NO_CONFOUNDING: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {
    6: ((0, 1, 2, 3, 4, 6, 7, 5), (0, 1, 3, 4, 10, 11)),
    7: ((0, 1, 2, 3, 4, 6, 7, 5), (0, 1, 3, 4, 5, 7, 14)),
    8: (_MOST_PROJECTIVE, (0, 1, 2, 3, 4, 5, 6, 7)),
}


def box_tyssedal(factors: Iterable[Factor], runs: int | None = None, seed: int = 0) -> Design:
    """Return a design of 16 runs and projectivity 3.

    Parameters
    ----------
    factors : iterable of Factor
        k factors, 3 to 14.
    runs : int, optional
        16.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        16 runs; any three factors go through all eight combinations of their levels. Of the possible columns those are
        taken with the fewest pairs of two-factor interactions that are completely aliased, then the least aberration;
        the others are kept as dummies.

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If there is no such design.

    Notes
    -----
    Box, G. and Tyssedal, J. (1996), Projective properties of certain orthogonal arrays, Biometrika 83, 950-955. The
    projectivity is verified by computation in the tests.
    """
    checked = check_factors(factors)
    k = len(checked)
    most = len(_PROJECTIVE_COLUMNS)
    if not 3 <= k <= most:
        raise DesignError(
            f"{k} factors have no design of {RUNS} runs and projectivity 3",
            where="factors",
            remedy=f'take 3 to {most}, or kind "plackett-burman"',
        )
    return _of_sixteen(BOX_TYSSEDAL, checked, _MOST_PROJECTIVE, _projective(k), runs, seed)


def no_confounding(factors: Iterable[Factor], runs: int | None = None, seed: int = 0) -> Design:
    """Return a design of 16 runs in which no two effects up to two-factor interactions are completely aliased.

    Parameters
    ----------
    factors : iterable of Factor
        6, 7 or 8 factors.
    runs : int, optional
        16.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        16 runs; every correlation of a main effect with a two-factor interaction, and of two of these, is 0 or +-1/2.
        The other columns are kept as dummies.

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If there is no such design.

    Notes
    -----
    Jones, B. and Montgomery, D. C. (2010), Alternatives to resolution IV screening designs in 16 runs, Int. J. Exp.
    Des. Process Optim. 1, 285-295. These have the property of theirs, as the tests verify by computation; whether they
    are the same up to the order of columns and runs has not been checked.
    """
    checked = check_factors(factors)
    k = len(checked)
    if k not in _NO_CONFOUNDING:
        raise DesignError(
            f"there is no no-confounding design of {k} factors here",
            where="factors",
            remedy='take 6, 7 or 8, or kind "box-tyssedal" or "plackett-burman"',
        )
    return _of_sixteen(NO_CONFOUNDING, checked, *_NO_CONFOUNDING[k], runs, seed)


def _of_sixteen(
    kind: str,
    factors: tuple[Factor, ...],
    permutation: Sequence[int],
    chosen: tuple[int, ...],
    runs: int | None,
    seed: int,
) -> Design:
    """Lay the factors on the chosen columns of a matrix, and keep the others as dummies."""
    if runs not in (None, RUNS):
        raise DesignError(f"a {kind} design has {RUNS} runs, not {runs}", where="runs", remedy="leave runs out")
    names = [factor.name for factor in factors]
    free = spare_names(names)
    others = [c for c in range(RUNS - 1) if c not in chosen]
    dummies = tuple(next(free) for _ in others)
    signs = _doubled(permutation)[:, [*chosen, *others]]
    return assemble(kind, factors, base_rows(signs, [*names, *dummies]), dummies, seed)


def _doubled(permutation: Sequence[int]) -> IntArray:
    """Return the 15 columns beside the constant of a Hadamard matrix H, H; P, -P with P the columns of H permuted."""
    pair = np.array([[1, 1], [1, -1]], dtype=np.int64)
    half = np.kron(np.kron(pair, pair), pair)
    permuted = half[:, list(permutation)]
    h = np.block([[half, half], [permuted, -permuted]])
    result: IntArray = (h * h[:, :1])[:, 1:]
    return result


@lru_cache
def _projective(k: int) -> tuple[int, ...]:
    """Return the best k columns of those with projectivity 3."""
    h = _doubled(_MOST_PROJECTIVE)

    def badness(chosen: tuple[int, ...]) -> tuple[int, ...]:
        columns = h[:, chosen]
        first, second = np.triu_indices(k, 1)
        products = columns[:, first] * columns[:, second]
        complete = int((np.abs(np.triu(products.T @ products, 1)) == RUNS).sum())
        return (complete, *aberration(columns), *chosen)

    return min(combinations(_PROJECTIVE_COLUMNS, k), key=badness)
