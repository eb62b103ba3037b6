"""Standard errors that hold when the error variance differs from trial to trial: HC3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.alerts import listed
from qim_stats.model.fit import Fit

Array = npt.NDArray[np.float64]
_FREE = 1e-10  # as little of a trial as this is left to its residual: the model fits it exactly


@dataclass(frozen=True)
class RobustCovariance:
    """A covariance of the coefficients, or the reason why there is none.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, p), or None
        In the square of the response's unit.
    reason : str
        How it was made, or why it cannot be had, as a sentence.
    """

    matrix: Array | None
    reason: str

    @property
    def std_error(self) -> Array | None:
        """Standard errors of the p coefficients."""
        return None if self.matrix is None else np.sqrt(np.diag(self.matrix))


def hc3(fit: Fit) -> RobustCovariance:
    """Estimate the covariance of the coefficients without supposing equal error variances.

    Parameters
    ----------
    fit : Fit
        A fit of n trials by p coefficients, weighted or not.

    Returns
    -------
    RobustCovariance
        Without a matrix when some trial has leverage 1: its residual is zero whatever its error, so nothing is known
        of that.

    Notes
    -----
    (X'WX)^-1 X' diag(u²) X (X'WX)^-1 with u = w e / (1 - h): MacKinnon and White (1985), Journal of Econometrics 29,
    305-325, there HC3 in its usual form (Long and Ervin 2000, American Statistician 54, 217-224). Equal to R's
    ``sandwich::vcovHC(type = "HC3")``; test with t and n - p degrees of freedom.
    """
    left = 1.0 - fit.leverage
    exact = np.flatnonzero(left < _FREE)
    if len(exact):
        rows = listed([str(int(row) + 1) for row in exact])
        reason = (
            f"The model fits {len(exact)} of the {fit.n} trials exactly (leverage 1; usable trial {rows}), so their "
            "errors are unknown and there are no HC3 standard errors."
        )
        return RobustCovariance(None, reason)
    weighted = fit.residuals if fit.weights is None else fit.weights * fit.residuals
    influence = (fit.model.matrix * (weighted / left)[:, None]) @ fit.unscaled
    return RobustCovariance(
        influence.T @ influence, "HC3 standard errors, which allow for error variances that differ between trials."
    )
