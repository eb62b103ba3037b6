"""Goethals and Seidel's construction of Hadamard matrices, for the two orders up to 200 that need it: 156, 188."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

# First rows of four circulants A, B, C, D of order n / 4 with AA' + BB' + CC' + DD' = n I, found by the search that
# `python tests/reference/hadamard_rows.py` repeats.
# 156: of the 2^14 rows of length 39 that begin with + and that multiplying the positions by 16 leaves as they are, the
# first found in a search that matches sums of two periodic autocorrelations with sums of two others.
# 188: Turyn-type sequences X, Y, Z (16 long) and W (15 long) with N_X + N_Y + 2 N_Z + 2 N_W = 0, N the autocorrelation
# at every shift but 0, found by matching N_X + N_Y of all pairs with x_i y_i x_(15-i) y_(15-i) = -1 for i > 0 against
# all W and Z; then the T-sequences of length 47 (Z, 0, 0), (0, W, 0), (0, 0, (X + Y) / 2), (0, 0, (X - Y) / 2), summed
# with the signs of a Hadamard matrix of order 4: Turyn, R. J. (1974), Hadamard matrices, Baumert-Hall units,
# four-symbol sequences, pulse compression, and surface wave encodings, J. Combin. Theory A 16, 313-333.
_FIRST_ROWS = {
    156: (
        "++++-+++-+-----++-+---+----+----+-+--+-",
        "+---+-+---+-+-++-++----+-+---++----++-+",
        "+++++++--++----++-+---+--+-+----+------",
        "++++-+--++-+++--+--++-+---+++-+++---+--",
    ),
    188: (
        "-++-+---+++++++++-+-+++---++-+++---+--+--+-+-++",
        "+--+-+++--------+-+-+++---++-+++-++---+++--+--+",
        "+--+-+++---------+-+---+++--+--+---+--+--+-+-++",
        "+--+-+++--------+-+-+++---++-++-+--+++---++-++-",
    ),
}

ORDERS = frozenset(_FIRST_ROWS)
"""The orders this module knows."""


def goethals_seidel(n: int) -> IntArray:
    """Return a Hadamard matrix of order n from four circulants.

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
    Goethals, J. M. and Seidel, J. J. (1967), Orthogonal matrices with zero diagonal, Canad. J. Math. 19, 1001-1010:
    with R the matrix that reverses the order, circulants X and Y satisfy X (Y R)' = Y R X', so that the blocks off the
    diagonal of HH' cancel though the circulants are not symmetric.
    """
    rows = np.array([[1 if sign == "+" else -1 for sign in row] for row in _FIRST_ROWS[n]], dtype=np.int64)
    shift = np.arange(n // 4)
    a, b, c, d = (row[(shift[None, :] - shift[:, None]) % (n // 4)] for row in rows)
    # Reversing the columns is multiplying by R from the right.
    br, cr, dr = (m[:, ::-1] for m in (b, c, d))
    tb, tc, td = (m.T[:, ::-1] for m in (b, c, d))
    return np.block([[a, br, cr, dr], [-br, a, -td, tc], [-cr, td, a, -tb], [-dr, -tc, tb, a]])
