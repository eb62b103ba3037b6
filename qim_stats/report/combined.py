"""The HTML report of several studies side by side."""

from __future__ import annotations

from typing import Any

from qim_stats.plain import to_json
from qim_stats.plots.study_effects import study_effects
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import EN_DASH, column, number, p_value, percent
from qim_stats.report.page import environment
from qim_stats.studies import Combination


def render_combination(combination: Combination, notice: str | None = None, command: str | None = None) -> str:
    """Write a combination as one self-contained HTML page, which needs neither network nor script.

    Parameters
    ----------
    combination : Combination
        What to report.
    notice : str, optional
        A sentence for the very top.
    command : str, optional
        The shell command that makes this report again.

    Returns
    -------
    str
        HTML. The same combination gives the same text.
    """
    first, _, rest = combination.text.partition(". ")
    any_analysis = next(iter(combination.analyses.values()))
    return (
        environment()
        .get_template("combined.html")
        .render(
            title=f"{any_analysis.response} in {len(combination.analyses)} studies",
            response=any_analysis.response,
            direction=any_analysis.direction,
            version=any_analysis.method["versions"]["qim_stats"],
            notice=notice,
            command=command,
            first=first if not rest else f"{first}.",
            rest=rest,
            studies=[_study(name, a) for name, a in combination.analyses.items()],
            ranks=_ranks(combination),
            effects=_effects(combination),
            agreement=_agreement(combination),
            picture=_picture(combination),
            alerts=[{"severity": a.severity, "message": a.message} for a in combination.alerts],
            json=to_json(combination.to_dict()),
        )
    )


def _study(name: str, analysis: Any) -> dict[str, Any]:
    trials = analysis.trials
    return {
        "name": name,
        "source": trials.source or "a data frame",
        "n": f"{trials.n} of {len(trials.frame)}",
        "error": analysis.error_source,
        "verdict": analysis.verdict.text,
    }


def _ranks(combination: Combination) -> list[dict[str, Any]]:
    cells = {
        (row["study"], row["factor"]): f"{row['rank']} ({row['rank_low']}{EN_DASH}{row['rank_high']})"
        for row in combination.studies().to_dict("records")
    }
    return [
        {
            "factor": row["factor"],
            "cells": [cells[study, row["factor"]] for study in combination.analyses],
            "sum": number(row["rank_sum"]),
            "status": row["status"],
            "same_sign": row["same_sign"],
        }
        for row in combination.factors().to_dict("records")
    ]


def _effects(combination: Combination) -> list[dict[str, Any]]:
    table = combination.factors()
    texts = {name: column(table[name]) for name in ("effect", "conf_low", "conf_high", "tau")}
    return [
        {
            "factor": row["factor"],
            "effect": texts["effect"][i],
            "limits": f"{texts['conf_low'][i]} to {texts['conf_high'][i]}",
            "p_adjusted": p_value(row["p_adjusted"]),
            "tau": texts["tau"][i],
            "i2": percent(row["i2"]),
            "q_p_value": p_value(row["q_p_value"]),
        }
        for i, row in enumerate(table.to_dict("records"))
    ]


def _agreement(combination: Combination) -> list[tuple[str, str]]:
    agreement = combination.agreement
    if agreement is None:
        return []
    return [
        ("Kendall's W (0 none, 1 complete)", number(agreement.w, 3)),
        ("p by chi²", p_value(agreement.p_value)),
        ("p by permutation", p_value(agreement.p_permutation)),
    ]


def _picture(combination: Combination) -> Picture:
    scale = combination.method["scale"]
    any_analysis = next(iter(combination.analyses.values()))
    table = combination.factors()
    effects = combination.studies()[["study", "factor", "effect"]]
    if scale == "share":
        roots = effects.assign(square=effects["effect"] ** 2).groupby("study")["square"].transform("sum") ** 0.5
        effects = effects.assign(effect=effects["effect"] / roots)
    unit = any_analysis.response if scale == "response" else "share of the study's effects"
    interval = f"{100 * combination.method['confidence']:g} % confidence interval"
    return Picture(
        study_effects(effects, table, unit=unit, interval=interval),
        "Effect of each factor in every study, and pooled",
        f"Grey dots are the studies in the order of the table, diamonds the pooled effect with its {interval}.",
    )
