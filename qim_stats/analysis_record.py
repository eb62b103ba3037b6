"""An analysis as plain values: the JSON that programs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qim_stats.evidence import Evidence
from qim_stats.model.fit import glance
from qim_stats.plain import plain
from qim_stats.ranks.ranking import Ranking

if TYPE_CHECKING:
    from qim_stats.analysis import Analysis

SCHEMA = 1


def analysis_record(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as lists, dicts, texts and numbers, with None for what cannot be had.

    Parameters
    ----------
    analysis : Analysis
        The analysis.

    Returns
    -------
    dict
        What ``docs/json.md`` describes under `analyze`.
    """
    verdict, evidence = analysis.verdict, analysis.evidence
    answer = {
        "schema": SCHEMA,
        "glance": glance(analysis.fit, analysis.error.source),
        "terms": analysis.terms,
        "anova": analysis.anova(),
        "lenth": _lenth(analysis),
        "box_meyer": _box_meyer(evidence),
        "ranking": analysis.ranks,
        "verdict": {
            "text": verdict.text,
            "significant": verdict.significant,
            "undecided": verdict.undecided,
            "next": verdict.next,
        },
        "alerts": [{"code": a.code, "severity": a.severity, "message": a.message} for a in analysis.all_alerts],
        "method": analysis.method,
        "pairs": analysis.ranked.pairs,
        "ranking_scale": _ranking_scale(analysis),
        "ranking_sensitivity": _ranking_sensitivity(analysis.ranked),
        "aliases": evidence.alias_table,
        "tipping_points": evidence.tipping,
        "global_test": _or_none(evidence.anything),
        "permutation": _or_none(evidence.permutation),
        "lack_of_fit": asdict(evidence.lack_of_fit),
        "curvature": asdict(evidence.curvature),
        "model_search": _model_search(evidence),
        "failures": _failures(evidence),
        "lost_runs": _lost_runs(evidence),
        "responses": analysis.responses() if analysis.others else None,
        "original_scale": evidence.original_scale,
        "dropped": [{"term": term.name, "equals": term.equals} for term in analysis.fit.dropped],
    }
    return {key: plain(value) for key, value in answer.items()}


def _or_none(found: Any) -> dict[str, Any] | None:
    return None if isinstance(found, str) else asdict(found)


def _lenth(analysis: Analysis) -> dict[str, Any] | None:
    found = analysis.pseudo
    if found is None:
        return None
    return {key: getattr(found, key) for key in ("m", "pse", "me_t", "sme_t", "me", "sme", "effects")}


def _ranking_scale(analysis: Analysis) -> dict[str, Any] | None:
    found = analysis.ranked.scale
    return None if found is None else {**asdict(found), "words": found.words(analysis.modelled)}


def _ranking_sensitivity(ranking: Ranking) -> list[dict[str, Any]] | None:
    found = ranking.sensitivity
    if found is None:
        return None
    return [
        {
            "prior": under.name,
            **asdict(under.prior),
            **{key: getattr(under, key) for key in ("first", "first_differs", "factors", "orders_lost")},
        }
        for under in found.priors
    ]


def _box_meyer(evidence: Evidence) -> dict[str, Any] | None:
    found, spread = evidence.box_meyer, evidence.sensitivity
    if isinstance(found, str):
        return None
    answer: dict[str, Any] = {
        key: getattr(found, key) for key in ("p", "g", "max_factors", "max_order", "none", "factors", "models", "count")
    }
    answer["sensitivity"] = None if isinstance(spread, str) else {"table": spread.table, "ranges": spread.ranges}
    return answer


def _model_search(evidence: Evidence) -> dict[str, Any] | None:
    found, test = evidence.models, evidence.models_test
    if isinstance(found, str):
        return None
    answer: dict[str, Any] = {
        key: getattr(found, key)
        for key in (
            "heredity",
            "max_terms",
            "count",
            "cut",
            "at_limit",
            "models",
            "importance",
            "effects",
            "alternatives",
        )
    }
    answer["p_value"] = None if isinstance(test, str) else test.p_value
    return answer


def _failures(evidence: Evidence) -> dict[str, Any] | None:
    found = evidence.failures
    if found is None:
        return None
    keys = ("trials", "failed", "pending", "states", "missing_share", "refuse_ranking", "factors", "text", "advice")
    answer: dict[str, Any] = {key: getattr(found, key) for key in keys}
    answer["causes"] = [{**asdict(cause), "states": _mapping(cause.states)} for cause in found.causes]
    answer["shared"] = [{"factor": name, "level": level} for name, level in found.shared]
    return answer


def _lost_runs(evidence: Evidence) -> dict[str, Any] | None:
    if evidence.lost.kept.all():
        return None
    return {"se_inflation": evidence.se_inflation, "rerun": evidence.rerun, "new_aliases": evidence.new_aliases}


def _mapping(states: Mapping[str, int]) -> dict[str, int]:
    return dict(states)
