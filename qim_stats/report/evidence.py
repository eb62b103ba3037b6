"""What the numbers look like: the contrasts against noise, the trials at both levels, the residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.distributions import t_quantile
from qim_stats.factors import find_factor
from qim_stats.plots import Limit, Panel, half_normal, main_effects, normal_quantiles, pareto, residuals_against
from qim_stats.plots.contrasts import MAX_BARS
from qim_stats.plots.main_effects import draws_points
from qim_stats.plots.residuals import MAX_POINTS
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import is_missing, level_of_confidence, levels, number
from qim_stats.screening.pseudo_errors import PSE_NAMES

View = dict[str, Any]
_UNEQUAL = 1.01


def contrasts_view(analysis: Analysis) -> View:
    """Return the half-normal and the Pareto plot with the limits that fit the error estimate, and Lenth's numbers."""
    lenth = analysis.lenth()
    sizes, unit, scale, limits = _measured(analysis)
    pseudo = None
    if lenth is not None:
        pseudo = (
            {"name": PSE_NAMES[lenth.method], "m": lenth.m, "rebuilt": lenth.rebuilt}
            | {"has_t": not is_missing(lenth.me_t)}
            | {key: number(getattr(lenth, key)) for key in ("pse", "me", "sme", "me_t", "sme_t")}
        )
    told = " and ".join(f"the {limit.name} ({number(limit.value)})" for limit in limits)
    beyond = f"past {told}" if limits else "far off it"
    line = "The grey line is noise of the estimated size. " if scale is not None else ""
    cut = f" The largest {MAX_BARS} of {len(sizes)} are shown." if len(sizes) > MAX_BARS else ""
    return {
        "lenth": pseudo,
        "pse_used": analysis.error_source == "pse",
        "pictures": [
            Picture(
                half_normal(sizes, limits, unit=unit, scale=scale),
                "Half-normal plot of the contrasts",
                f"{line}Contrasts made by noise alone lie along a line from the origin; look for those {beyond}.",
            ),
            Picture(
                pareto(sizes, limits, unit=unit),
                "Pareto plot of the contrasts",
                f"The same contrasts by size; look for bars {beyond if limits else 'much longer than the rest'}.{cut}",
            ),
        ],
    }


def _measured(analysis: Analysis) -> tuple[pd.DataFrame, str, float | None, list[Limit]]:
    """Return the contrasts' sizes, what they are in, their standard error and the limits."""
    lenth = analysis.lenth()
    # Not those of ``tidy``, which are per natural unit if that was asked for.
    terms = analysis.evidence.terms
    terms = terms[terms["effect"].notna()]
    errors = 2.0 * terms["std_error"].to_numpy(dtype=np.float64)
    effects = lenth.effects if lenth is not None else terms
    sizes = pd.DataFrame({"term": effects["term"], "size": effects["effect"].abs(), "kind": _kinds(analysis, effects)})
    unit = f"|effect on {analysis.modelled[:40]}|"
    if lenth is not None and analysis.error_source == "pse":
        return sizes, unit, lenth.pse, [Limit("ME", lenth.me), Limit("SME", lenth.sme)]
    if analysis.error.df is None or not len(errors):
        return sizes, unit, None, []
    critical = t_quantile((1.0 + analysis.confidence) / 2.0, analysis.error.df)
    name = f"{level_of_confidence(analysis.confidence)} t limit"
    if errors.max() <= _UNEQUAL * errors.min():
        return sizes, unit, float(errors[0]), [Limit(name, critical * float(errors[0]))]
    # Unequal standard errors, as after lost trials, leave only the t-ratios on a common scale.
    ratios = pd.DataFrame({"term": terms["term"], "size": terms["statistic"].abs(), "kind": _kinds(analysis, terms)})
    return ratios, "|t|", 1.0, [Limit(name, critical)]


def _kinds(analysis: Analysis, effects: pd.DataFrame) -> list[str]:
    lenth = analysis.lenth()
    factors = set(analysis.trials.factor_names)
    spare = {*analysis.trials.dummies, *(lenth.rebuilt if lenth is not None else ())}
    return ["factor" if t in factors else "spare" if t in spare else "interaction" for t in effects["term"]]


def main_effects_view(analysis: Analysis) -> View:
    """Return the main-effect plots of the ranked factors."""
    trials = analysis.evidence.trials  # the response on the scale of the model
    ranking = analysis.ranking()
    panels = []
    for name, effect in zip(ranking["factor"], ranking["effect"], strict=True):
        if is_missing(effect):
            continue
        coded = trials.coded[name].to_numpy(dtype=np.float64)
        low, high = levels(find_factor(name, trials.factors))
        # Equal to the plain means in an orthogonal design; after lost trials only this line has the effect's slope.
        centre = float(trials.y.mean()) - effect / 2.0 * float(coded.mean())
        stands_out = name in analysis.verdict.significant
        panels.append(Panel(name, low, high, coded, centre - effect / 2.0, centre + effect / 2.0, stands_out))
    if not panels:
        return {"picture": None}
    points = draws_points(len(panels), trials.n)
    marks = (
        "Circles are single trials, spread sideways so that they do not hide each other"
        if points
        else f"With {trials.n} trials, grey bars show the middle 80 % and the middle half of them instead of points"
    )
    return {
        "picture": Picture(
            main_effects(panels, trials.y, response=analysis.modelled),
            f"Response at the low and high level of {len(panels)} factors",
            f"The line joins the means at the low and the high level as the model estimates them. {marks}. "
            "Factors told from noise are in colour; all panels have the same scale.",
        )
    }


def residuals_view(analysis: Analysis) -> View:
    """Return the residual plots, or the reason why there are none."""
    frame = analysis.augment()
    if analysis.fit.sigma is None:
        return {"pictures": [], "why_none": "The model fits every trial exactly, so there are no residuals to look at."}
    column = pd.to_numeric(frame[".std_resid"])
    frame, residuals = frame[column.notna()], column[column.notna()].to_numpy(dtype=np.float64)
    if not len(residuals):
        return {"pictures": [], "why_none": "No trial has a residual of its own."}
    label = "standardized residual"
    order = pd.to_numeric(frame["order"], errors="coerce") if "order" in frame else None
    known = order is not None and bool(order.notna().all())
    sequence = order.to_numpy(dtype=np.float64) if order is not None and known else frame.index.to_numpy(float) + 1
    along = "run order" if known else "row of the table"
    fitted = frame[".fitted"].to_numpy(dtype=np.float64)
    left_out = int(column.isna().sum())
    notes = [f"{left_out} trials that the model fits exactly have no residual and are left out."] if left_out else []
    if len(residuals) > MAX_POINTS:
        notes.append(
            f"{MAX_POINTS} of {len(residuals)} residuals are drawn: the 50 lowest and highest, others evenly spaced."
        )
    pictures = [
        Picture(
            normal_quantiles(residuals, label=label),
            "Normal quantile plot of the residuals",
            "Residuals of normal noise follow the line.",
        ),
        Picture(
            residuals_against(fitted, residuals, name="fitted", x_label=f"fitted {analysis.modelled}", label=label),
            "Residuals against fitted values",
            "A bend or a funnel would say that the model, or the response's scale, does not fit.",
        ),
        Picture(
            residuals_against(sequence, residuals, name="order", x_label=along, label=label),
            f"Residuals by {along}",
            "A trend would say that something drifted from trial to trial.",
        ),
    ]
    return {"pictures": pictures, "notes": notes}
