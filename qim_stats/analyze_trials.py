"""From a trials table to an analysis: model, error estimate, effects, ranking, verdict, in this order."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, get_args

import pandas as pd

from qim_stats import __version__
from qim_stats.alerts import Alert
from qim_stats.analysis import Analysis
from qim_stats.errors import FormulaError, QimError, TrialsError
from qim_stats.factors import Factor
from qim_stats.model.aliasing import MainEffectAliases, main_effect_aliases
from qim_stats.model.error_estimate import ErrorChoice, ErrorEstimate, estimate_error
from qim_stats.model.fit import Fit, fit_ols
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.model.multiplicity import Adjustment
from qim_stats.model.terms import term_table
from qim_stats.rank_intervals import DRAWS
from qim_stats.ranking import rank_factors
from qim_stats.screening.contrasts import find_contrasts
from qim_stats.screening.lenth import Lenth, lenth
from qim_stats.trials import Trials, read_trials
from qim_stats.verdict import judge

_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "patsy")


def analyze(
    trials: str | os.PathLike[str] | pd.DataFrame,
    *,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    formula: str | None = None,
    block: str | None = None,
    error: ErrorChoice = "auto",
    adjust: Adjustment = "holm",
    confidence: float = 0.95,
    seed: int = 0,
) -> Analysis:
    """Analyze a trials table: which factors matter, how much, and how sure that is.

    Parameters
    ----------
    trials, response, direction, factors, high, block
        As of ``read_trials``.
    formula : str, optional
        By default the main effects, with blocks first when there are several.
    error : {"auto", "residual", "pure", "pse"}
        Where the error estimate shall come from.
    adjust : {"holm", "bh", "none"}
        How p-values are adjusted over the terms made of factors.
    confidence : float
        Of limits, intervals and claims, between 0.5 and 1.
    seed : int
        Of everything simulated.

    Returns
    -------
    Analysis

    Raises
    ------
    QimError
        If the table, a factor, the formula or an option is at fault; the message says where and what to do.
    """
    _check_options(error, adjust, confidence, seed)
    data = read_trials(trials, response=response, direction=direction, factors=factors, high=high, block=block)
    fit, ranked = _fit(data, formula)
    pseudo = _lenth(data, confidence, seed)
    estimate = estimate_error(error, fit, data, pseudo)
    terms = term_table(fit, estimate, confidence=confidence, adjust=adjust)
    ranks = rank_factors(fit, estimate, terms, ranked, confidence=confidence, seed=seed)
    aliases = main_effect_aliases(fit)
    options = {"error": error, "adjust": adjust, "confidence": confidence, "seed": seed}
    return Analysis(
        trials=data,
        fit=fit,
        error=estimate,
        terms=terms,
        ranks=ranks,
        pseudo=None if isinstance(pseudo, str) else pseudo,
        verdict=judge(data, ranks, estimate, aliases, confidence=confidence, adjust=adjust),
        alerts=(*data.alerts, *_alerts(fit, estimate, pseudo, aliases, ranks)),
        method=_method(data, fit, estimate, pseudo, options),
    )


def _fit(data: Trials, formula: str | None) -> tuple[Fit, list[str]]:
    """Fit the model; return it with the factors whose main effects it holds."""
    if formula is None and data.n < len(data.factors) + 1:
        raise TrialsError(
            f"{data.n} usable trials are too few for {len(data.factors)} factors",
            where=data.source,
            remedy=f"at least {len(data.factors) + 1} are needed; name fewer factors with --factors, or add trials",
        )
    fit = fit_ols(model_matrix(default_formula(data) if formula is None else formula, data), data.y)
    ranked = [t.name for t in fit.model.terms if t.name in data.factor_names]
    if not ranked:
        raise FormulaError("the formula has no main effect of a factor", where="formula", remedy="add one")
    return fit, ranked


def _lenth(data: Trials, confidence: float, seed: int) -> Lenth | str:
    contrasts = find_contrasts(data)
    return contrasts if isinstance(contrasts, str) else lenth(contrasts, data.y, confidence=confidence, seed=seed)


def _check_options(error: str, adjust: str, confidence: float, seed: int) -> None:
    for option, value, known in (
        ("--error", error, get_args(ErrorChoice)),
        ("--adjust", adjust, get_args(Adjustment)),
    ):
        if value not in known:
            raise QimError(f"{value!r} is not a choice", where=option, remedy="one of " + ", ".join(known))
    if not 0.5 <= confidence < 1.0:
        raise QimError(
            f"{confidence!r} is not between 0.5 and 1", where="--confidence", remedy="give 0.95, for example"
        )
    if seed < 0:
        raise QimError(f"{seed!r} is negative", where="--seed", remedy="give 0 or a positive whole number")


def _alerts(
    fit: Fit,
    error: ErrorEstimate,
    pseudo: Lenth | str,
    aliases: MainEffectAliases | None,
    ranks: pd.DataFrame,
) -> list[Alert]:
    alerts = []
    if error.source == "none":
        text = f"{error.reason} Standard errors, tests and limits are therefore not given, and no order is claimed."
        alerts.append(Alert("no_error_estimate", "error", text))
    else:
        alerts.append(Alert("error_source", "info", error.reason))
    if error.df is not None and error.df < 3.0:
        text = f"The error estimate has {error.df:.3g} degrees of freedom only, so limits are wide and tests weak."
        alerts.append(Alert("few_degrees_of_freedom", "warning", text))
    if fit.sigma is None:
        why = "No residual degrees of freedom are left" if not fit.df_resid else "The model fits to rounding error"
        text = f"{why}, so sigma, adjusted R-squared, F, log-likelihood, AIC, BIC and ANOVA tests are not given."
        alerts.append(Alert("no_residual_error", "info", text))
    elif error.source != "residual":
        text = (
            f"The ANOVA tests against the residual mean square, the terms against the error estimate ({error.source})."
        )
        alerts.append(Alert("anova_residual", "info", text))
    if aliases is not None:
        alerts.append(Alert("aliased_interactions", "warning", _aliasing(aliases)))
    if isinstance(pseudo, str):
        alerts.append(Alert("lenth_unavailable", "info", f"No pseudo standard error: {pseudo}."))
    elif pseudo.rebuilt:
        text = (
            f"{len(pseudo.rebuilt)} spare columns of the design were rebuilt for Lenth's method, as the table has none."
        )
        alerts.append(Alert("spare_columns_rebuilt", "info", text))
    if ranks["importance"].isna().any():
        alerts.append(Alert("no_importance", "info", "All main effects are zero, so importance has no meaning."))
    alerts.append(Alert("box_meyer_unavailable", "info", "Box-Meyer posterior probabilities are not computed yet."))
    return alerts


def _aliasing(aliases: MainEffectAliases) -> str:
    whole = "completely" if aliases.largest > 1.0 - 1e-9 else f"partly (up to {aliases.largest:.2f} of an interaction)"
    return (
        f"{len(aliases.affected)} main effects are {whole} aliased with {aliases.interactions} two-factor "
        "interactions: effects and ranks assume that these interactions are negligible."
    )


def _method(
    data: Trials, fit: Fit, error: ErrorEstimate, pseudo: Lenth | str, options: dict[str, Any]
) -> dict[str, Any]:
    return {
        "source": data.source,
        "response": data.response,
        "direction": data.direction,
        "factors": [
            {"name": f.name, "low": f.low, "high": f.high, "scale": f.scale, "unit": f.unit} for f in data.factors
        ],
        "dummies": list(data.dummies),
        "block": data.block,
        "formula": fit.model.formula,
        "coding": "-1 at low, +1 at high; effect = mean at high - mean at low",
        **options,
        "error_source": error.source,
        "error_reason": error.reason,
        "error_sigma": error.sigma,
        "error_df": error.df,
        "lenth_sets": None if isinstance(pseudo, str) else len(pseudo.null.largest),
        "rank_draws": DRAWS,
        "versions": {
            "qim_stats": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }
