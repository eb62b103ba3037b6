"""Does the model leave out something that replicates or centre points show? Lack of fit and curvature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import f_upper
from qim_stats.model.fit import Fit
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
_EXACT = 1e-20  # share of the total sum of squares below which a sum of squares is rounding error


@dataclass(frozen=True)
class LackOfFit:
    """The residual sum of squares, split into lack of fit and pure error.

    Parameters
    ----------
    df, pure_df : int
        Degrees of freedom of lack of fit and of pure error.
    sum_sq, pure_ss : float
        Sums of squares.
    statistic, p_value : float or None
        F of lack of fit against pure error; None when it cannot be had.
    reason : str
        What was tested against what, or why not, as a sentence.
    """

    df: int
    sum_sq: float
    pure_df: int
    pure_ss: float
    statistic: float | None
    p_value: float | None
    reason: str


@dataclass(frozen=True)
class Curvature:
    """A test of whether centre points lie off what the model predicts for the centre.

    Parameters
    ----------
    estimate, std_error : float or None
        Response at the centre minus the model's prediction from the other trials, in the response's unit.
    sum_sq : float or None
        Its sum of squares, with one degree of freedom.
    statistic, p_value : float or None
        F with 1 and ``df`` degrees of freedom.
    df : float or None
        Degrees of freedom of the error it is tested against.
    reason : str
        What was tested against what, or why not, as a sentence.
    """

    estimate: float | None
    std_error: float | None
    sum_sq: float | None
    statistic: float | None
    p_value: float | None
    df: float | None
    reason: str


def lack_of_fit(fit: Fit, trials: Trials) -> LackOfFit:
    """Test a model against the replicates.

    Parameters
    ----------
    fit : Fit
        The model.
    trials : Trials
        The n trials it was fitted to.

    Returns
    -------
    LackOfFit
        Without a test when no two trials share a setting, when the model leaves no room for lack of fit, or when the
        replicates agree exactly.

    Notes
    -----
    A setting is the block and the levels of all factors and dummies together with all else that the model knows of a
    trial (covariates), so that the model is nested in the settings. F as in Draper and Smith (1998), Applied Regression
    Analysis, 3rd ed., section 2.1; R: ``anova(model, lm(y ~ setting))``.
    """
    group = _settings(fit, trials)
    weights = np.ones(fit.n) if fit.weights is None else fit.weights
    # Fitted values are equal within a setting, so residuals do instead of responses, and without cancellation.
    means = np.bincount(group, weights * fit.residuals) / np.bincount(group, weights)
    within = fit.residuals - means[group]
    pure_ss = float(weights @ within**2)
    pure_df = fit.n - len(means)
    df, sum_sq = fit.df_resid - pure_df, float(weights @ means[group] ** 2)
    if not pure_df:
        why = "No two trials share a setting, so there is no pure error to test lack of fit against."
    elif not df:
        why = "The model has a coefficient for every setting, so it cannot lack fit."
    elif pure_ss <= _EXACT * fit.total_ss:
        why = "The replicates agree exactly, so they say nothing about noise."
    else:
        f_ratio = (sum_sq / df) / (pure_ss / pure_df)
        why = f"Lack of fit ({df} degrees of freedom) against pure error ({pure_df})."
        return LackOfFit(df, sum_sq, pure_df, pure_ss, f_ratio, f_upper(f_ratio, df, pure_df), why)
    return LackOfFit(df, sum_sq if df else 0.0, pure_df, pure_ss, None, None, why)


def _settings(fit: Fit, trials: Trials) -> npt.NDArray[np.int64]:
    """Give each trial the number of its setting, equal for equal block, factors, dummies and covariates."""
    columns = [trials.coded[name].to_numpy() for name in trials.coded.columns]
    columns += [source.values for source in fit.model.sources if source.column not in trials.coded.columns]
    if trials.blocks is not None:
        columns.append(np.array(trials.blocks, dtype=object))
    group = np.zeros(fit.n, dtype=np.int64)
    for column in columns:
        codes, levels = pd.factorize(column)
        group = pd.factorize(group * len(levels) + codes)[0].astype(np.int64)
    return group


def curvature(
    fit: Fit, centre: npt.NDArray[np.bool_], *, sigma: float | None = None, df: float | None = None
) -> Curvature:
    """Test whether the response is curved: whether centre points lie off the model of the corner points.

    Parameters
    ----------
    fit : Fit
        A model of all n trials, centre points included, without a term for curvature.
    centre : ndarray of bool, shape (n,)
        Which trials are at the centre of all numeric factors.
    sigma, df : float, optional
        The error estimate to test against and its degrees of freedom, such as pure error; by default the residual of
        the model with curvature added.

    Returns
    -------
    Curvature
        Without a test when there are no centre points, when the model has no other trials, or when there is no error
        to test against.

    Notes
    -----
    One more column, 1 at the centre; for an orthogonal design with n_f corner and n_c centre points its sum of squares
    is n_f n_c (mean_f - mean_c)² / (n_f + n_c): Montgomery (2013), Design and Analysis of Experiments, 8th ed.,
    section 6.8. Curvature is the sum of all quadratic effects; the trials cannot tell which factor it comes from.
    """
    nothing = (None,) * 6
    if not centre.any() or centre.all():
        why = "There are no centre points" if not centre.any() else "All trials are centre points"
        return Curvature(*nothing, f"{why}, so curvature cannot be seen.")
    root = np.ones(fit.n) if fit.weights is None else np.sqrt(fit.weights)
    x, column = fit.model.matrix * root[:, None], centre * root
    rest = column - x @ (fit.unscaled @ (x.T @ column))
    length = float(rest @ rest)
    if length <= 1e-10 * float(column @ column):
        return Curvature(*nothing, "The model fits the centre by terms of its own, so curvature cannot be told apart.")
    estimate = float(rest @ fit.scaled_residuals) / length
    sum_sq = estimate**2 * length
    against = "the error estimate given"
    if sigma is None or df is None:
        df = float(fit.df_resid - 1)
        left = fit.rss - sum_sq
        sigma = math.sqrt(max(left, 0.0) / df) if df > 0 and left > _EXACT * fit.total_ss else None
        against = "the residual"
    if sigma is None:
        return Curvature(estimate, None, sum_sq, None, None, None, "There is no error to test curvature against.")
    f_ratio = sum_sq / sigma**2
    reason = f"Centre points against the model's prediction for them, tested against {against} ({df:.3g} df)."
    return Curvature(estimate, sigma / math.sqrt(length), sum_sq, f_ratio, f_upper(f_ratio, 1.0, df), df, reason)
