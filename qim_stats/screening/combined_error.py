"""Pseudo and pure error combined: for designs that are saturated but for a few replicates or centre points.

Larntz, K. and Whitcomb, P. (1998), Use of replication in almost unreplicated factorials, 42nd Fall Technical Conference
of the American Society for Quality, weigh Lenth's PSE² and the variance of the replicates by their degrees of freedom,
m/3 and those of pure error. Their t approximation is conservative, as Lenth's own is, so the ratios are referred to
their simulated null distribution, for correlated contrasts with the correlation at hand (Edwards and Mee 2008, Journal
of Quality Technology 40, 368-380). The method "edwards-mee" also lets pure error into the first step, which decides
what counts as inert, as they propose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.lenth_null import LenthNull, NoiseScale, null_distribution
from qim_stats.screening.pseudo_errors import PseMethod

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CombinedError:
    """How the noise of m contrasts is estimated from them and from pure error.

    Parameters
    ----------
    names : tuple of str
        The m contrasts.
    matrix : ndarray of float64, shape (n, m)
        Weights of the trials in each contrast, with squares that sum to 1: a contrast has the standard deviation of one
        trial.
    scale : NoiseScale
        Their number, the pseudo standard error and the pure error's degrees of freedom.
    correlated : bool
        Whether the contrasts are not orthogonal.
    """

    names: tuple[str, ...]
    matrix: Array
    scale: NoiseScale
    correlated: bool

    def sigma(self, y: Array, pure: Array) -> Array:
        """Estimate the standard deviation of one trial.

        Parameters
        ----------
        y : ndarray of float64, shape (sets, n)
            Responses.
        pure : ndarray of float64, shape (sets,)
            Their pure-error variances.

        Returns
        -------
        ndarray of float64, shape (sets,)
            In the response's unit.
        """
        return self.scale.pool(y @ self.matrix, pure)

    def null(self, seed: int) -> LenthNull:
        """Return the simulated null distribution of contrast / sigma."""
        correlation = self.matrix.T @ self.matrix if self.correlated else None
        return null_distribution(self.scale.m, seed, self.scale.method, self.scale.pure_df, correlation)


def combine_errors(names: tuple[str, ...], weights: Array, pure_df: int, method: PseMethod) -> CombinedError:
    """Combine a pseudo standard error with pure error.

    Parameters
    ----------
    names : tuple of str
        m contrasts.
    weights : ndarray of float64, shape (n, m)
        Linearly independent weights of the trials in each, in any scale, constant within replicates.
    pure_df : int
        Degrees of freedom of pure error.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error.

    Returns
    -------
    CombinedError
    """
    matrix = weights / np.sqrt((weights * weights).sum(axis=0))
    off = matrix.T @ matrix - np.eye(matrix.shape[1])
    scale = NoiseScale(matrix.shape[1], method, pure_df)
    return CombinedError(names, matrix, scale, bool(np.abs(off).max(initial=0.0) > 1e-9))
