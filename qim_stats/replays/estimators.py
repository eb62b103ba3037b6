"""What a method makes of a study's trials: a score for each factor and, where it can tell, how sure it is.

An estimator takes many studies at once; any callable with the signature of ``Estimator`` is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qim_stats.ranks.bounds import RankBounds

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """What an estimator says of s studies of k factors; what it does not say is None.

    Parameters
    ----------
    score : ndarray of float64, shape (s, k)
        The larger, the more a factor matters; NaN counts as least.
    sign : ndarray of float64, shape (s, k), optional
        -1 or +1: whether the response falls or rises from low to high; 0 where it is not told.
    p_larger : ndarray of float64, shape (s, k, k), optional
        ``[., i, j]``: claimed probability that |effect i| exceeds |effect j|.
    p_top3 : ndarray of float64, shape (s, k), optional
        Claimed probability of being among the first three.
    p_top3_set : ndarray of float64, shape (s,), optional
        Claimed probability that the three of largest score are the first three.
    marginal, simultaneous : RankBounds, optional
        Rank intervals, arrays of shape (s, k): each to hold its factor's rank, and all of a study to hold all ranks.
    """

    score: Array
    sign: Array | None = None
    p_larger: Array | None = None
    p_top3: Array | None = None
    p_top3_set: Array | None = None
    marginal: RankBounds | None = None
    simultaneous: RankBounds | None = None


class Estimator(Protocol):
    """How a method's answer is asked for."""

    def __call__(self, x: Array, y: Array, /) -> Estimates:
        """Estimate.

        Parameters
        ----------
        x : ndarray of float64, shape (s, n, k)
            Settings coded -1/+1 of the n trials of each of s studies.
        y : ndarray of float64, shape (s, n)
            Responses.

        Returns
        -------
        Estimates
            Study by study, from nothing but that study's own trials.
        """


def raw(x: Array, y: Array) -> Estimates:
    """Score factors by their raw contrasts: |mean at high - mean at low|, as in QIM.

    Parameters
    ----------
    x, y
        As of ``Estimator``.

    Returns
    -------
    Estimates
        Scores and signs; a factor with one level alone has no contrast (NaN).
    """
    high = x > 0.0
    count = high.sum(axis=1)
    total = np.einsum("sn,snk->sk", y, high)
    with np.errstate(invalid="ignore", divide="ignore"):
        contrast = total / count - (y.sum(axis=1)[:, None] - total) / (y.shape[1] - count)
    return Estimates(np.abs(contrast), np.sign(np.nan_to_num(contrast)))


def least_squares(x: Array, y: Array) -> Estimates:
    """Score factors by |coefficient| of a least squares fit of the mean and all main effects.

    Parameters
    ----------
    x, y
        As of ``Estimator``.

    Returns
    -------
    Estimates
        Scores and signs. Where the trials do not tell all effects apart, the solution of least norm, which divides an
        effect among the factors that share it.
    """
    centered = x - x.mean(axis=1, keepdims=True)
    gram = centered.transpose(0, 2, 1) @ centered
    right = centered.transpose(0, 2, 1) @ y[:, :, None]
    coefficients = (np.linalg.pinv(gram, rcond=1e-9, hermitian=True) @ right)[:, :, 0]
    return Estimates(np.abs(coefficients), np.sign(coefficients))
