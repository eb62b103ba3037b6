"""An order of the trials that depends on what was measured alone, for reshuffling responses with a seed.

A sampled permutation test gives the same p-value for the same study, however its table is written, only if the trials
stand in an order that rows, names, levels and units do not change. The responses give one, but rounded ones tie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_DIGITS = 9
_MOST_PRODUCTS = 10_000_000  # numbers in the columns of all two-factor interactions, twice


def row_order(y: Array, x: Array, blocks: Sequence[object]) -> list[Indices]:
    """Order the trials of each block, and the blocks.

    Parameters
    ----------
    y : ndarray of float64, shape (n,)
        The response.
    x : ndarray of float64, shape (n, k)
        A column per factor; the sign of a column, and the order of columns, do not matter.
    blocks : sequence of n labels
        Trials with the same label make a block; the labels themselves do not matter.

    Returns
    -------
    list of ndarray of int
        The rows of each block by ascending response, or by descending one where the responses lean that way, so that
        an error rate orders the trials as the accuracy does, unless its values are symmetric. Equal responses are
        ordered by what main effects, then two-factor interactions, make of their settings; where these are equal too
        (effects of the same size), by the settings. Blocks stand by their responses, then by their settings.
    """
    x = np.round(x / (float(np.abs(x).max(initial=0.0)) or 1.0), _DIGITS)
    centred = y - math.fsum(y) / len(y)
    size = float(np.abs(centred).max(initial=0.0)) or 1.0
    lean = round(math.fsum((centred / size) ** 3), _DIGITS)
    turned = -y if lean < 0.0 else y
    response = -centred if lean < 0.0 else centred
    # Odd functions of the contrasts: a factor whose levels are swapped changes both its column and its contrast.
    scores = [_score(x, response)]
    if len(set(y.tolist())) < len(y) and x.shape[1] * x.size <= _MOST_PRODUCTS:
        i, j = np.triu_indices(x.shape[1], 1)
        scores.insert(0, _score(x[:, i] * x[:, j], response))
    ordered = np.lexsort((*x.T, *scores, turned))
    members: dict[object, list[int]] = {}
    for row in ordered.tolist():
        members.setdefault(blocks[row], []).append(row)
    rows = [np.array(found, dtype=np.intp) for found in members.values()]
    return sorted(rows, key=lambda found: (turned[found].tolist(), x[found].tolist()))


def _score(columns: Array, response: Array) -> Array:
    contrasts = columns.T @ response
    contrasts = np.round(contrasts / (float(np.abs(contrasts).max(initial=0.0)) or 1.0), _DIGITS)
    return np.round(columns @ (contrasts * np.abs(contrasts)), _DIGITS)
