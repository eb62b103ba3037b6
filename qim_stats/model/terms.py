"""The table of terms: estimates with standard errors, tests and confidence limits, as broom's ``tidy``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import t_quantile, t_two_sided
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.model.multiplicity import Adjustment, adjust_p_values
from qim_stats.model.simultaneous import max_t

Array = npt.NDArray[np.float64]


def term_table(
    fit: Fit,
    error: ErrorEstimate,
    *,
    confidence: float,
    adjust: Adjustment,
    covariance: Array | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Tabulate the coefficients of a model.

    Parameters
    ----------
    fit : Fit
        p coefficients, those included that the trials do not determine.
    error : ErrorEstimate
        Where their standard errors come from.
    confidence : float
        Of the limits.
    adjust : {"holm", "bh", "max-t", "none"}
        Over the terms made of factors; the intercept, blocks and covariates are not tests of a factor.
    covariance : ndarray of float64, shape (q, q), optional
        Of the q estimated coefficients, such as a robust one. It replaces sigma² times the inverse of X'X, and tests
        are t with the residual degrees of freedom.
    seed : int
        Of simulated simultaneous limits.

    Returns
    -------
    DataFrame, shape (p, 12)
        ``term, estimate, std_error, statistic, df, p_value, p_adjusted, conf_low, conf_high, effect,
        conf_low_simultaneous, conf_high_simultaneous``; estimate and limits in the response's unit per coded step,
        ``effect`` = high minus low = twice the coefficient. The simultaneous limits hold for all terms made of factors
        together. NaN where there is no error estimate, no meaning, or the trials do not determine the coefficient.

    Notes
    -----
    With a pseudo standard error, its contrasts are tested, and their limits set, by the simulated null distribution;
    other terms (intercept, blocks) by t with its degrees of freedom.
    """
    names = list(fit.model.names)
    coded = np.zeros(len(names), dtype=bool)
    for term in fit.model.terms:
        coded[term.start : term.stop] = term.coded
    tested = _test(fit, error, coded, confidence=confidence, adjust=adjust, covariance=covariance, seed=seed)
    estimate = fit.coefficients
    table = pd.DataFrame(
        {
            "term": names,
            "estimate": estimate,
            "std_error": tested.std_error,
            "statistic": tested.statistic,
            "df": tested.df,
            "p_value": tested.p_value,
            "p_adjusted": tested.p_adjusted,
            "conf_low": estimate - tested.margin,
            "conf_high": estimate + tested.margin,
            "effect": np.where(coded, 2.0 * estimate, np.nan),
            "conf_low_simultaneous": estimate - tested.simultaneous_margin,
            "conf_high_simultaneous": estimate + tested.simultaneous_margin,
        }
    )
    return _with_dropped(table, fit)


@dataclass(frozen=True)
class _Tests:
    """Standard errors, tests and margins of q coefficients; NaN where there are none."""

    df: float
    std_error: Array
    statistic: Array
    p_value: Array
    p_adjusted: Array
    margin: Array
    simultaneous_margin: Array


def _test(
    fit: Fit,
    error: ErrorEstimate,
    coded: npt.NDArray[np.bool_],
    *,
    confidence: float,
    adjust: Adjustment,
    covariance: Array | None,
    seed: int,
) -> _Tests:
    none = np.full(len(coded), math.nan)
    robust = covariance is not None
    df = (float(fit.df_resid) if fit.df_resid else None) if robust else error.df
    if covariance is None and error.sigma is not None:
        covariance = error.sigma**2 * fit.unscaled
    if covariance is None or df is None:
        return _Tests(math.nan, none, none, none, none, none, none)
    null = None if robust else error.null
    std_error = np.sqrt(np.diag(covariance))
    # An exactly fitted coefficient may have a robust standard error of zero: it has no test.
    statistic = np.divide(fit.coefficients, std_error, out=none.copy(), where=std_error > 0.0)
    p_value = t_two_sided(statistic, df)
    margin = t_quantile((1.0 + confidence) / 2.0, df) * std_error
    if null is not None:
        simulated = np.array([name in error.contrasts for name in fit.model.names])
        p_value[simulated] = null.p_individual(statistic[simulated])
        margin[simulated] = null.margin(confidence) * std_error[simulated]
    together, p_together = none.copy(), none.copy()
    family = coded & np.isfinite(statistic)
    if null is not None and all(name in error.contrasts for name in np.array(fit.model.names)[family]):
        p_together[family] = null.p_simultaneous(statistic[family])
        together[family] = null.simultaneous_margin(confidence) * std_error[family]
    elif family.any():
        largest = max_t(statistic[family], covariance[np.ix_(family, family)], df, seed=seed)
        p_together[family] = largest.p_values(statistic[family])
        together[family] = largest.margin(confidence) * std_error[family]
    p_adjusted = none.copy()
    p_adjusted[family] = p_together[family] if adjust == "max-t" else adjust_p_values(p_value[family], adjust)
    return _Tests(df, std_error, statistic, p_value, p_adjusted, margin, together)


def _with_dropped(table: pd.DataFrame, fit: Fit) -> pd.DataFrame:
    """Add a row without numbers for each coefficient that the trials do not determine, where the formula has it."""
    if not fit.dropped:
        return table
    names = list(table["term"])
    for dropped in fit.dropped:
        names.insert(dropped.position, dropped.name)
    whole = table.set_index("term").reindex(names)
    return whole.reset_index(names="term")
