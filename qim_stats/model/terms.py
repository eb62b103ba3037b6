"""The table of terms: estimates with standard errors, tests and confidence limits, as broom's ``tidy``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import t_quantile, t_two_sided
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.model.multiplicity import Adjustment, adjust_p_values

Array = npt.NDArray[np.float64]


def term_table(fit: Fit, error: ErrorEstimate, *, confidence: float, adjust: Adjustment) -> pd.DataFrame:
    """Tabulate the coefficients of a model.

    Parameters
    ----------
    fit : Fit
        p coefficients.
    error : ErrorEstimate
        Where their standard errors come from.
    confidence : float
        Of the limits.
    adjust : {"holm", "bh", "none"}
        Over the terms made of factors; the intercept, blocks and covariates are not tests of a factor.

    Returns
    -------
    DataFrame, shape (p, 10)
        ``term, estimate, std_error, statistic, df, p_value, p_adjusted, conf_low, conf_high, effect``; estimate and
        limits in the response's unit per coded step, ``effect`` = high minus low = twice the coefficient. NaN where
        there is no error estimate, or no meaning.

    Notes
    -----
    With a pseudo standard error, its contrasts are tested, and their limits set, by the simulated null distribution;
    other terms (intercept, blocks) by t with m/3 degrees of freedom.
    """
    names = list(fit.model.names)
    coded = np.zeros(len(names), dtype=bool)
    for term in fit.model.terms:
        coded[term.start : term.stop] = term.coded
    estimate = fit.coefficients
    std_error = np.full(len(names), np.nan)
    statistic, p_value, p_adjusted, margin = (std_error.copy() for _ in range(4))
    if error.sigma is not None and error.df is not None:
        std_error = error.sigma * np.sqrt(np.diag(fit.unscaled))
        statistic = estimate / std_error
        p_value = t_two_sided(statistic, error.df)
        margin = t_quantile((1.0 + confidence) / 2.0, error.df) * std_error
        if error.null is not None:
            simulated = np.array([name in error.contrasts for name in names])
            p_value[simulated] = error.null.p_individual(statistic[simulated])
            margin[simulated] = error.null.margin(confidence) * std_error[simulated]
        p_adjusted[coded] = adjust_p_values(p_value[coded], adjust)
    return pd.DataFrame(
        {
            "term": names,
            "estimate": estimate,
            "std_error": std_error,
            "statistic": statistic,
            "df": np.nan if error.df is None else error.df,
            "p_value": p_value,
            "p_adjusted": p_adjusted,
            "conf_low": estimate - margin,
            "conf_high": estimate + margin,
            "effect": np.where(coded, 2.0 * estimate, np.nan),
        }
    )
