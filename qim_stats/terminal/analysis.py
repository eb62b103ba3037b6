"""An analysis as plain text: verdict first, then the ranking, then what it rests on."""

from __future__ import annotations

import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.terminal.layout import labelled, number, p_value, percent, table_lines, wrap


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
    counts = f"{trials.n} usable trials of {len(trials.frame)}, {len(trials.factors)} factors"
    lines = [
        *wrap(analysis.verdict.text),
        "",
        *wrap(f"{analysis.response} ({analysis.direction}): {counts}"),
        "",
        *_ranking(analysis.ranking()),
        "",
    ]
    lines += labelled("error", f"{analysis.error_source}. {_error_words(analysis)}")
    lenth = analysis.lenth()
    if lenth is not None:
        text = f"PSE {number(lenth.pse)}, ME {number(lenth.me)}, SME {number(lenth.sme)} from {lenth.m} contrasts"
        lines += labelled("Lenth", text)
    shown = [a for a in analysis.alerts if a.severity != "info" or a in trials.alerts]
    for alert in shown:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    lines += labelled("next", analysis.verdict.next)
    if report is not None:
        lines += labelled("report", report)
    return "\n".join(lines) + "\n"


def _ranking(ranking: pd.DataFrame) -> list[str]:
    rows = [
        [
            str(row["rank"]),
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


def _error_words(analysis: Analysis) -> str:
    df = analysis.error.df
    return analysis.error.reason if df is None else f"{analysis.error.reason} (df {df:.3g})"
