"""The evidence of the data for every set of active factors: the numerical heart of Box and Meyer's analysis.

A model is a set of active factors: the columns of their main effects and of all their interactions up to some order,
each coefficient N(0, g² sigma²), the mean and log sigma with flat priors. Block columns are in every model with
the same prior as effects (as in the R package BsMD). With the mean projected out of the columns Z and of y,

    A = Z'Z + I / g²        Q = y'y - y'Z A^-1 Z'y
    log evidence = -t log g - log |A| / 2 - (n - 1) / 2 log Q        t the number of columns of Z

up to a constant (Box and Meyer 1993). One Cholesky factor of the matrix [[A, Z'y], [y'Z, y'y]] gives both: its
last diagonal element is the root of Q, the others that of |A|. Models of one size are factored together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
_CHUNK = 4_000_000  # bytes of columns held at once: fits the caches, and bounds memory whatever the number of models
_ROWS = 4_096  # runs whose columns are held at once


@dataclass(frozen=True)
class SizeClass:
    """All models of one number of active factors.

    Parameters
    ----------
    members : ndarray of intp, shape (models, size)
        Positions of the active factors, ascending.
    log_evidence : ndarray of float64, shape (gs, models)
        For each value of g, up to a constant that all models and all values of g share.
    sigma2 : ndarray of float64, shape (gs, models)
        Q / (n - 1), in the response's squared unit.
    """

    members: Index
    log_evidence: Array
    sigma2: Array


def evidence(
    x: Array, y: Array, blocks: Array, *, max_factors: int, max_order: int, gs: tuple[float, ...]
) -> list[SizeClass]:
    """Compute the evidence of every set of up to ``max_factors`` active factors.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Coded -1/0/+1.
    y : ndarray of float64, shape (n,)
        The response; not constant.
    blocks : ndarray of float64, shape (n, b)
        Block columns; b may be 0.
    max_factors, max_order : int
        As in ``BoxMeyerOptions``, at most k.
    gs : tuple of float
        Values of g; the columns are multiplied once for all of them.

    Returns
    -------
    list of SizeClass
        For 0, 1, ..., ``max_factors`` active factors.
    """
    n, k = x.shape
    words = [word for order in range(1, max_order + 1) for word in combinations(range(k), order)]
    centred = y - y.mean()
    scale = float(np.sqrt(centred @ centred))
    rows = _rows(x, blocks, centred / scale, words)
    place = {word: blocks.shape[1] + i for i, word in enumerate(words)}
    classes = []
    for size in range(max_factors + 1):
        members = np.array(list(combinations(range(k), size)), dtype=np.intp).reshape(comb(k, size), size)
        columns = _columns(members, place, k, blocks.shape[1], max_order, last=len(rows) - 1)
        log_evidence, q = _factored(rows, columns, n - 1, gs)
        classes.append(SizeClass(members, log_evidence, q * scale**2 / (n - 1)))
    return classes


def _rows(x: Array, blocks: Array, y: Array, words: list[tuple[int, ...]]) -> Array:
    """Return block, effect and response columns, centred, one per row; few numbers each, with the same inner products.

    With more runs than columns, the runs are replaced by a square root of the columns' Gram matrix.
    """

    def build(part: slice) -> Array:
        columns = np.empty((blocks.shape[1] + len(words) + 1, len(y[part])))
        columns[: blocks.shape[1]] = blocks[part].T
        factors = np.ascontiguousarray(x[part].T)
        for i, word in enumerate(words, start=blocks.shape[1]):
            columns[i] = factors[word[0]]
            for j in word[1:]:
                columns[i] *= factors[j]
        columns[-1] = y[part]
        return columns

    n, total = len(y), blocks.shape[1] + len(words) + 1
    if n <= max(total, _ROWS):
        columns = build(slice(None))
        columns -= columns.mean(axis=1, keepdims=True)
        if n <= total:
            return columns
        gram = columns @ columns.T
    else:
        gram, sums = np.zeros((total, total)), np.zeros(total)
        for start in range(0, n, _ROWS):
            columns = build(slice(start, start + _ROWS))
            gram += columns @ columns.T
            sums += columns.sum(axis=1)
        gram -= np.outer(sums, sums) / n
    values, vectors = np.linalg.eigh(gram)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), dtype=np.float64)


def _columns(
    members: Index, place: dict[tuple[int, ...], int], k: int, blocks: int, max_order: int, *, last: int
) -> Index:
    """Return which rows of ``_rows`` each model takes: blocks, effects of its factors, the response."""
    models, size = members.shape
    parts = [np.tile(np.arange(blocks, dtype=np.intp), (models, 1))]
    for order in range(1, min(max_order, size) + 1):
        where = np.zeros((k,) * order, dtype=np.intp)
        for word in combinations(range(k), order):
            where[word] = place[word]
        chosen = np.array(list(combinations(range(size), order)), dtype=np.intp)
        parts.append(where[tuple(members[:, chosen[:, j]] for j in range(order))])
    parts.append(np.full((models, 1), last, dtype=np.intp))
    return np.hstack(parts)


def _factored(rows: Array, columns: Index, df: int, gs: tuple[float, ...]) -> tuple[Array, Array]:
    """Return the log evidence and Q / y'y, each of shape (gs, models)."""
    models, width = columns.shape
    t = width - 1
    log_evidence, q = np.empty((len(gs), models)), np.empty((len(gs), models))
    step = max(1, _CHUNK // (8 * width * max(width, rows.shape[1])))
    diagonal = np.arange(t)
    for start in range(0, models, step):
        part = slice(start, start + step)
        taken = rows[columns[part]]
        gram = taken @ taken.transpose(0, 2, 1)
        bare = gram[:, diagonal, diagonal].copy()
        for i, g in enumerate(gs):
            gram[:, diagonal, diagonal] = bare + 1.0 / g**2
            roots = np.linalg.cholesky(gram).diagonal(axis1=1, axis2=2)
            log_det = 2.0 * np.log(roots[:, :t]).sum(axis=1)
            q[i, part] = roots[:, t] ** 2
            log_evidence[i, part] = -t * np.log(g) - 0.5 * log_det - df * np.log(roots[:, t])
    return log_evidence, q
