"""Ordinary and weighted least squares with R's numbers.

Terms that are linear combinations of others are refused with their names, or on request dropped as R drops them; a
saturated model is told as "no residual degrees of freedom".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.distributions import f_upper
from qim_stats.errors import FormulaError
from qim_stats.model.formula import INTERCEPT, ModelMatrix, Term
from qim_stats.model.least_squares import combination, independent_columns, solve

Array = npt.NDArray[np.float64]
Aliased = Literal["refuse", "drop"]
_EXACT = 1e-10  # residual SD relative to the response's below which a fit is rounding error only


@dataclass(frozen=True)
class AliasedTerm:
    """A coefficient that the trials do not determine, where R shows NA.

    Parameters
    ----------
    name : str
        The coefficient.
    equals : str
        What its column equals in these trials, such as ``a:b - c``.
    position : int
        Its place among all coefficients of the formula.
    """

    name: str
    equals: str
    position: int

    @property
    def reason(self) -> str:
        """Why it is not estimated, as a clause."""
        return f"in these trials {self.name} equals {self.equals}"


@dataclass(frozen=True)
class Fit:
    """A least-squares fit of n trials by p coefficients.

    Parameters
    ----------
    model : ModelMatrix
        What was fitted; without the aliased columns when these were dropped.
    y, fitted, residuals, leverage : ndarray of float64, shape (n,)
        Response, fitted values, residuals in the response's unit (after the formula's transform of it); diagonal of
        the hat matrix.
    coefficients : ndarray of float64, shape (p,)
        In the response's unit, for factors coded -1/+1 or in the model's units.
    unscaled : ndarray of float64, shape (p, p)
        Inverse of X'WX: the covariance of the coefficients divided by the error variance.
    term_ss : ndarray of float64, shape (terms,)
        Sequential (type I) sum of squares of each term but the intercept.
    log_lik : float or None
        None when the fit is exact.
    weights : ndarray of float64, shape (n,), or None
        The error variance of a trial is sigma² / weight; None for equal weights of 1.
    dropped : tuple of AliasedTerm
        Coefficients that the formula asks for and the trials do not determine.
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
    weights: Array | None = None
    dropped: tuple[AliasedTerm, ...] = ()

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
        """Residual sum of squares, weighted if the fit is; exactly 0 for a saturated model."""
        scaled = self.scaled_residuals
        return float(scaled @ scaled) if self.df_resid else 0.0

    @property
    def scaled_residuals(self) -> Array:
        """Residuals times the root of the weights, which all have the variance sigma² (1 - leverage)."""
        return self.residuals if self.weights is None else self.residuals * np.sqrt(self.weights)

    @property
    def total_ss(self) -> float:
        """Sum of squares of the response about its (weighted) mean, without an intercept about zero."""
        weights = np.ones(self.n) if self.weights is None else self.weights
        centre = float(np.average(self.y, weights=weights)) if self.has_intercept else 0.0
        return float(weights @ (self.y - centre) ** 2)

    @property
    def sigma(self) -> float | None:
        """Residual standard deviation; None when no degrees of freedom are left or the fit is exact."""
        if not self.df_resid:
            return None
        sigma = math.sqrt(self.rss / self.df_resid)
        scale = 1.0 if self.weights is None else math.sqrt(float(np.mean(self.weights)))
        return sigma if sigma > _EXACT * scale * float(np.std(self.y)) else None

    @property
    def has_intercept(self) -> bool:
        """Whether the model has an intercept."""
        return INTERCEPT in self.model.names

    @property
    def model_terms(self) -> tuple[Term, ...]:
        """The terms but the intercept, as rows of the analysis of variance."""
        return tuple(term for term in self.model.terms if term.name != INTERCEPT)

    @property
    def all_names(self) -> tuple[str, ...]:
        """All coefficients of the formula in order, the dropped ones included."""
        names = list(self.model.names)
        for term in self.dropped:
            names.insert(term.position, term.name)
        return tuple(names)


def fit_ols(model: ModelMatrix, y: Array, *, weights: Array | None = None, aliased: Aliased = "refuse") -> Fit:
    """Fit a linear model by least squares.

    Parameters
    ----------
    model : ModelMatrix
        n rows and p columns.
    y : ndarray of float64, shape (n,)
        The response in its own unit; what the formula's left-hand side does to it is done here.
    weights : ndarray of float64, shape (n,), optional
        Positive; the error variance of a trial is sigma² / weight, as in R's ``lm(weights = )``.
    aliased : {"refuse", "drop"}
        What to do with a column that is a linear combination of columns before it: refuse the formula, or leave the
        column out as R does, keeping its name and the reason in ``dropped``.

    Returns
    -------
    Fit
        Coefficients and what follows from them.

    Raises
    ------
    FormulaError
        If a term is a linear combination of terms before it and none may be dropped; the message names both. If
        ``aliased`` is another word.
    """
    if aliased not in get_args(Aliased):
        raise FormulaError(f"{aliased!r} is not a choice", where="--aliased", remedy="one of refuse, drop")
    y = model.transform.forward(y)
    root = None if weights is None else np.sqrt(weights)
    x = model.matrix if root is None else model.matrix * root[:, None]
    scaled = y if root is None else y * root
    solution, dropped = solve(x, scaled), tuple[AliasedTerm, ...]()
    if solution is None:
        kept = independent_columns(x)
        if aliased == "refuse":
            raise _refusal(model, kept)
        dropped = _aliased_terms(model, kept)
        model = _keep(model, kept)
        solution = solve(np.asfortranarray(x[:, kept]), scaled)
    if solution is None or not len(solution.coefficients):
        raise FormulaError("no term of the formula can be estimated", where="formula", remedy="name another factor")
    fitted = solution.fitted if root is None else solution.fitted / root
    residuals = y - fitted
    exact = len(y) == len(solution.coefficients) or not residuals.any()
    scores = solution.scores
    return Fit(
        model=model,
        y=y,
        fitted=fitted,
        residuals=residuals,
        leverage=np.minimum(solution.leverage, 1.0),
        coefficients=solution.coefficients,
        unscaled=solution.inverse @ solution.inverse.T,
        term_ss=np.array(
            [float(scores[t.start : t.stop] @ scores[t.start : t.stop]) for t in model.terms if t.name != INTERCEPT]
        ),
        log_lik=None if exact else _log_likelihood(residuals, weights),
        weights=weights,
        dropped=dropped,
    )


def _log_likelihood(residuals: Array, weights: Array | None) -> float:
    """Return the largest normal log-likelihood, as R's ``logLik.lm``."""
    n = len(residuals)
    squares = residuals**2 if weights is None else weights * residuals**2
    of_weights = 0.0 if weights is None else float(np.log(weights).sum())
    return 0.5 * (of_weights - n * (math.log(2.0 * math.pi) + 1.0 - math.log(n) + math.log(float(squares.sum()))))


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
    total = fit.total_ss
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
        std_resid[free] = fit.scaled_residuals[free] / (fit.sigma * np.sqrt(spare))
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


def _refusal(model: ModelMatrix, kept: list[int]) -> FormulaError:
    rows, columns = model.matrix.shape
    if columns > rows:
        return FormulaError(
            f"the formula asks for {columns} coefficients from {rows} usable trials",
            where="formula",
            remedy="use fewer terms, or add trials",
        )
    dependent = [c for c in range(columns) if c not in set(kept)]
    told = []
    for column in dependent[:6]:
        others = [repr(model.names[c]) for c, _ in combination(model.matrix, column, kept)]
        told.append(f"{model.names[column]!r} with {listed(others) or 'a constant zero'}")
    more = f" and {len(dependent) - 6} more" if len(dependent) > 6 else ""
    return FormulaError(
        f"terms are aliased and cannot be told apart in these {rows} trials: {'; '.join(told)}{more}",
        where="formula",
        remedy="leave one of each group out, or add trials that separate them",
    )


def _aliased_terms(model: ModelMatrix, kept: list[int]) -> tuple[AliasedTerm, ...]:
    dependent = [c for c in range(len(model.names)) if c not in set(kept)]
    return tuple(AliasedTerm(model.names[c], _spell_combination(model, c, kept), c) for c in dependent)


def _spell_combination(model: ModelMatrix, column: int, kept: list[int]) -> str:
    """Spell what a column equals: ``a:b - 0.5 c``, with the intercept as a number."""
    text = ""
    for c, weight in combination(model.matrix, column, kept):
        size = abs(weight)
        amount = "" if abs(size - 1.0) < 1e-9 else f"{size:.4g}"
        name = model.names[c]
        part = (amount or "1") if name == INTERCEPT else f"{amount} {name}".strip()
        sign = (" - " if weight < 0 else " + ") if text else ("-" if weight < 0 else "")
        text += sign + part
    return text or "0"


def _keep(model: ModelMatrix, kept: list[int]) -> ModelMatrix:
    """Return the model with some of its columns; a term without any is left out, as in R's anova."""
    place = {column: number for number, column in enumerate(kept)}
    terms = []
    for term in model.terms:
        left = [place[c] for c in range(term.start, term.stop) if c in place]
        if left:
            terms.append(replace(term, start=left[0], stop=left[-1] + 1))
    return replace(
        model,
        matrix=np.asfortranarray(model.matrix[:, kept]),
        names=tuple(model.names[c] for c in kept),
        terms=tuple(terms),
        columns=tuple(model.columns[c] for c in kept) if model.columns else (),
    )
