"""From a trials table to an analysis: model, error estimate, effects, ranking, evidence, verdict, in this order."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pandas as pd

from qim_stats import __version__
from qim_stats.analysis import Analysis
from qim_stats.analysis_alerts import analysis_alerts
from qim_stats.errors import FormulaError, QimError, TrialsError
from qim_stats.evidence import Evidence
from qim_stats.factors import Factor
from qim_stats.failures import failure_verdict, rerun_list
from qim_stats.model.anova import AnovaType, anova_table
from qim_stats.model.error_choice import ErrorChoice
from qim_stats.model.error_estimate import ErrorEstimate, estimate_error
from qim_stats.model.fit import Aliased, Fit, fit_ols
from qim_stats.model.formula import Units, default_formula, formula_for, model_matrix
from qim_stats.model.formula_text import quote
from qim_stats.model.multiplicity import Adjustment
from qim_stats.model.predicted_effects import effect_rows
from qim_stats.model.robust import hc3
from qim_stats.model.terms import term_table
from qim_stats.model.transform import TRANSFORMS
from qim_stats.model.weights import read_weights
from qim_stats.options import AnalysisOptions, Robust
from qim_stats.ranks.intervals import DRAWS
from qim_stats.ranks.ranking import Ranking, rank_study
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.screening.contrasts import find_contrasts
from qim_stats.screening.lenth import Lenth, lenth
from qim_stats.screening.pseudo_errors import PseMethod
from qim_stats.trials import Trials, read_trials
from qim_stats.trials.confounded_block import check_blocks
from qim_stats.verdict import judge
from qim_stats.waiting import Progress, unheard

_LIBRARIES = ("numpy", "scipy", "pandas", "statsmodels", "patsy")


def analyze(
    trials: str | os.PathLike[str] | pd.DataFrame,
    *,
    response: str | Sequence[str] | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    formula: str | None = None,
    units: Units = "coded",
    transform: str = "identity",
    weights: str | None = None,
    aliased: Aliased | None = None,
    error: ErrorChoice = "auto",
    pse: PseMethod = "lenth",
    robust: Robust = "none",
    adjust: Adjustment = "holm",
    anova: AnovaType = "I",
    confidence: float = 0.95,
    looks: int | None = None,
    box_meyer: BoxMeyerOptions | None = None,
    seed: int = 0,
    progress: Progress = unheard,
) -> Analysis:
    """Analyze a trials table: which factors matter, how much, and how sure that is.

    Parameters
    ----------
    trials, direction, factors, high, block, diverged_as
        As of ``read_trials``.
    response : str or sequence of str, optional
        The response column. Of several, the first is analyzed and ranked, and the effects on the others are told
        beside it (``Analysis.responses``).
    formula, units, transform, weights, aliased, error, pse, robust, adjust, anova, confidence, looks, box_meyer,
    seed
        As of ``AnalysisOptions``.
    progress : callable, optional
        Told what is being done and how much of it is done, for studies that take long.

    Returns
    -------
    Analysis

    Raises
    ------
    QimError
        If the table, a factor, the formula or an option is at fault; the message says where and what to do.
    """
    options = AnalysisOptions(
        formula=formula,
        units=units,
        transform=transform,
        weights=weights,
        aliased=aliased,
        error=error,
        pse=pse,
        robust=robust,
        adjust=adjust,
        anova=anova,
        confidence=confidence,
        looks=looks,
        box_meyer=BoxMeyerOptions() if box_meyer is None else box_meyer,
        diverged_as=diverged_as,
        seed=seed,
    )
    first, *others = [response] if response is None or isinstance(response, str) else response
    for number, name in enumerate(others):
        if name in (first, *others[:number]):
            raise QimError(f"{name!r} is there twice", where="--also", remedy="name each response once")
    given: dict[str, Any] = {
        "direction": direction,
        "factors": factors,
        "high": high,
        "block": block,
        "diverged_as": diverged_as,
        "other_columns": [name for name in (*([first] if first else []), *others, weights) if name is not None],
    }
    data = read_trials(trials, response=first, **given)
    more = [read_trials(trials, response=name, **given) for name in others]
    return analyze_read(data, options, others=more, progress=progress)


def analyze_read(
    data: Trials, options: AnalysisOptions, *, others: Sequence[Trials] = (), progress: Progress = unheard
) -> Analysis:
    """Analyze trials that were read already.

    Parameters
    ----------
    data : Trials
        The usable trials.
    options : AnalysisOptions
        How to analyze them.
    others : sequence of Trials
        The same table with other responses.
    progress : callable, optional
        As of ``analyze``.

    Returns
    -------
    Analysis

    Raises
    ------
    QimError
        If the model cannot be fitted.
    """
    check_blocks(data)
    fit, asked = _fit(data, options)
    if fit.dropped and options.anova != "I":
        anova_table(fit, options.anova)  # which refuses it, before anything is written
    # What follows works on the scale of the model, and on coded factors: ranks must not depend on units.
    modelled = replace(data, y=fit.y)
    judged = fit if options.units == "coded" else _fit(data, replace(options, units="coded"))[0]
    pseudo = _pseudo(modelled, options)
    estimate = estimate_error(
        options.error,
        judged,
        modelled,
        pseudo,
        formula_given=options.formula is not None,
        method=options.pse,
        seed=options.seed,
    )
    spread = hc3(judged) if options.robust == "hc3" else None
    shared: dict[str, Any] = {"confidence": options.confidence, "adjust": options.adjust, "seed": options.seed}
    terms = term_table(judged, estimate, covariance=None if spread is None else spread.matrix, **shared)
    evidence = Evidence(modelled, judged, estimate, terms, options)
    ranking = _ranking(evidence, asked, progress)
    return Analysis(
        trials=data,
        others=tuple(others),
        fit=fit,
        error=estimate,
        terms=terms if judged is fit else _own_units(fit, data, estimate, options, shared),
        ranked=ranking,
        pseudo=None if isinstance(pseudo, str) else pseudo,
        evidence=evidence,
        verdict=judge(evidence, ranking),
        alerts=(*data.alerts, *analysis_alerts(evidence, ranking, pseudo, spread)),
        method=_method(evidence, pseudo),
        options=options,
    )


def _fit(data: Trials, options: AnalysisOptions) -> tuple[Fit, list[str]]:
    """Fit the model; return it with the factors whose main effects it asks for."""
    if options.formula is None and data.n < len(data.factors) + 1:
        _check_enough(data)
    formula = default_formula(data) if options.formula is None else options.formula
    if options.transform != "identity":
        right = formula_for(formula, data).removeprefix(quote(data.response))
        formula = TRANSFORMS[options.transform].spell(quote(data.response)) + right
    weights = None if options.weights is None else read_weights(data, options.weights)
    aliased = options.aliased or ("drop" if options.formula is None and data.set_aside else "refuse")
    fit = fit_ols(model_matrix(formula, data, units=options.units), data.y, weights=weights, aliased=aliased)
    asked = [name for name in fit.all_names if name in data.factor_names]
    if not asked:
        raise FormulaError("the formula has no main effect of a factor", where="formula", remedy="add one")
    return fit, asked


def _check_enough(data: Trials) -> None:
    """Refuse fewer trials than effects, unless so many failed that there is nothing to rank anyway."""
    failures = failure_verdict(data)
    if failures is not None and failures.refuse_ranking:
        return
    needed = f"at least {len(data.factors) + 1} are needed"
    if data.set_aside:
        rows = rerun_list(data)
        first = f" (run {rows['run'].iloc[0]} first)" if len(rows) else ""
        remedy = f"{needed}: run those again that gave no response{first}, or name fewer factors with --factors"
    else:
        remedy = f"{needed}; name fewer factors with --factors, or add trials"
    raise TrialsError(
        f"{data.n} usable trials are too few for {len(data.factors)} factors", where=data.source, remedy=remedy
    )


def _pseudo(data: Trials, options: AnalysisOptions) -> Lenth | str:
    contrasts = find_contrasts(data)
    if isinstance(contrasts, str):
        return contrasts
    return lenth(contrasts, data.y, confidence=options.confidence, seed=options.seed, method=options.pse)


def _own_units(
    fit: Fit, data: Trials, error: ErrorEstimate, options: AnalysisOptions, shared: dict[str, Any]
) -> pd.DataFrame:
    """Tabulate a model whose factors are in their own units, its effects still being high minus low."""
    spread = hc3(fit) if options.robust == "hc3" else None
    terms = term_table(fit, error, covariance=None if spread is None else spread.matrix, **shared)
    terms["effect"] = (
        pd.Series(effect_rows(fit.model, data) @ fit.coefficients, index=fit.model.names)
        .reindex(terms["term"])
        .to_numpy()
    )
    return terms


def _ranking(evidence: Evidence, asked: list[str], progress: Progress) -> Ranking:
    options = evidence.options
    ranking = rank_study(
        evidence.fit,
        evidence.error,
        evidence.terms,
        asked,
        confidence=evidence.claim_confidence,
        seed=options.seed,
        coded=evidence.coded,
        progress=lambda done, steps: progress("ranks with interactions allowed for", done / steps),
    )
    failures = evidence.failures
    if failures is None or not failures.refuse_ranking:
        return ranking
    # What is left of such a study is a selection by the response itself: no order of factors is to be read from it.
    return replace(ranking, table=ranking.table.iloc[:0], pairs=ranking.pairs.iloc[:0], study=None, scale=None)


def _method(evidence: Evidence, pseudo: Lenth | str) -> dict[str, Any]:
    data, error = evidence.trials, evidence.error
    return {
        "source": data.source,
        "response": data.response,
        "direction": data.direction,
        "factors": [
            {"name": f.name, "low": f.low, "high": f.high, "scale": f.scale, "unit": f.unit} for f in data.factors
        ],
        "dummies": list(data.dummies),
        "block": data.block,
        "formula": evidence.fit.model.formula,
        "coding": "-1 at low, +1 at high; effect = mean at high - mean at low",
        **{key: value for key, value in evidence.options.record().items() if key != "aliased"},
        "looks": evidence.looks,
        "claim_confidence": evidence.claim_confidence,
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
