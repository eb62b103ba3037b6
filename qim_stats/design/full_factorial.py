"""Full factorial designs: every combination of levels, once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from qim_stats.design.design import Design, assemble, base_rows
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors

MAX_FACTORS = 16
"""Two to this power runs, 65,536, is as far as anyone has run trials."""

FULL_FACTORIAL = "full-factorial"


def full_factorial(factors: Iterable[Factor], seed: int = 0) -> Design:
    """Return the full two-level factorial design.

    Parameters
    ----------
    factors : iterable of Factor
        k factors, 1 to 16.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        2**k runs in Yates's standard order, the first factor changing fastest; no dummies.

    Raises
    ------
    FactorError
        If there are no factors, or their names cannot stand side by side in a trials table.
    DesignError
        If there are more than 16.
    """
    checked = check_factors(factors)
    k = len(checked)
    if k > MAX_FACTORS:
        raise DesignError(
            f"a full factorial of {k} factors has 2^{k} runs",
            where="factors",
            remedy=f'take at most {MAX_FACTORS} factors, or kind "plackett-burman"',
        )
    signs = 2 * (np.arange(2**k)[:, None] >> np.arange(k) & 1) - 1
    return assemble(FULL_FACTORIAL, checked, base_rows(signs, [factor.name for factor in checked]), (), seed)
