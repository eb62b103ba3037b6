"""Williamson's construction of Hadamard matrices, for the orders up to 200 that need it: 92, 116 and 172."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

# First rows of four symmetric circulants A, B, C, D of order n / 4 with A'A + B'B + C'C + D'D = n I, from a search
# that matches sums of two periodic autocorrelations with sums of two others.
# 92: over the 2^11 symmetric rows of length 23 that begin with +, eleven sets are found, one orbit under the
# multipliers of Z_23: up to equivalence the set is the one of Baumert, L., Golomb, S. W. and Hall, M. (1962), Discovery
# of an Hadamard matrix of order 92, Bull. Amer. Math. Soc. 68, 237-238.
# 116: the first found of fourteen sets over the 2^14 symmetric rows of length 29.
# 172: the first found of seven sets over the 2^7 symmetric rows of length 43 that multiplying the positions by 6 leaves
# as they are. `python tests/reference/hadamard_rows.py` repeats the two.
_FIRST_ROWS = {
    92: (
        "++-+-++-+--++--+-++-+-+",
        "+-+++++---+--+---+++++-",
        "+--++---+-+--+-+---++--",
        "+---+++++++--+++++++---",
    ),
    116: (
        "++-+++--+-++------++-+--+++-+",
        "++-+-+++-++-+----+-++-+++-+-+",
        "+--+++--++-+------+-++--+++--",
        "+++-+---++++-++++-++++---+-++",
    ),
    172: (
        "+--+++--+----+-+--++-++-++--+-+----+--+++--",
        "+-+++----+-++-++--++++++++--++-++-+----+++-",
        "++++-++++---+++---+--++--+---+++---++++-+++",
        "+-+-++--+-+-++++++-+----+-++++++-+-+--++-+-",
    ),
}

ORDERS = frozenset(_FIRST_ROWS)
"""The orders this module knows."""


def first_rows(n: int) -> IntArray:
    """Return the first rows of the four circulants behind the matrix of order n.

    Parameters
    ----------
    n : int
        A member of ``ORDERS``.

    Returns
    -------
    ndarray of int64, shape (4, n / 4)
        Entries -1 and +1.

    Raises
    ------
    KeyError
        If n is not in ``ORDERS``.
    """
    return np.array([[1 if sign == "+" else -1 for sign in row] for row in _FIRST_ROWS[n]], dtype=np.int64)


def williamson(n: int) -> IntArray:
    """Return a Hadamard matrix of order n from four symmetric circulants.

    Parameters
    ----------
    n : int
        A member of ``ORDERS``.

    Returns
    -------
    ndarray of int64, shape (n, n)
        H with H'H = n I.

    Raises
    ------
    KeyError
        If n is not in ``ORDERS``.

    Notes
    -----
    Williamson, J. (1944), Hadamard's determinant theorem and the sum of four squares, Duke Math. J. 11, 65-81:
    symmetric circulants commute, so that the blocks off the diagonal of H'H cancel and those on it are the sum of four
    squares.
    """
    a, b, c, d = (_circulant(row) for row in first_rows(n))
    return np.block([[a, b, c, d], [-b, a, -d, c], [-c, d, a, -b], [-d, -c, b, a]])


def _circulant(row: IntArray) -> IntArray:
    """Return the matrix whose row i is the given row moved i places to the right."""
    shift = np.arange(len(row))
    result: IntArray = row[(shift[None, :] - shift[:, None]) % len(row)]
    return result
