"""Many responses of one design at once: the numbers of ``analyze`` without its words, for simulations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.distributions import t_two_sided
from qim_stats.errors import FormulaError, QimError, TrialsError
from qim_stats.model.error_choice import ErrorCandidates, ErrorChoice, ErrorSource, choose_error
from qim_stats.model.error_estimate import EXACT, error_df, sigmas
from qim_stats.model.fit import Fit, fit_ols
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.model.multiplicity import Adjustment, adjust_p_values
from qim_stats.screening.combined_error import CombinedError
from qim_stats.screening.contrasts import Contrasts, find_contrasts
from qim_stats.screening.lenth import MIN_CONTRASTS
from qim_stats.screening.lenth_null import LenthNull, null_distribution
from qim_stats.screening.pseudo_errors import PSEUDO_ERRORS, PseMethod
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ManyAnalyses:
    """The analyses of many responses of one design by one model.

    Parameters
    ----------
    factors : tuple of str
        The k factors whose main effects the model has.
    effects, std_errors, statistics, p_values, p_adjusted : ndarray of float64, shape (sets, k)
        As in the ranking of ``analyze``: effect = high minus low in the response's unit. NaN without error estimate.
    significant : ndarray of bool, shape (sets, k)
        Whether ``p_adjusted`` is below 1 - confidence: what ``analyze`` calls significant.
    sigma : ndarray of float64, shape (sets,)
        Standard deviation of one trial; NaN without error estimate.
    df : float
        Its degrees of freedom; NaN without error estimate.
    error_source, reason : str
        Where it comes from, and why.
    """

    factors: tuple[str, ...]
    effects: Array
    std_errors: Array
    statistics: Array
    p_values: Array
    p_adjusted: Array
    significant: npt.NDArray[np.bool_]
    sigma: Array
    df: float
    error_source: ErrorSource
    reason: str


def analyze_many(
    trials: Trials,
    responses: Array,
    *,
    formula: str | None = None,
    error: ErrorChoice = "auto",
    adjust: Adjustment = "holm",
    confidence: float = 0.95,
    seed: int = 0,
    method: PseMethod = "lenth",
) -> ManyAnalyses:
    """Analyze many responses of the same trials.

    Parameters
    ----------
    trials : Trials
        n usable trials; their own response counts for nothing.
    responses : ndarray of float64, shape (sets, n)
        Responses of the usable trials, in their order.
    formula : str, optional
        By default the main effects, with blocks first when there are several.
    error : {"auto", "residual", "pure", "foldover", "pse", "combined"}
        Where the error estimates shall come from.
    adjust : {"holm", "bh", "none"}
        How p-values are adjusted over the terms made of factors.
    confidence : float
        Of the claims.
    seed : int
        Of simulated null distributions.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        Which pseudo standard error.

    Returns
    -------
    ManyAnalyses
        Row by row what ``analyze`` gives for each response.

    Raises
    ------
    QimError
        If the model cannot be fitted, or the error estimate asked for cannot be had.
    """
    if adjust == "max-t":
        raise QimError(
            "max-t is not offered for many responses", where="adjust", remedy="take holm, or analyze them one by one"
        )
    if responses.ndim != 2 or responses.shape[1] != trials.n:
        raise TrialsError(
            f"the responses have shape {responses.shape}", where="responses", remedy=f"give shape (sets, {trials.n})"
        )
    fit = fit_ols(model_matrix(default_formula(trials) if formula is None else formula, trials), trials.y)
    ranked = [t for t in fit.model.terms if t.name in trials.factor_names]
    if not ranked:
        raise FormulaError("the formula has no main effect of a factor", where="formula", remedy="add one")
    y = np.array([fit.model.transform.forward(row) for row in responses]).reshape(responses.shape)
    found = _estimate_errors(error, fit, trials, y, formula_given=formula is not None, method=method, seed=seed)
    estimates = y @ fit.model.matrix @ fit.unscaled
    spread = np.sqrt(np.diag(fit.unscaled))
    std_errors = found.sigma[:, None] * spread
    statistics = estimates / std_errors
    p_values = t_two_sided(statistics, found.df)
    if found.null is not None:
        simulated = np.array([name in found.contrasts for name in fit.model.names])
        p_values[:, simulated] = np.where(
            np.isfinite(statistics[:, simulated]), found.null.p_individual(statistics[:, simulated]), np.nan
        )
    coded = np.concatenate([np.full(t.stop - t.start, t.coded) for t in fit.model.terms])
    p_adjusted = np.full(p_values.shape, math.nan)
    p_adjusted[:, coded] = adjust_p_values(p_values[:, coded], adjust)
    at = [t.start for t in ranked]
    return ManyAnalyses(
        factors=tuple(t.name for t in ranked),
        effects=2.0 * estimates[:, at],
        std_errors=2.0 * std_errors[:, at],
        statistics=statistics[:, at],
        p_values=p_values[:, at],
        p_adjusted=p_adjusted[:, at],
        significant=p_adjusted[:, at] < 1.0 - confidence,
        sigma=found.sigma,
        df=found.df,
        error_source=found.source,
        reason=found.reason,
    )


@dataclass(frozen=True)
class _Errors:
    """The error estimates of many responses: as an ErrorEstimate, with an array of sigmas."""

    source: ErrorSource
    reason: str
    sigma: Array
    df: float
    null: LenthNull | None = None
    contrasts: frozenset[str] = frozenset()


def _estimate_errors(
    choice: ErrorChoice, fit: Fit, trials: Trials, y: Array, *, formula_given: bool, method: PseMethod, seed: int
) -> _Errors:
    contrasts = find_contrasts(trials)
    no_pse = contrasts if isinstance(contrasts, str) else None
    if isinstance(contrasts, Contrasts) and len(contrasts.names) < MIN_CONTRASTS:
        no_pse = f"{len(contrasts.names)} contrasts are too few (at least {MIN_CONTRASTS})"
    offered = ErrorCandidates(fit, trials, no_pse, method)
    source, reason = choose_error(choice, offered, formula_given=formula_given)
    if source == "none":
        return _Errors(source, reason, np.full(len(y), math.nan), math.nan)
    if source == "pse" and isinstance(contrasts, Contrasts):
        m = len(contrasts.names)
        pse = PSEUDO_ERRORS[method](contrasts.effects(y))
        sigma = np.where(pse > EXACT * y.std(axis=1), pse * math.sqrt(contrasts.trials) / 2.0, math.nan)
        return _Errors(source, reason, sigma, m / 3.0, null_distribution(m, seed, method), frozenset(contrasts.names))
    sigma = sigmas(source, offered, y)
    combined = offered.combined if source == "combined" else None
    if isinstance(combined, CombinedError):
        return _Errors(source, reason, sigma, combined.scale.df, combined.null(seed), frozenset(combined.names))
    return _Errors(source, reason, sigma, error_df(source, offered))
