"""Several responses of the same trials, by the same terms, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qim_stats.distributions import t_quantile, t_two_sided
from qim_stats.errors import TrialsError
from qim_stats.model.fit import Fit, fit_ols
from qim_stats.model.formula import default_formula, formula_for, model_matrix
from qim_stats.trials import Trials


@dataclass(frozen=True)
class ResponseFit:
    """A response with its trials and its fit."""

    response: str
    trials: Trials
    fit: Fit


def fit_responses(several: Sequence[Trials], formula: str | None = None) -> tuple[ResponseFit, ...]:
    """Fit the same terms to several responses.

    Parameters
    ----------
    several : sequence of Trials
        One per response, each read with its own response and direction; which trials are usable may differ.
    formula : str, optional
        Its right-hand side is used for every response; by default the main effects, blocks first.

    Returns
    -------
    tuple of ResponseFit
        In the order given.

    Raises
    ------
    TrialsError
        If a response comes twice.
    FormulaError
        If the formula cannot be fitted to one of them.
    """
    names = [trials.response for trials in several]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TrialsError(f"the response {twice!r} is there twice", where="--response", remedy="name it once")
    found = []
    for trials in several:
        right = default_formula(trials) if formula is None else formula_for(formula, trials)
        found.append(ResponseFit(trials.response, trials, fit_ols(model_matrix(right, trials), trials.y)))
    return tuple(found)


def tidy_responses(fits: Sequence[ResponseFit], *, confidence: float = 0.95) -> pd.DataFrame:
    """Return the coefficients of several fits, as broom's ``tidy(lm(cbind(...) ~ ...))``.

    Parameters
    ----------
    fits : sequence of ResponseFit
        The fits.
    confidence : float
        Of the limits.

    Returns
    -------
    DataFrame
        ``response, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, effect``, a row for each
        coefficient of each response, in that response's unit. Standard errors come from the residuals; NaN where a
        model leaves none. P-values are not adjusted for the number of responses.
    """
    return pd.concat([_tidy(found, confidence) for found in fits], ignore_index=True)


def _tidy(found: ResponseFit, confidence: float) -> pd.DataFrame:
    fit = found.fit
    coded = np.zeros(len(fit.coefficients), dtype=bool)
    for term in fit.model.terms:
        coded[term.start : term.stop] = term.coded
    unknown = np.full(len(coded), np.nan)
    std_error, p_value, margin = unknown, unknown, unknown
    if fit.sigma is not None:
        std_error = fit.sigma * np.sqrt(np.diag(fit.unscaled))
        p_value = t_two_sided(fit.coefficients / std_error, fit.df_resid)
        margin = t_quantile((1.0 + confidence) / 2.0, fit.df_resid) * std_error
    return pd.DataFrame(
        {
            "response": found.response,
            "term": fit.model.names,
            "estimate": fit.coefficients,
            "std_error": std_error,
            "statistic": fit.coefficients / std_error,
            "df": np.nan if fit.sigma is None else float(fit.df_resid),
            "p_value": p_value,
            "conf_low": fit.coefficients - margin,
            "conf_high": fit.coefficients + margin,
            "effect": np.where(coded, 2.0 * fit.coefficients, np.nan),
        }
    )
