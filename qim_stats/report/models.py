"""Other accounts of the same data: Box and Meyer's active factors, and the best models with interactions."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.plots import posterior_bars
from qim_stats.plots.box_meyer import MAX_BARS
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import MISSING, column, fixed, p_value, probability
from qim_stats.screening.box_meyer import BoxMeyer

View = dict[str, Any]
_ROUNDING = 1e-9  # a permutation p-value may equal 1 - confidence to the last bit, and is then not below it


def box_meyer_view(analysis: Analysis) -> View:
    """Return the posterior probabilities as a figure and the most probable models, or why there are none."""
    evidence = analysis.evidence
    found, spread = evidence.box_meyer, evidence.sensitivity
    if isinstance(found, str):
        return {"reason": found}
    bars, none_range = found.factors, None
    if not isinstance(spread, str):
        bars = bars.merge(spread.ranges, on="factor", validate="one_to_one")
        none_range = (float(spread.none["none"].min()), float(spread.none["none"].max()))
    cut = f" The {MAX_BARS} most probable of {len(bars)} factors are drawn." if len(bars) > MAX_BARS else ""
    ranged = "" if none_range is None else " Lines show how far they move when the priors p and g are changed."
    return {
        "reason": "",
        "picture": Picture(
            posterior_bars(bars, none=found.none, none_range=none_range),
            "Posterior probability of each factor to be active, and of no factor",
            f"Probability that a factor acts, by itself or in an interaction.{ranged}{cut}",
        ),
        "p": f"{found.p:g}",
        "g": f"{found.g:g}",
        "max_factors": found.max_factors,
        "max_order": found.max_order,
        "count": f"{found.count:,}",
        "none": probability(found.none),
        "models": _probable_models(found),
    }


def _probable_models(found: BoxMeyer) -> list[View]:
    sigma = column([math.sqrt(value) for value in found.models["sigma2"]])
    return [
        {"factors": ", ".join(factors) or "no factor", "posterior": probability(posterior), "sigma": sigma[i]}
        for i, (factors, posterior) in enumerate(zip(found.models["factors"], found.models["posterior"], strict=True))
    ]


def model_search_view(analysis: Analysis) -> View:
    """Return the best models by AICc and whether the best stands out from noise, or why there are none."""
    found, test = analysis.evidence.models, analysis.evidence.models_test
    if isinstance(found, str):
        return {"reason": found}
    p = None if isinstance(test, str) else test.p_value
    return {
        "reason": "",
        "heredity": found.heredity,
        "max_terms": found.max_terms,
        "count": f"{found.count:,}",
        "close": found.close,
        "at_limit": found.at_limit,
        "cut": found.cut,
        "p_value": MISSING if p is None else p_value(p),
        "permutations": None if isinstance(test, str) else test.permutations,
        "no_p": test if isinstance(test, str) else "",
        "stands_out": p is not None and p < 1.0 - analysis.confidence - _ROUNDING,
        "models": _best_models(found.models),
    }


def _best_models(models: pd.DataFrame) -> list[View]:
    sigma, r_squared = column(models["sigma"]), fixed(models["r_squared"], 3)
    delta = fixed(models["delta"], 2)
    return [
        {
            "terms": ", ".join(terms) or "no term",
            "delta": delta[i],
            "weight": probability(weight),
            "r_squared": r_squared[i],
            "sigma": sigma[i],
        }
        for i, (terms, weight) in enumerate(zip(models["terms"], models["weight"], strict=True))
    ]
