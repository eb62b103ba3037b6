"""Rebuilding the spare columns of an orthogonal two-level design from the columns that are known.

The unused columns of a Plackett-Burman design are seldom written down. They are -1/+1 vectors orthogonal to every
known column, so they lie in the orthogonal complement of those; a vector of an m-dimensional space is fixed by its
values on m suitable rows, which leaves 2^m sign patterns to try. With few factors several sets of columns fit; then
none is chosen, as the answer would depend on the choice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MAX_DIMENSION = 16
_TOLERANCE = 1e-6


def complete(columns: Array) -> Array | None:
    """Complete orthogonal columns by -1/+1 columns to a full orthogonal set.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, q)
        Mutually orthogonal columns, the constant among them.

    Returns
    -------
    ndarray of float64, shape (n, n - q), or None
        The mutually orthogonal -1/+1 columns that are orthogonal to the given ones, each -1 in the last row. None when
        there is no such set, more than one, or when more than 16 columns would have to be found.
    """
    from scipy import linalg

    n, q = columns.shape
    dimension = n - q
    if not 0 < dimension <= MAX_DIMENSION:
        return None
    found = _sign_vectors(linalg.null_space(columns.T))
    if len(found) != dimension or np.abs(found @ found.T - n * np.eye(dimension)).max() > 0.5:
        return None
    return found.T.copy()


def _sign_vectors(basis: Array) -> Array:
    """Return all -1/+1 vectors in the span of the basis, one of each pair v, -v, in a fixed order."""
    from scipy import linalg

    dimension = basis.shape[1]
    rows = linalg.qr(basis.T, mode="r", pivoting=True)[1][:dimension]
    patterns = 1.0 - 2.0 * ((np.arange(2 ** (dimension - 1))[:, None] >> np.arange(dimension)) & 1)
    vectors = patterns @ np.linalg.inv(basis[rows]).T @ basis.T
    found = np.rint(vectors[(np.abs(np.abs(vectors) - 1.0) < _TOLERANCE).all(axis=1)])
    found = found * -found[:, -1:]
    return np.asarray(found[np.lexsort(found.T[::-1])], dtype=np.float64)
