"""The resolution of a two-level design, regular or not, and the aliases behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.design.words import defining_basis, spelled, word_lengths, words

IntArray = npt.NDArray[np.int64]

FULL = "full factorial"
"""The text of a design that has all combinations."""

_LISTED = 12  # independent defining words up to which all their products are listed, 2^12 - 1
_FACTORS = 64  # factors up to which words of four are looked for in a design that is not regular
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI")


@dataclass(frozen=True)
class Resolution:
    """How effects of different orders are aliased.

    Parameters
    ----------
    text : str
        ``"IV"``; with a star where aliases are partial; ``"full factorial"``.
    generalized : float or None
        r + 1 - max |J_r| / n, r the number of factors of the shortest word that is not balanced; None for a full
        factorial, or where that word was not looked for.
    word_lengths : tuple of int or None
        A3, A4, ..., the word length pattern of a regular design.
    defining_words : tuple of str
        Products of factors that are constant, shortest first; only independent ones where there are more than 4,095.
    alias_chains : tuple of str
        In a regular design, the main effects and two-factor interactions that are aliased with one another.
    """

    text: str
    generalized: float | None
    word_lengths: tuple[int, ...] | None
    defining_words: tuple[str, ...]
    alias_chains: tuple[str, ...]


def resolution(signs: IntArray, names: Sequence[str]) -> Resolution:
    """Find the resolution of a design.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, k)
        Entries -1 and +1, balanced and orthogonal; the settings without center points and replicates.
    names : sequence of str
        The names of the k factors.

    Returns
    -------
    Resolution
        Resolution and aliases.

    Notes
    -----
    Box, G. E. P. and Hunter, J. S. (1961), The 2^(k-p) fractional factorial designs, Technometrics 3, 311-351. For
    designs that are not regular: Deng, L.-Y. and Tang, B. (1999), Generalized resolution and minimum aberration
    criteria for Plackett-Burman and other nonregular factorial designs, Statist. Sinica 9, 1071-1082.
    """
    n, k = signs.shape
    if n == 2**k and len(np.unique((signs > 0) @ (1 << np.arange(k)))) == n:
        return Resolution(FULL, None, (0,) * max(k - 2, 0), (), ())
    basis = defining_basis(signs)
    if basis is None:
        return _partial(signs)
    lengths = word_lengths(signs)
    shortest = next((length for length, count in enumerate(lengths, start=1) if count), 0)
    listed = words(basis) if len(basis) <= _LISTED else basis
    told = tuple(("-" if sign < 0 else "") + spelled(word, names) for word, sign in listed)
    if not shortest:  # each combination several times
        return Resolution(FULL, None, lengths[2:], (), ())
    return Resolution(_roman(shortest), float(shortest), lengths[2:], told, _chains(signs, names))


def _partial(signs: IntArray) -> Resolution:
    """Find the generalized resolution of a design that is not regular."""
    n, k = signs.shape
    columns = signs.astype(np.float64)
    largest = max(
        (np.abs(columns.T @ (columns[:, [i]] * columns[:, j:])).max() if (j := i + 1) < k else 0.0 for i in range(k)),
        default=0.0,
    )
    if largest > 0:
        return Resolution("III* (partial aliases)", _generalized(3, largest, n), None, (), ())
    if k > _FACTORS:
        return Resolution("IV or more", None, None, (), ())
    first, second = np.triu_indices(k, 1)
    products = columns[:, first] * columns[:, second]
    together = np.abs(np.triu(products.T @ products, 1))
    # Two interactions that share a factor make the product of two columns, which is balanced.
    largest = float(together.max(initial=0.0))
    if largest > 0:
        return Resolution("IV* (partial aliases)", _generalized(4, largest, n), None, (), ())
    return Resolution("V or more", None, None, (), ())


def _generalized(length: int, largest: float, n: int) -> float:
    """Return the generalized resolution from the largest sum of products of that many columns."""
    return length + 1 - float(largest) / n


def _chains(signs: IntArray, names: Sequence[str]) -> tuple[str, ...]:
    """List the groups of main effects and two-factor interactions that cannot be told apart."""
    k = len(names)
    effects = [(i,) for i in range(k)] + [(i, j) for i in range(k) for j in range(i + 1, k)]
    groups: dict[bytes, list[tuple[str, int]]] = {}
    for effect in effects:
        column = signs[:, list(effect)].prod(axis=1)
        key = (column * column[0]).astype(np.int8).tobytes()
        groups.setdefault(key, []).append((":".join(names[i] for i in effect), int(column[0])))
    return tuple(
        group[0][0] + "".join((" + " if sign == group[0][1] else " - ") + name for name, sign in group[1:])
        for group in groups.values()
        if len(group) > 1
    )


def _roman(number: int) -> str:
    """Write a resolution as is usual."""
    return _ROMAN[number] if number < len(_ROMAN) else str(number)
