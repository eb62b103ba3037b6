"""The effects in numbers: the terms with their error estimate, the tests, other responses, the original scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.report.numbers import MISSING, column, decimals, fixed, level_of_confidence, number, p_value
from qim_stats.screening.pseudo_errors import PSE_NAMES

View = dict[str, Any]
_SOURCES = {
    "residual": "the residuals of the model",
    "pure": "replicated runs (pure error)",
    "foldover": "the pairs of mirrored runs of the foldover, free of two-factor interactions",
    "combined": "the pseudo standard error and pure error together",
    "none": "nowhere",
}
_SCALED = ["estimate", "std_error", "conf_low", "conf_high", "effect"]
_TOGETHER = ["conf_low_simultaneous", "conf_high_simultaneous"]
_UNITS = {
    "coded": "factors coded \N{MINUS SIGN}1 at low and +1 at high",
    "natural": "numeric factors in their own units",
    "log": "numeric factors as the logarithm of their own units",
}
_ANOVA = {
    "I": "Sequential (type I), terms in the order of the model.",
    "II": "Type II: each term after all others that do not contain it.",
    "III": "Type III: each term after all others.",
}


def terms_view(analysis: Analysis) -> View:
    """Return a row per coefficient and, in words, where the error estimate came from."""
    options = analysis.options
    return {
        "formula": analysis.formula,
        "units": _UNITS[options.units],
        "scale": analysis.modelled,
        "weights": options.weights,
        "robust": options.robust == "hc3",
        "rows": _term_rows(analysis),
        "source": _source(analysis),
        "reason": analysis.error.reason,
        "sigma": number(analysis.error.sigma),
        "df": MISSING if analysis.error.df is None else f"{analysis.error.df:.3g}",
        "known": analysis.error_source != "none",
        "confidence": level_of_confidence(analysis.confidence),
        "glance": _glance(analysis),
    }


def _source(analysis: Analysis) -> str:
    if analysis.error_source == "pse":
        return f"{PSE_NAMES[analysis.options.pse]} pseudo standard error"
    return _SOURCES[analysis.error_source]


def _term_rows(analysis: Analysis) -> list[View]:
    terms = analysis.tidy()
    cells = _in_one_unit(terms) if analysis.options.units == "coded" else _in_many_units(terms)
    reasons = {term.name: term.equals for term in analysis.fit.dropped}
    rows = []
    for i, row in enumerate(terms.to_dict("records")):
        told = {name: cell[i] for name, cell in cells.items()}
        rows.append(
            {
                "term": row["term"],
                "equals": reasons.get(row["term"]),
                "df": MISSING if pd.isna(row["df"]) else f"{row['df']:.3g}",
                **{name: told[name] for name in ("estimate", "std_error", "statistic", "effect")},
                "p_value": p_value(row["p_value"]),
                "p_adjusted": p_value(row["p_adjusted"]),
                "limits": _limits(row["conf_low"], told["conf_low"], told["conf_high"]),
                "simultaneous": _limits(
                    row["conf_low_simultaneous"], told["conf_low_simultaneous"], told["conf_high_simultaneous"]
                ),
            }
        )
    return rows


def _in_one_unit(terms: pd.DataFrame) -> dict[str, list[str]]:
    """Write all numbers with the same decimals, to be compared at a glance."""
    # The intercept is often far larger than any effect and would take the effects' decimals away.
    places = decimals(terms.loc[terms["effect"].notna(), _SCALED].to_numpy().ravel())
    cells = {name: fixed(terms[name], places) for name in [*_SCALED, *_TOGETHER]}
    return cells | {"statistic": fixed(terms["statistic"], 2)}


def _in_many_units(terms: pd.DataFrame) -> dict[str, list[str]]:
    """Write each coefficient, which is per unit of its own factor, with its own decimals."""
    cells = {name: [number(value) for value in terms[name]] for name in [*_SCALED, *_TOGETHER]}
    return cells | {"effect": column(terms["effect"]), "statistic": fixed(terms["statistic"], 2)}


def _limits(known: Any, low: str, high: str) -> str:
    return MISSING if pd.isna(known) else f"{low} to {high}"


def _glance(analysis: Analysis) -> list[tuple[str, str]]:
    glance = analysis.glance().iloc[0]
    words = {"n": "trials", "df_resid": "residual df", "sigma": "sigma", "r_squared": "R²"}
    words |= {"adj_r_squared": "adjusted R²", "f_statistic": "F", "f_p_value": "p of F"}
    words |= {"log_lik": "log-likelihood", "aic": "AIC", "bic": "BIC"}
    return [
        (word, p_value(glance[k]) if k == "f_p_value" else _whole_or_number(glance[k])) for k, word in words.items()
    ]


def _whole_or_number(value: Any) -> str:
    whole = isinstance(value, (int, np.integer)) or (not pd.isna(value) and float(value).is_integer())
    return str(int(value)) if whole else number(value)


def whole_view(analysis: Analysis) -> View:
    """Return the questions asked of the whole model, each with its p-value and what was compared with what."""
    evidence = analysis.evidence
    anything, permutation = evidence.anything, evidence.permutation
    lack, bent = evidence.lack_of_fit, evidence.curvature
    rows = [
        ("Does anything stand out?", MISSING, f"Not tested: {anything}.")
        if isinstance(anything, str)
        else ("Does anything stand out?", p_value(anything.p_value), f"All effects together: {anything.method}."),
        ("The same by permutation", MISSING, f"Not tested: {permutation}.")
        if isinstance(permutation, str)
        else (
            "The same by permutation",
            p_value(permutation.p_global),
            f"{permutation.null} {permutation.permutations:,} orders of the trials, "
            f"{'all there are' if permutation.exact else 'a random sample'}.",
        ),
        ("Does the model lack a term?", p_value(lack.p_value), lack.reason),
        ("Is the response curved?", p_value(bent.p_value), bent.reason),
    ]
    single = [] if isinstance(permutation, str) else list(zip(permutation.factors, permutation.p_values, strict=True))
    return {
        "rows": [{"question": question, "p_value": p, "how": how} for question, p, how in rows],
        "permutation": [(name, p_value(p)) for name, p in single],
    }


def anova_view(analysis: Analysis) -> View:
    """Return the analysis of variance of the type asked for, a row per term."""
    table = analysis.anova()
    sums, means = column(table["sum_sq"]), column(table["mean_sq"])
    statistics = fixed(table["statistic"], 2)
    rows = [
        {
            "term": term,
            "df": str(int(table["df"][i])),
            "sum_sq": sums[i],
            "mean_sq": means[i],
            "statistic": statistics[i],
            "p_value": p_value(table["p_value"][i]),
        }
        for i, term in enumerate(table["term"])
    ]
    return {"kind": _ANOVA[analysis.options.anova], "rows": rows, "tested": bool(table["statistic"].notna().any())}


def responses_view(analysis: Analysis) -> View | None:
    """Return the effects on every response, a column each; None when there is one response."""
    if not analysis.others:
        return None
    table = analysis.responses()
    table = table[table["effect"].notna()]
    names = [analysis.response, *(trials.response for trials in analysis.others)]
    cells: dict[tuple[str, str], tuple[str, str]] = {}
    for name in names:
        part = table[table["response"] == name]
        for term, effect, p in zip(part["term"], column(part["effect"]), part["p_value"], strict=True):
            cells[str(term), name] = (effect, p_value(p))
    terms = [str(term) for term in dict.fromkeys(table["term"])]
    return {
        "names": names,
        "rows": [
            {"term": term, "cells": [cells.get((term, name), (MISSING, MISSING)) for name in names]} for term in terms
        ],
    }


def original_scale_view(analysis: Analysis) -> View | None:
    """Return main effects in the response's own unit; None when the model is of the response itself."""
    table = analysis.evidence.original_scale
    if table is None:
        return None
    names = ["at_low", "at_high", "effect", "std_error", "conf_low", "conf_high"]
    places = decimals(table[names].to_numpy().ravel())
    cells = {name: fixed(table[name], places) for name in names}
    return {
        "known": bool(table["effect"].notna().any()),
        "rows": [
            {
                "factor": factor,
                **{name: cells[name][i] for name in names[:4]},
                "limits": _limits(table["conf_low"].iloc[i], cells["conf_low"][i], cells["conf_high"][i]),
            }
            for i, factor in enumerate(table["factor"])
        ],
    }
