"""Linear least squares: as exact as an orthogonal decomposition, and where columns are near orthogonal much faster.

Columns coded -1/+1 have whole-number products, so X'X is exact and its Cholesky factor is the R of a QR decomposition;
one step of iterative refinement then gives what QR gives (corrected seminormal equations: Bjorck 1987, Linear Algebra
and its Applications 88/89, 31-48). Ill-conditioned columns, as natural units make them, go through QR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RANK_TOLERANCE = 1e-7  # as R's lm
_NEAR_ORTHOGONAL = 300.0  # condition number, per column, up to which the square of it costs no more than 1e-10
_ROWS = 8192  # rows handled at a time, to stay within the processor's cache


@dataclass(frozen=True)
class Solution:
    """The least-squares solution of X b = y for n rows and p independent columns.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (p,)
        b.
    inverse : ndarray of float64, shape (p, p)
        Inverse of the upper triangular R with R'R = X'X.
    scores : ndarray of float64, shape (p,)
        Q'y: their squares are the sequential sums of squares of the columns.
    fitted, leverage : ndarray of float64, shape (n,)
        X b, and the diagonal of the hat matrix.
    """

    coefficients: Array
    inverse: Array
    scores: Array
    fitted: Array
    leverage: Array


def solve(x: Array, y: Array) -> Solution | None:
    """Solve a least-squares problem.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        The columns.
    y : ndarray of float64, shape (n,)
        The right-hand side.

    Returns
    -------
    Solution or None
        None when a column is a linear combination of columns before it.
    """
    if x.shape[1] > x.shape[0]:
        return None
    inverse = _by_products(x)
    if inverse is None:
        return _by_qr(x, y)
    b = inverse @ (inverse.T @ (x.T @ y))
    b += inverse @ (inverse.T @ (x.T @ (y - x @ b)))
    leverage = np.empty(len(y))
    for start in range(0, len(y), _ROWS):
        part = x[start : start + _ROWS] @ inverse
        leverage[start : start + _ROWS] = np.einsum("ij,ij->i", part, part)
    scores = np.asarray(np.linalg.solve(inverse, b), dtype=np.float64)
    return Solution(b, inverse, scores, x @ b, leverage)


def independent_columns(x: Array) -> list[int]:
    """Return the columns that are not linear combinations of columns before them.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        The columns.

    Returns
    -------
    list of int
        In order. A column counts as dependent when less than 1e-7 of its length is left after projection on those
        before it, as R's ``lm`` decides.
    """
    n, p = x.shape
    if p <= n:
        # Most often all are independent, which one decomposition tells.
        lengths = np.maximum(np.linalg.norm(x, axis=0), 1e-300)
        if (np.abs(np.diag(np.linalg.qr(x, mode="r"))) >= RANK_TOLERANCE * lengths).all():
            return list(range(p))
    kept: list[int] = []
    basis = np.empty((n, min(n, p)), order="F")
    for column in range(x.shape[1]):
        length = float(np.linalg.norm(x[:, column]))
        if not length or len(kept) == basis.shape[1]:
            continue
        rest = x[:, column] / length
        done = basis[:, : len(kept)]
        for _ in range(2):  # twice is enough (Giraud, Langou and Rozloznik 2005)
            rest = rest - done @ (done.T @ rest)
        left = float(np.linalg.norm(rest))
        if left >= RANK_TOLERANCE:
            basis[:, len(kept)] = rest / left
            kept.append(column)
    return kept


def combination(x: Array, column: int, kept: list[int]) -> list[tuple[int, float]]:
    """Write a dependent column as a combination of the kept columns before it.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        The columns.
    column : int
        The dependent one.
    kept : list of int
        Those that are independent.

    Returns
    -------
    list of (int, float)
        Columns and their weights, those without weight left out.
    """
    before = [c for c in kept if c < column]
    lengths = np.linalg.norm(x[:, before], axis=0)
    weights = np.linalg.lstsq(x[:, before] / lengths, x[:, column], rcond=None)[0]
    scale = max(float(np.linalg.norm(x[:, column])), 1e-300)
    found = zip(before, weights, lengths, strict=True)
    return [(c, float(w / length)) for c, w, length in found if abs(w) > RANK_TOLERANCE * scale]


def _by_products(x: Array) -> Array | None:
    """Return R's inverse from X'X; None where that would cost accuracy."""
    products = x.T @ x
    lengths = np.sqrt(np.diag(products))
    if not np.isfinite(lengths).all() or not lengths.all():
        return None
    try:
        upper = np.linalg.cholesky(products / np.outer(lengths, lengths)).T
        inverse = np.linalg.inv(upper)
    except np.linalg.LinAlgError:
        return None
    if np.linalg.norm(upper) * np.linalg.norm(inverse) > _NEAR_ORTHOGONAL * len(lengths):
        return None
    return np.asarray(inverse / lengths[:, None], dtype=np.float64)


def _by_qr(x: Array, y: Array) -> Solution | None:
    lengths = np.linalg.norm(x, axis=0)
    if not lengths.all():
        return None
    q, r = np.linalg.qr(x / lengths)
    if (np.abs(np.diag(r)) < RANK_TOLERANCE).any():
        return None
    inverse = np.linalg.inv(r) / lengths[:, None]
    scores = q.T @ y
    return Solution(inverse @ scores, inverse, scores, q @ scores, np.einsum("ij,ij->i", q, q))
