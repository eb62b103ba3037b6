"""Hadamard matrices: the square orthogonal arrays of -1 and +1 that Plackett-Burman designs are cut from."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from qim_stats.design.galois import jacobsthal, prime_power
from qim_stats.design.goethals_seidel import ORDERS as GOETHALS_SEIDEL_ORDERS
from qim_stats.design.goethals_seidel import goethals_seidel
from qim_stats.design.williamson import ORDERS as WILLIAMSON_ORDERS
from qim_stats.design.williamson import williamson
from qim_stats.errors import DesignError

IntArray = npt.NDArray[np.int64]

MAX_ORDER = 200
"""The largest order offered; every multiple of 4 up to it has a construction here."""


def hadamard(n: int) -> IntArray:
    """Return a Hadamard matrix of order n.

    Parameters
    ----------
    n : int
        1, 2, or a multiple of 4 up to ``MAX_ORDER``.

    Returns
    -------
    ndarray of int64, shape (n, n)
        H with entries -1 and +1 and H'H = n I. The first column is all +1, the rest of the last row all -1. The columns
        are in an order that serves a screening design that uses the first k of them: where main effects can be kept
        clear of two-factor interactions by the choice of columns alone, the leading columns do it.

    Raises
    ------
    DesignError
        If n is not such a number.

    Notes
    -----
    Powers of two: Sylvester (1867). n - 1 = q a prime power, q = 3 modulo 4: Paley's first construction, which for a
    prime q is the cyclic design of Plackett, R. L. and Burman, J. P. (1946), Biometrika 33, 305-325, run for run (12,
    20, 24, ...). n / 2 - 1 = q a prime power, q = 1 modulo 4: Paley's second (36, 52, 76, 100, 124, 148, 196). 92, 116
    and 172: Williamson (1944). 156 and 188: Goethals and Seidel (1967). The others, 40, 56, 88, 96, 112, 120, 136, 144,
    160, 176 and 184, double the matrix of half their order.
    """
    if n < 1 or n > MAX_ORDER or (n > 2 and n % 4):
        raise DesignError(
            f"there is no Hadamard matrix of order {n} here",
            remedy=f"take a multiple of 4 from 4 to {MAX_ORDER}",
        )
    if n & (n - 1) == 0:
        return _normalized(_sylvester(n))
    if prime_power(n - 1) is not None:
        return _normalized(_paley_first(n - 1))
    if n % 8 == 4 and prime_power(n // 2 - 1) is not None:
        # Column 1 is the product of the two columns of every later pair up to (n - 8) / n; without it none exceeds
        # 0.39.
        return _normalized(_with_last(_paley_second(n // 2 - 1), 1))
    if n in WILLIAMSON_ORDERS:
        # The first columns of the last three blocks are products of two others up to 0.95; in order 92, where only that
        # of the third block is put aside, none exceeds 0.48 without it.
        last = (n // 2,) if n == 92 else (n // 4, 3 * n // 4, n // 2)
        return _normalized(_with_last(williamson(n), *last))
    if n in GOETHALS_SEIDEL_ORDERS:
        return _normalized(goethals_seidel(n))
    half = hadamard(n // 2)
    if n in (112, 176, 184):
        # The last column of the half is the product of others, up to 0.91 or wholly; so are the two that it becomes.
        return _normalized(_with_last(_doubled(half), n - 2, n // 2 - 1, n - 1))
    return _normalized(_doubled(half))


def known_orders() -> tuple[int, ...]:
    """Return the orders that ``hadamard`` has a construction for.

    Returns
    -------
    tuple of int
        1, 2, and every multiple of 4 up to ``MAX_ORDER``: none is missing.
    """
    return (1, 2, *range(4, MAX_ORDER + 1, 4))


def _sylvester(n: int) -> IntArray:
    """Return the matrix of all products of log2(n) columns.

    Products of an odd number of letters come first: no product of two of them is a third, so the first n / 2 factors
    have main effects clear of two-factor interactions. Single letters lead, so that log2(n) factors make a full
    factorial.
    """
    letters = range(n.bit_length() - 1)
    words = [word for size in range(len(letters) + 1) for word in combinations(letters, size)]
    words.sort(key=lambda word: (len(word) > 0, len(word) % 2 == 0, len(word) > 1, -len(word), word))
    runs = np.arange(n)[::-1, None]
    columns = [np.prod(2 * (runs >> np.array(word, dtype=np.int64) & 1) - 1, axis=1) for word in words]
    return np.array(columns, dtype=np.int64).T


def _paley_first(q: int) -> IntArray:
    """Return Paley's matrix of order q + 1, q = 3 modulo 4: the q shifts of one row, then a row of -1."""
    core = jacobsthal(q) + np.eye(q, dtype=np.int64)
    rows = np.vstack([core, np.full((1, q), -1)])
    return np.hstack([np.ones((q + 1, 1), dtype=np.int64), rows])


def _paley_second(q: int) -> IntArray:
    """Return Paley's matrix of order 2 (q + 1), q = 1 modulo 4."""
    conference = np.ones((q + 1, q + 1), dtype=np.int64)
    conference[0, 0] = 0
    conference[1:, 1:] = jacobsthal(q)
    result: IntArray = np.kron(conference, np.array([[1, 1], [1, -1]])) + np.kron(
        np.eye(q + 1, dtype=np.int64), np.array([[1, -1], [-1, -1]])
    )
    return result


def _doubled(half: IntArray) -> IntArray:
    """Return the matrix of twice the order.

    The columns that change sign between the halves come first: any number of factors on them alone is the foldover of
    the half design, its main effects clear of two-factor interactions. The column that tells the halves apart comes
    last, as the product of every column with its own partner.
    """
    folded = np.vstack([half, -half])
    repeated = np.vstack([half, half])
    return np.hstack([repeated[:, :1], folded[:, 1:], repeated[:, 1:], folded[:, :1]])


def _with_last(h: IntArray, *columns: int) -> IntArray:
    """Move columns to the end, where a design meets them last."""
    return np.hstack([np.delete(h, columns, axis=1), h[:, columns]])


def _normalized(h: IntArray) -> IntArray:
    """Change the signs of rows and columns so that the first column is +1 and the rest of the last row -1."""
    h = h * h[:, :1]
    h[:, 1:] *= -h[-1, 1:]
    return h
