"""Ordinary least squares with R's numbers. The only file that touches statsmodels.

statsmodels returns a minimum-norm solution for aliased terms and infinite standard errors for a saturated model; here
the first is refused with the names of the terms, and the second is told as "no residual degrees of freedom".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.distributions import f_upper
from qim_stats.errors import FormulaError
from qim_stats.model.formula import INTERCEPT, ModelMatrix, Term

Array = npt.NDArray[np.float64]
_RANK_TOLERANCE = 1e-7  # as R's lm
_EXACT = 1e-10  # residual SD relative to the response's below which a fit is rounding error only


@dataclass(frozen=True)
class Fit:
    """A least-squares fit of n trials by p coefficients.

    Parameters
    ----------
    model : ModelMatrix
        What was fitted.
    y, fitted, residuals, leverage : ndarray of float64, shape (n,)
        Response, fitted values, residuals in the response's unit; diagonal of the hat matrix.
    coefficients : ndarray of float64, shape (p,)
        In the response's unit, for factors coded -1/+1.
    unscaled : ndarray of float64, shape (p, p)
        Inverse of X'X: the covariance of the coefficients divided by the error variance.
    term_ss : ndarray of float64, shape (terms,)
        Sequential (type I) sum of squares of each term but the intercept.
    log_lik : float or None
        None when the fit is exact.
    """

    model: ModelMatrix
    y: Array
    fitted: Array
    residuals: Array
    leverage: Array
    coefficients: Array
    unscaled: Array
    term_ss: Array
    log_lik: float | None

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.y)

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom, n - p."""
        return self.n - len(self.coefficients)

    @property
    def rss(self) -> float:
        """Residual sum of squares; exactly 0 for a saturated model."""
        return float(self.residuals @ self.residuals) if self.df_resid else 0.0

    @property
    def sigma(self) -> float | None:
        """Residual standard deviation; None when no degrees of freedom are left or the fit is exact."""
        if not self.df_resid:
            return None
        sigma = math.sqrt(self.rss / self.df_resid)
        return sigma if sigma > _EXACT * float(np.std(self.y)) else None

    @property
    def has_intercept(self) -> bool:
        """Whether the model has an intercept."""
        return INTERCEPT in self.model.names

    @property
    def model_terms(self) -> tuple[Term, ...]:
        """The terms but the intercept, as rows of the analysis of variance."""
        return tuple(term for term in self.model.terms if term.name != INTERCEPT)


def fit_ols(model: ModelMatrix, y: Array) -> Fit:
    """Fit a linear model by ordinary least squares.

    Parameters
    ----------
    model : ModelMatrix
        n rows and p columns.
    y : ndarray of float64, shape (n,)
        The response.

    Returns
    -------
    Fit
        Coefficients and what follows from them.

    Raises
    ------
    FormulaError
        If a term is a linear combination of terms before it; the message names both.
    """
    from statsmodels.regression.linear_model import OLS

    q, r = np.linalg.qr(model.matrix)
    _refuse_aliased(model, r)
    result = OLS(y, model.matrix, hasconst=INTERCEPT in model.names).fit(method="qr")
    residuals = np.asarray(result.resid, dtype=np.float64)
    inverse = np.linalg.inv(r)
    scores = q.T @ y
    terms = [term for term in model.terms if term.name != INTERCEPT]
    exact = len(y) == r.shape[1] or not residuals.any()
    return Fit(
        model=model,
        y=y,
        fitted=np.asarray(result.fittedvalues, dtype=np.float64),
        residuals=residuals,
        leverage=np.minimum((q * q).sum(axis=1), 1.0),
        coefficients=np.asarray(result.params, dtype=np.float64),
        unscaled=inverse @ inverse.T,
        term_ss=np.array([float(scores[t.start : t.stop] @ scores[t.start : t.stop]) for t in terms]),
        log_lik=None if exact else float(result.llf),
    )


def glance(fit: Fit, error_source: str) -> dict[str, float | int | str | None]:
    """Summarize a fit in one row, as broom's ``glance(lm(...))``.

    Parameters
    ----------
    fit : Fit
        The fit.
    error_source : str
        Where the standard errors of the terms come from; sigma and all else here are the residual ones, as in R.

    Returns
    -------
    dict
        ``n, df_resid, sigma, r_squared, adj_r_squared, f_statistic, f_p_value, log_lik, aic, bic, error_source``; None
        for what a saturated or exact fit does not have. AIC and BIC count sigma as a parameter, as R does.
    """
    centre = float(np.mean(fit.y)) if fit.has_intercept else 0.0
    total = float(((fit.y - centre) ** 2).sum())
    df_model = len(fit.coefficients) - int(fit.has_intercept)
    r_squared = 1.0 - fit.rss / total
    row: dict[str, float | int | str | None] = dict.fromkeys(
        ("adj_r_squared", "f_statistic", "f_p_value", "log_lik", "aic", "bic")
    )
    if fit.sigma is not None and fit.log_lik is not None:
        f_statistic = (total - fit.rss) / df_model / fit.sigma**2
        parameters = len(fit.coefficients) + 1
        row = {
            "adj_r_squared": 1.0 - (1.0 - r_squared) * (fit.n - int(fit.has_intercept)) / fit.df_resid,
            "f_statistic": f_statistic,
            "f_p_value": f_upper(f_statistic, df_model, fit.df_resid),
            "log_lik": fit.log_lik,
            "aic": -2.0 * fit.log_lik + 2.0 * parameters,
            "bic": -2.0 * fit.log_lik + math.log(fit.n) * parameters,
        }
    return {
        "n": fit.n,
        "df_resid": fit.df_resid,
        "sigma": fit.sigma,
        "r_squared": r_squared,
        **row,
        "error_source": error_source,
    }


def anova(fit: Fit) -> pd.DataFrame:
    """Analyze the variance sequentially (type I), as R's ``anova(lm(...))``.

    Parameters
    ----------
    fit : Fit
        The fit.

    Returns
    -------
    DataFrame
        ``term, df, sum_sq, mean_sq, statistic, p_value``; the last row is ``Residuals``. NaN where no residual degree
        of freedom is left to test against.
    """
    rows = []
    for term, sum_sq in zip(fit.model_terms, fit.term_ss, strict=True):
        df = term.stop - term.start
        mean_sq = float(sum_sq) / df
        statistic = math.nan if fit.sigma is None else mean_sq / fit.sigma**2
        p_value = f_upper(statistic, df, fit.df_resid) if fit.sigma is not None else math.nan
        rows.append((term.name, df, float(sum_sq), mean_sq, statistic, p_value))
    mean_sq = fit.rss / fit.df_resid if fit.df_resid else math.nan
    rows.append(("Residuals", fit.df_resid, fit.rss, mean_sq, math.nan, math.nan))
    return pd.DataFrame(rows, columns=["term", "df", "sum_sq", "mean_sq", "statistic", "p_value"])


def diagnostics(fit: Fit) -> pd.DataFrame:
    """Return what each trial contributes, as broom's ``augment(lm(...))``.

    Parameters
    ----------
    fit : Fit
        The fit.

    Returns
    -------
    DataFrame, shape (n, 5)
        ``.fitted, .resid, .std_resid, .hat, .cooksd``; NaN where a trial is fitted exactly (hat = 1) or no residual
        degree of freedom is left.
    """
    std_resid = np.full(fit.n, math.nan)
    cooksd = np.full(fit.n, math.nan)
    free = fit.leverage < 1.0 - _EXACT
    if fit.sigma is not None:
        spare = 1.0 - fit.leverage[free]
        std_resid[free] = fit.residuals[free] / (fit.sigma * np.sqrt(spare))
        cooksd[free] = std_resid[free] ** 2 * fit.leverage[free] / (spare * len(fit.coefficients))
    return pd.DataFrame(
        {
            ".fitted": fit.fitted,
            ".resid": fit.residuals,
            ".std_resid": std_resid,
            ".hat": fit.leverage,
            ".cooksd": cooksd,
        }
    )


def _refuse_aliased(model: ModelMatrix, r: Array) -> None:
    rows, columns = model.matrix.shape
    if columns > rows:
        raise FormulaError(
            f"the formula asks for {columns} coefficients from {rows} usable trials",
            where="formula",
            remedy="use fewer terms, or add trials",
        )
    lengths = np.linalg.norm(model.matrix, axis=0)
    dependent = np.flatnonzero(np.abs(np.diag(r)) < _RANK_TOLERANCE * np.maximum(lengths, 1e-300))
    if not len(dependent):
        return
    told = []
    for column in dependent[:6]:
        before = [c for c in range(column) if c not in dependent]
        weights = np.linalg.lstsq(model.matrix[:, before], model.matrix[:, column], rcond=None)[0]
        others = [repr(model.names[c]) for c, w in zip(before, weights, strict=True) if abs(w) > _RANK_TOLERANCE]
        told.append(f"{model.names[column]!r} with {listed(others) or 'a constant zero'}")
    more = f" and {len(dependent) - 6} more" if len(dependent) > 6 else ""
    raise FormulaError(
        f"terms are aliased and cannot be told apart in these {rows} trials: {'; '.join(told)}{more}",
        where="formula",
        remedy="leave one of each group out, or add trials that separate them",
    )
