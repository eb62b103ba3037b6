"""Adjusting p-values for the number of tests."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Adjustment = Literal["holm", "bh", "max-t", "none"]
Array = npt.NDArray[np.float64]


def adjust_p_values(p_values: Array, method: Adjustment) -> Array:
    """Adjust p-values as R's ``p.adjust``.

    Parameters
    ----------
    p_values : ndarray of float64, shape (..., m)
        Raw p-values of one family of tests, or of many families.
    method : {"holm", "bh", "max-t", "none"}
        ``"holm"`` (Holm 1979, Scandinavian Journal of Statistics 6, 65-70) bounds the chance of any false claim;
        ``"bh"`` (Benjamini and Hochberg 1995, JRSS B 57, 289-300) the expected share of false ones.
        ``"max-t"`` needs the joint distribution of the statistics, which ``simultaneous.max_t`` has.

    Returns
    -------
    ndarray of float64, shape (..., m)
        Adjusted p-values in the same order.

    Raises
    ------
    ValueError
        For ``"max-t"``.
    """
    if method == "max-t":
        raise ValueError("p-values alone do not determine max-t adjusted ones")
    m = p_values.shape[-1]
    order = np.argsort(p_values, axis=-1, kind="stable")
    raw = np.take_along_axis(p_values, order, axis=-1)
    if method == "holm":
        ordered = np.minimum(np.maximum.accumulate(raw * (m - np.arange(m)), axis=-1), 1.0)
    elif method == "bh":
        scaled = raw * m / (np.arange(m) + 1.0)
        ordered = np.minimum(np.minimum.accumulate(scaled[..., ::-1], axis=-1)[..., ::-1], 1.0)
    else:
        ordered = raw
    adjusted = np.empty(p_values.shape)
    np.put_along_axis(adjusted, order, ordered, axis=-1)
    return adjusted
