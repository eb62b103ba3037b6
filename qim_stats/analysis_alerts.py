"""What a reader should know beside the numbers of an analysis."""

from __future__ import annotations

from qim_stats.alerts import Alert, Severity, listed
from qim_stats.evidence import Evidence
from qim_stats.failures import loss_text
from qim_stats.model.aliasing import main_effect_aliases
from qim_stats.model.fit import Fit
from qim_stats.model.robust import RobustCovariance
from qim_stats.ranks.ranking import Ranking
from qim_stats.screening.lenth import Lenth

_CLEARLY = 0.05  # a p-value below which lack of fit and curvature are told as warnings


def analysis_alerts(
    evidence: Evidence, ranking: Ranking, pseudo: Lenth | str, spread: RobustCovariance | None
) -> list[Alert]:
    """Collect the alerts of an analysis.

    Parameters
    ----------
    evidence : Evidence
        Model, error estimate and what else is known.
    ranking : Ranking
        The factors by rank.
    pseudo : Lenth or str
        The pseudo standard error, or why there is none.
    spread : RobustCovariance or None
        The robust covariance, if one was asked for.

    Returns
    -------
    list of Alert
        The most general first.
    """
    return [
        *_look_alerts(evidence),
        *_failure_alerts(evidence),
        *_model_alerts(evidence.fit),
        *_error_alerts(evidence, spread),
        *_alias_alerts(evidence, ranking),
        *_fit_alerts(evidence),
        *_unavailable(evidence, pseudo, ranking),
    ]


def sensitivity_alerts(ranking: Ranking) -> list[Alert]:
    """Tell which answers would be others under another prior of the alias-aware ranks.

    Parameters
    ----------
    ranking : Ranking
        Its ``sensitivity`` is made if it is not there yet.

    Returns
    -------
    list of Alert
        One, or none.
    """
    found = ranking.sensitivity
    if found is None or not found.differing:
        return []
    told = []
    for under in found.differing:
        if under.first_differs:
            told.append(
                f'under "{under.name}" {under.first} is likelier to come first than {found.first}, whose probability '
                f"is {under.p_first[found.first]:.2f} then and {found.p_first:.2f} otherwise"
            )
        orders = [
            f"{row.factor} before {row.other} (probability {row.p_larger:.3f})"
            for row in under.orders_lost.itertuples()
        ]
        if orders:
            told.append(f'under "{under.name}" {listed(orders, limit=4)} would not be claimed')
    text = f"Ranks with interactions allowed for depend on what is believed of them beforehand: {'; '.join(told)}."
    return [Alert("prior_matters", "warning", text)]


def _look_alerts(evidence: Evidence) -> list[Alert]:
    if evidence.looks == 1:
        return []
    text = (
        f"This is look {evidence.looks} at the study: significance and orders are judged at "
        f"{100 * evidence.claim_confidence:.4g} % each, so that all looks together keep "
        f"{100 * evidence.options.confidence:.4g} %. Claims of earlier looks stand only if they held at that level too."
    )
    return [Alert("several_looks", "info", text)]


def _failure_alerts(evidence: Evidence) -> list[Alert]:
    alerts = []
    failures = evidence.failures
    if failures is not None:
        severity: Severity = "error" if failures.refuse_ranking else "warning"
        code = "ranking_refused" if failures.refuse_ranking else "trials_failed"
        alerts.append(Alert(code, severity, f"{failures.text} {failures.advice}"))
    cost = loss_text(evidence.trials)
    if cost is not None:
        alerts.append(Alert("runs_lost", "warning", cost))
    mixed = evidence.new_aliases
    fresh = None if mixed is None else mixed[mixed["new"] & mixed["term"].isin(evidence.trials.factor_names)]
    if fresh is not None and len(fresh):
        text = (
            f"The missing runs mix interactions into {fresh['term'].nunique()} main effects that the complete design "
            f"keeps apart, {fresh['interaction'].iloc[0]} into {fresh['term'].iloc[0]} among them."
        )
        alerts.append(Alert("new_aliases", "warning", text))
    return alerts


def _model_alerts(fit: Fit) -> list[Alert]:
    if not fit.dropped:
        return []
    told = listed([f"{term.name} ({term.equals})" for term in fit.dropped], limit=6)
    text = f"The trials cannot tell apart, so that no estimate is given: {told}."
    return [Alert("not_estimable", "error", text)]


def _error_alerts(evidence: Evidence, spread: RobustCovariance | None) -> list[Alert]:
    error, fit = evidence.error, evidence.fit
    alerts = []
    if error.source == "none":
        text = f"{error.reason} Standard errors, tests and limits are therefore not given, and no order is claimed."
        alerts.append(Alert("no_error_estimate", "error", text))
    else:
        alerts.append(Alert("error_source", "info", error.reason))
    if error.df is not None and error.df < 3.0:
        freedom = "one degree" if error.df == 1.0 else f"{error.df:.3g} degrees"
        text = f"The error estimate has {freedom} of freedom only, so limits are wide and tests weak."
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
    if spread is not None:
        code = "robust_errors" if spread.matrix is not None else "no_robust_errors"
        alerts.append(Alert(code, "info" if spread.matrix is not None else "warning", spread.reason))
    return alerts


def _alias_alerts(evidence: Evidence, ranking: Ranking) -> list[Alert]:
    alerts = []
    aliases = main_effect_aliases(evidence.fit)
    if aliases is not None:
        whole = aliases.largest > 1.0 - 1e-9
        how = "completely" if whole else f"partly (up to {aliases.largest:.2f} of an interaction)"
        text = (
            f"{len(aliases.affected)} main effects are {how} aliased with {aliases.interactions} two-factor "
            "interactions: effects and their standard errors assume that these are negligible, rank intervals do not."
        )
        alerts.append(Alert("aliased_interactions", "warning", text))
    if ranking.alias_reason:
        severity: Severity = "info" if aliases is None else "warning"
        text = f"Ranks allow for the noise of trials, not for interactions: {ranking.alias_reason}."
        alerts.append(Alert("sampling_ranks_only", severity, text))
    return alerts


def _fit_alerts(evidence: Evidence) -> list[Alert]:
    alerts = []
    lack = evidence.lack_of_fit
    if lack.p_value is not None:
        alerts.append(Alert("lack_of_fit", _severity(lack.p_value), f"{lack.reason} p = {lack.p_value:.3g}."))
    bent = evidence.curvature
    if bent.p_value is not None:
        alerts.append(Alert("curvature", _severity(bent.p_value), f"{bent.reason} p = {bent.p_value:.3g}."))
    return alerts


def _severity(p_value: float) -> Severity:
    return "warning" if p_value < _CLEARLY else "info"


def _unavailable(evidence: Evidence, pseudo: Lenth | str, ranking: Ranking) -> list[Alert]:
    alerts = []
    if isinstance(pseudo, str):
        alerts.append(Alert("lenth_unavailable", "info", f"No pseudo standard error: {pseudo}."))
    elif pseudo.rebuilt:
        text = (
            f"{len(pseudo.rebuilt)} spare columns of the design were rebuilt for Lenth's method, as the table has none."
        )
        alerts.append(Alert("spare_columns_rebuilt", "info", text))
    if ranking.table["importance"].isna().any():
        unknown = bool(ranking.table["effect"].isna().any())
        why = "Some main effects are not known" if unknown else "All main effects are zero"
        alerts.append(Alert("no_importance", "info", f"{why}, so importance has no meaning."))
    if isinstance(evidence.box_meyer, str):
        text = f"No Box-Meyer posterior probabilities: {evidence.box_meyer}."
        alerts.append(Alert("box_meyer_unavailable", "info", text))
    return alerts
