"""Words of regular two-level designs: which products of factors are constant, and how many there are of each length.

A design is regular when its different settings are all the solutions of some equations "the product of these factors is
+1 (or -1)". Written in bits the settings are then a coset of a linear code, and the equations are its defining words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def defining_basis(signs: IntArray) -> tuple[tuple[int, int], ...] | None:
    """Find independent defining words of a design.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, k)
        Entries -1 and +1, one column per factor.

    Returns
    -------
    tuple of (int, int) or None
        Words, as numbers whose bits name the factors, each with the sign, -1 or +1, of the product of its factors;
        empty for a full factorial. None when the design is not regular, which includes settings that come more often
        than others.
    """
    settings, counts = np.unique(signs, axis=0, return_counts=True)
    rows = _bits(settings)
    basis = _reduced([row ^ rows[0] for row in rows])
    if len(rows) != 2 ** len(basis) or counts.min() != counts.max():
        return None
    k = signs.shape[1]
    words = []
    for free in (bit for bit in range(k) if bit not in basis):
        # Each factor that leads no row of the reduced basis makes one word with leading factors.
        word = 1 << free
        for lead, row in basis.items():
            word |= (row >> free & 1) << lead
        words.append((word, -1 if (rows[0] & word).bit_count() % 2 else 1))
    return tuple(words)


def coordinates(signs: IntArray) -> tuple[int, tuple[int, ...]] | None:
    """Write each factor of a regular design as a product of independent ones.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, k)
        Entries -1 and +1, one column per factor.

    Returns
    -------
    tuple of (int, tuple of int) or None
        How many factors m are independent, and for each factor the number whose bits name those of the m that it is
        the product of, up to sign; None when the design is not regular.
    """
    if defining_basis(signs) is None:
        return None
    rows = _bits(np.unique(signs, axis=0))
    reduced = _reduced([row ^ rows[0] for row in rows])
    return len(reduced), tuple(
        sum((row >> factor & 1) << place for place, (_, row) in enumerate(sorted(reduced.items())))
        for factor in range(signs.shape[1])
    )


def word_lengths(signs: IntArray) -> tuple[int, ...]:
    """Count the defining words of a regular design by length.

    Parameters
    ----------
    signs : ndarray of int64, shape (n, k)
        A regular design.

    Returns
    -------
    tuple of int
        A1, A2, ..., Ak: the word length pattern, from the first length.

    Notes
    -----
    MacWilliams, F. J. (1963), A theorem on the distribution of weights in a systematic code, Bell Syst. Tech. J. 42,
    79-94: the number of words of length w is the mean over the settings of Krawtchouk's polynomial P_w(d), d the number
    of factors in which a setting differs from a first one.
    """
    settings = np.unique(signs, axis=0)
    k = signs.shape[1]
    distances = np.bincount((settings != settings[0]).sum(axis=1), minlength=k + 1).tolist()
    return tuple(
        sum(count * _krawtchouk(w, d, k) for d, count in enumerate(distances) if count) // len(settings)
        for w in range(1, k + 1)
    )


def words(basis: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return all defining words, shortest first.

    Parameters
    ----------
    basis : sequence of (int, int)
        Independent words and their signs, p of them; see `defining_basis`.

    Returns
    -------
    tuple of (int, int)
        2^p - 1 words and their signs.
    """
    return tuple(sorted(_products(basis), key=lambda word: (word[0].bit_count(), _order(word[0]))))


def spelled(word: int, names: Sequence[str]) -> str:
    """Write a word or an effect as the factors' names with colons between, as R does; "I" when it has none."""
    return ":".join(name for bit, name in enumerate(names) if word >> bit & 1) or "I"


def _bits(settings: IntArray) -> list[int]:
    """Write each setting as a number whose bits say which factors are low."""
    return [int("".join("1" if sign < 0 else "0" for sign in row[::-1]), 2) for row in settings.tolist()]


def _reduced(rows: Sequence[int]) -> dict[int, int]:
    """Return the reduced basis of the span of some bit rows over GF(2), each by its leading (lowest) bit."""
    basis: dict[int, int] = {}
    for row in rows:
        for lead, other in basis.items():
            if row >> lead & 1:
                row ^= other
        if row:
            lead = (row & -row).bit_length() - 1
            basis = {at: other ^ row if other >> lead & 1 else other for at, other in basis.items()}
            basis[lead] = row
    return basis


def _products(basis: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield all products of one or more words of a basis."""
    for chosen in range(1, 2 ** len(basis)):
        word, sign = 0, 1
        for position, (other, its_sign) in enumerate(basis):
            if chosen >> position & 1:
                word, sign = word ^ other, sign * its_sign
        yield word, sign


def _order(word: int) -> tuple[int, ...]:
    """Return the factors of a word, to sort words of one length as a dictionary would."""
    return tuple(bit for bit in range(word.bit_length()) if word >> bit & 1)


def _krawtchouk(w: int, d: int, k: int) -> int:
    """Return P_w(d) for words of k letters."""
    return sum((-1) ** j * comb(d, j) * comb(k - d, w - j) for j in range(min(w, d) + 1))
