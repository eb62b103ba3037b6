"""The order in which trials are run: at random within blocks, with center points spread over each block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def random_order(blocks: npt.NDArray[np.int64], centers: npt.NDArray[np.bool_], seed: int) -> IntArray:
    """Draw the order of the trials at random within each block, the blocks one after the other.

    Parameters
    ----------
    blocks : ndarray of int64, shape (n,)
        The block of each trial.
    centers : ndarray of bool, shape (n,)
        Which trials are center points. They are not drawn: c of them stand evenly spaced from the first place of their
        block to the last, one alone in the middle, where a drift of the response shows best.
    seed : int
        The seed.

    Returns
    -------
    ndarray of int64, shape (n,)
        The place of each trial, 1 to n.

    Notes
    -----
    The first block is drawn first, so that a block added later leaves the order of the trials before it as it was.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    order = np.empty(len(blocks), dtype=np.int64)
    start = 1
    for block in np.unique(blocks):
        inside = blocks == block
        fixed, drawn = np.flatnonzero(inside & centers), np.flatnonzero(inside & ~centers)
        places = center_places(len(fixed), len(fixed) + len(drawn))
        order[fixed] = start + places
        order[drawn] = start + np.delete(np.arange(inside.sum()), places)[rng.permutation(len(drawn))]
        start += int(inside.sum())
    return order


def center_places(count: int, places: int) -> IntArray:
    """Return the evenly spaced places, from 0, of some of that many trials."""
    if count == 1:
        return np.array([(places - 1) // 2], dtype=np.int64)
    return np.rint(np.linspace(0, places - 1, count)).astype(np.int64)
