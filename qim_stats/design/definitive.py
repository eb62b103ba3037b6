"""Definitive screening designs: numeric factors at three levels, main effects clear of interactions and squares."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from qim_stats.design.design import DEFINITIVE, Design, assemble, base_rows
from qim_stats.design.galois import jacobsthal, prime_power
from qim_stats.design.middle import check_numeric, with_middle_warnings
from qim_stats.design.plackett_burman import spare_names
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors

IntArray = npt.NDArray[np.int64]

MAX_ORDER = 98
"""The largest conference matrix offered."""


def definitive_screening(factors: Iterable[Factor], runs: int | None = None, seed: int = 0) -> Design:
    """Return a definitive screening design.

    Parameters
    ----------
    factors : iterable of Factor
        k numeric factors, 2 to 98; their third level is halfway between the others, geometrically on a log scale.
    runs : int, optional
        2 m + 1, m at least k and the order of a conference matrix; the least when left out. The m - k columns that no
        factor takes are the "fake factors" that leave degrees of freedom for error.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        Runs 2 i - 1 and 2 i are row i of a conference matrix and its reverse, and the last run has every factor in the
        middle; the columns beyond the first k are kept as dummies.

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If a factor is not numeric, or there is no such design, with the nearest that there is.

    Notes
    -----
    Jones, B. and Nachtsheim, C. J. (2011), A class of three-level designs for definitive screening in the presence of
    second-order effects, J. Qual. Technol. 43, 1-15. From conference matrices: Xiao, L., Lin, D. K. J. and Bai, F.
    (2012), Constructing definitive screening designs using conference matrices, J. Qual. Technol. 44, 2-8. Fake
    factors: Jones, B. and Nachtsheim, C. J. (2017), Effective design-based model selection for definitive screening
    designs, Technometrics 59, 319-329.
    """
    checked = check_factors(factors)
    check_numeric(checked, "definitive screening", "kind")
    k = len(checked)
    if k < 2:
        raise DesignError("one factor makes no definitive screening design", where="factors", remedy="give two or more")
    orders = [m for m in known_conference_orders() if m >= k]
    if not orders:
        raise DesignError(
            f"{k} factors are more than the {MAX_ORDER} of the largest definitive screening design here",
            where="factors",
            remedy=f"drop {k - MAX_ORDER} of them",
        )
    m = orders[0] if runs is None else (runs - 1) // 2
    if runs is not None and (m not in orders or runs != 2 * m + 1):
        near = sorted(orders, key=lambda order: (abs(2 * order + 1 - runs), order))[:2]
        raise DesignError(
            f"there is no definitive screening design of {runs} runs for {k} factors here",
            where="runs",
            remedy="take " + " or ".join(str(2 * order + 1) for order in sorted(near)),
        )
    c = conference(m)
    signs = np.vstack([np.stack([c, -c], axis=1).reshape(2 * m, m), np.zeros((1, m), dtype=np.int64)])
    names = [factor.name for factor in checked]
    free = spare_names(names)
    dummies = tuple(next(free) for _ in range(m - k))
    made = assemble(DEFINITIVE, checked, base_rows(signs, [*names, *dummies]), dummies, seed)
    return with_middle_warnings(made)


def known_conference_orders() -> tuple[int, ...]:
    """Return the orders that ``conference`` has a construction for.

    Returns
    -------
    tuple of int
        Even numbers from 4 to 98 without 22, 34, 36, 46, 52, 58, 66, 70, 76, 78, 86, 92 and 94. (22, 34, 58, 70, 78 and
        94 do not exist, as m - 1 is no sum of two squares; the others need constructions that are not here.)
    """
    return tuple(m for m in range(4, MAX_ORDER + 1, 2) if _constructible(m))


def conference(m: int) -> IntArray:
    """Return a conference matrix.

    Parameters
    ----------
    m : int
        A member of ``known_conference_orders()``.

    Returns
    -------
    ndarray of int64, shape (m, m)
        C with 0 on the diagonal, -1 and +1 elsewhere, and C'C = (m - 1) I.

    Raises
    ------
    ValueError
        If m is no such number.

    Notes
    -----
    m - 1 = q a prime power: Paley, R. E. A. C. (1933), On orthogonal matrices, J. Math. Phys. 12, 311-320. The others
    double a skew one: with C' = -C, the matrix C, C + I; C - I, -C is skew of twice the order (Williamson 1944).
    """
    pair = prime_power(m - 1)
    if pair is not None and pair[0] != 2:
        core = jacobsthal(m - 1)
        # For q = 3 modulo 4 the core is skew, and so becomes the whole.
        side = 1 if m % 4 == 2 else -1
        top = np.concatenate([[0], np.ones(m - 1, dtype=np.int64)])
        return np.vstack([top, np.column_stack([np.full(m - 1, side, dtype=np.int64), core])])
    if not _constructible(m):
        raise ValueError(f"no conference matrix of order {m} is known here")
    half = conference(m // 2)
    one = np.eye(m // 2, dtype=np.int64)
    return np.block([[half, half + one], [half - one, -half]])


def _constructible(m: int) -> bool:
    """Whether ``conference`` can make the order: a prime power and one, or twice a skew one."""
    pair = prime_power(m - 1)
    if m % 2 == 0 and pair is not None and pair[0] != 2:
        return True
    return m % 8 == 0 and _constructible(m // 2)
