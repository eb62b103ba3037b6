"""The trials without a response: which they are, which levels make trials fail, what they cost, which to run again."""

from __future__ import annotations

from typing import Any

import numpy as np

from qim_stats.alerts import listed
from qim_stats.analysis import Analysis
from qim_stats.failures import FailureReport
from qim_stats.report.numbers import MISSING, column, level_of_confidence, number, p_value, percent
from qim_stats.trials import finished_at_chance, labels

View = dict[str, Any]
_ASIDE_ROWS = 200
_NEW_ALIASES = 10
_WIDER = 1.0005  # what would be shown as more than 1.000


def trials_view(analysis: Analysis) -> View:
    """Return the trials set aside, each with its state and reason, and those that ended at chance."""
    trials = analysis.trials
    frame = trials.frame[trials.usable]
    rows = frame[finished_at_chance(frame)]
    chance = labels(rows["run"]) if "run" in rows else [str(int(i) + 1) for i in rows.index]
    return {
        "set_aside": trials.set_aside[:_ASIDE_ROWS],
        "more": max(0, len(trials.set_aside) - _ASIDE_ROWS),
        "total": len(trials.frame),
        "at_chance": listed(chance, limit=60),
        "at_chance_count": len(chance),
    }


def failures_view(analysis: Analysis) -> View:
    """Return which factors make trials fail, and what the missing runs cost."""
    evidence = analysis.evidence
    report = evidence.failures
    return {
        "text": "" if report is None else report.text,
        "advice": "" if report is None else report.advice,
        "firth_reason": "" if report is None or report.firth_reason is None else report.firth_reason,
        "confidence": level_of_confidence(analysis.confidence),
        "factors": [] if report is None else _factors(report),
        "lost": None if evidence.lost.kept.all() else _lost(analysis),
    }


def _factors(report: FailureReport) -> list[View]:
    causes = {cause.factor for cause in report.causes if cause.certain}
    return [
        {
            "factor": row["factor"],
            "stands_out": row["factor"] in causes,
            "low": row["failed_low"],
            "high": row["failed_high"],
            "odds": number(row["odds_ratio"], 3),
            "limits": MISSING
            if np.isnan(row["conf_low"])
            else f"{number(row['conf_low'], 3)} to {number(row['conf_high'], 3)}",
            "p_value": p_value(row["p_value"]),
            "p_adjusted": p_value(row["p_adjusted"]),
            "p_firth": p_value(row["p_firth"]),
        }
        for row in report.factors.to_dict("records")
    ]


def _lost(analysis: Analysis) -> View:
    """Return what the missing runs took: wider standard errors, new aliases, and the order to run them again."""
    evidence = analysis.evidence
    inflation = evidence.se_inflation
    wider = inflation[(inflation["se_inflation"] > _WIDER) | ~inflation["estimable"]]
    return {
        "missing": int((~evidence.lost.kept).sum()),
        "planned": len(evidence.lost.kept),
        "wider": [
            {"term": row["term"], "factor": number(row["se_inflation"], 3), "estimable": row["estimable"]}
            for row in wider.to_dict("records")
        ],
        **_new_aliases(analysis),
        "rerun": _rerun(analysis),
    }


def _new_aliases(analysis: Analysis) -> View:
    mixed = analysis.evidence.new_aliases
    if mixed is None:
        return {"aliases": [], "aliases_total": 0}
    mixed = mixed[mixed["term"].isin(analysis.trials.factor_names)]
    shown = mixed.head(_NEW_ALIASES)
    before, after = (column(shown[name], 2) for name in ("before", "after"))
    return {
        "aliases": [
            {"term": term, "interaction": interaction, "before": before[i], "after": after[i]}
            for i, (term, interaction) in enumerate(zip(shown["term"], shown["interaction"], strict=True))
        ],
        "aliases_total": len(mixed),
    }


def _rerun(analysis: Analysis) -> list[View]:
    return [
        {
            "run": row["run"],
            "row": row["row"],
            "state": row["state"],
            "same_settings": row["same_settings"],
            "efficiency": percent(row["d_efficiency"]),
            "se_inflation": number(row["se_inflation"], 3),
            "again": ", ".join(row["estimable_again"]) or MISSING,
        }
        for row in analysis.evidence.rerun.to_dict("records")
    ]
