"""Adjusting p-values for the number of tests."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Adjustment = Literal["holm", "bh", "none"]
Array = npt.NDArray[np.float64]


def adjust_p_values(p_values: Array, method: Adjustment) -> Array:
    """Adjust p-values as R's ``p.adjust``.

    Parameters
    ----------
    p_values : ndarray of float64, shape (m,)
        Raw p-values of one family of tests.
    method : {"holm", "bh", "none"}
        ``"holm"`` (Holm 1979, Scandinavian Journal of Statistics 6, 65-70) bounds the chance of any false claim;
        ``"bh"`` (Benjamini and Hochberg 1995, JRSS B 57, 289-300) the expected share of false ones.

    Returns
    -------
    ndarray of float64, shape (m,)
        Adjusted p-values in the same order.
    """
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(m)
    if method == "holm":
        scaled = p_values[order] * (m - np.arange(m))
        adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    elif method == "bh":
        scaled = p_values[order] * m / (np.arange(m) + 1.0)
        adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    else:
        adjusted[:] = p_values
    return adjusted
