"""The global question: whether anything stands out, or all of it may be noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qim_stats.distributions import f_upper
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit


@dataclass(frozen=True)
class GlobalTest:
    """One test of all terms made of factors together.

    Parameters
    ----------
    statistic : float
        F, or the largest |t-ratio|.
    p_value : float
        The chance of such a statistic, or a larger one, if all of them were noise.
    method : str
        What was done, as a clause.
    """

    statistic: float
    p_value: float
    method: str


def global_test(fit: Fit, error: ErrorEstimate) -> GlobalTest | str:
    """Test whether any term made of factors differs from noise.

    Parameters
    ----------
    fit : Fit
        The model.
    error : ErrorEstimate
        Behind its standard errors.

    Returns
    -------
    GlobalTest or str
        Why there is none, as a clause, without an error estimate.

    Notes
    -----
    With an error estimate of known degrees of freedom, F = b' V^-1 b / (q sigma²) for the q coefficients b with
    covariance sigma² V. With a pseudo standard error, which does not follow a chi distribution, the largest |t-ratio|
    of the terms among its contrasts is referred to the simulated largest ratio of all m contrasts; this is strict when
    only some of the contrasts are in the model.
    """
    at = [c for term in fit.model.terms if term.coded for c in range(term.start, term.stop)]
    if error.sigma is None or error.df is None:
        return "there is no error estimate"
    if error.null is not None and error.scale is not None:
        at = [c for c in at if fit.model.names[c] in error.contrasts]
        if not at:
            return "no term of the model is among the contrasts of the pseudo standard error"
        ratios = fit.coefficients[at] / (error.sigma * np.sqrt(np.diag(fit.unscaled)[at]))
        largest = float(np.abs(ratios).max())
        p_value = float(error.null.p_simultaneous(np.array([largest]))[0])
        return GlobalTest(largest, p_value, f"the largest of {error.scale.m} t-ratios, simulated")
    estimates = fit.coefficients[at]
    q = len(at)
    explained = float(estimates @ np.linalg.solve(fit.unscaled[np.ix_(at, at)], estimates))
    statistic = explained / (q * error.sigma**2)
    return GlobalTest(statistic, f_upper(statistic, q, error.df), f"F on {q} and {error.df:g} degrees of freedom")
