"""An analysis as plain text: verdict first, then the ranking, then what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.terminal.aliases import alias_lines
from qim_stats.terminal.layout import labelled, number, p_value, percent, share, table_lines, wrap

_FIRST = 3
_LEGEND = (
    "Rank: by size, the mean |effect| once interactions are allowed for (by |effect| where sizes are too close to "
    "call); so its interval. by noise: the interval if there were no interactions. active: Box and Meyer's posterior "
    "probability. QIM rank: of the signed sum."
)
_NOISE_ALONE = (
    "Rank: by |effect|; its interval: by the noise of trials alone. active: Box and Meyer's posterior probability. QIM "
    "rank: of the signed sum."
)


def analysis_text(analysis: Analysis, report: str | None = None) -> str:
    """Tell an analysis.

    Parameters
    ----------
    analysis : Analysis
        What to tell.
    report : str, optional
        Where its HTML report is.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    trials = analysis.trials
    k = len(trials.factors)
    counts = f"{trials.n} usable trials of {len(trials.frame)}, {k} factor{'s' if k > 1 else ''}"
    lines = [
        *wrap(analysis.verdict.text),
        "",
        *wrap(f"{analysis.response} ({analysis.direction}): {counts}"),
        "",
    ]
    if len(analysis.ranks):
        lines += [*_effects(analysis.ranks), "", *_ranks(analysis), ""]
    lines += labelled("error", f"{analysis.error_source}. {_error_words(analysis)}")
    lenth = analysis.lenth()
    if lenth is not None:
        text = f"PSE {number(lenth.pse)}, ME {number(lenth.me)}, SME {number(lenth.sme)} from {lenth.m} contrasts"
        lines += labelled("Lenth", text)
    anything = analysis.evidence.anything
    if not isinstance(anything, str):
        lines += labelled("overall", f"all effects together differ from noise with p {p_value(anything.p_value)}")
    simpler = None if analysis.ranked.scale is None else analysis.ranked.scale.words(analysis.modelled)
    if simpler is not None:
        lines += labelled("scale", simpler)
    shown = [a for a in analysis.alerts if a.severity != "info" or a in trials.alerts]
    for alert in shown:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    lines += labelled("next", analysis.verdict.next)
    lines += _aliases(analysis)
    if report is not None:
        lines += labelled("report", report)
    return "\n".join(lines) + "\n"


def _aliases(analysis: Analysis) -> list[str]:
    """Tell what could overturn the claims; where nothing is claimed, the order of the first few."""
    ranked = [str(name) for name in analysis.ranks["factor"]]
    told = list(analysis.verdict.significant) or ranked[:_FIRST]
    status = analysis.aliases()
    if not told or (status.loc[status["term"].isin(told), "status"] == "clear").all():
        return []
    return ["", *alias_lines(status, analysis.tipping_points(), terms=told)]


def _effects(ranking: pd.DataFrame) -> list[str]:
    rows = [
        [
            _rank(row["rank"]),
            f"{row['rank_low']}-{row['rank_high']}",
            str(row["factor"]),
            number(row["effect"]),
            number(row["std_error"]),
            p_value(row["p_adjusted"]),
            percent(row["importance"]),
        ]
        for row in ranking.to_dict("records")
    ]
    return table_lines(["rank", "interval", "factor", "effect", "SE", "p adj", "importance"], rows)


def _ranks(analysis: Analysis) -> list[str]:
    """Lay out what is known of the order: with interactions allowed for, and by noise alone."""
    weighed = analysis.box_meyer()
    active = {} if weighed is None else dict(zip(weighed.factors["factor"], weighed.factors["posterior"], strict=True))
    rows = [
        [
            str(row["factor"]),
            number(None if row["alias_aware"] is None else row["alias_aware"]["size"]),
            _interval(row["sampling"]),
            share(row["p_top"]["1"]),
            share(row["p_top"]["3"]),
            share(active.get(row["factor"])),
            _rank(row["raw_rank"]),
        ]
        for row in analysis.ranks.to_dict("records")
    ]
    header = ["factor", "size", "by noise", "P(1st)", "P(top 3)", "active", "QIM rank"]
    aware = analysis.ranks["alias_aware"].notna().any()
    return [*table_lines(header, rows), *wrap(_LEGEND if aware else _NOISE_ALONE)]


def _rank(value: Any) -> str:
    return "-" if value is None or value != value else str(int(value))


def _interval(layer: Mapping[str, Any]) -> str:
    return f"{layer['rank_low']}-{layer['rank_high']}"


def _error_words(analysis: Analysis) -> str:
    df = analysis.error.df
    return analysis.error.reason if df is None else f"{analysis.error.reason} (df {df:.3g})"
