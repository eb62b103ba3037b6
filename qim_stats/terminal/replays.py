"""Virtual studies on a full table, as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qim_stats.replays import Replays
from qim_stats.terminal.layout import labelled, number, share, table_lines, wrap

_RIGHT = {"kendall_tau": "tau", "p_top1": "top 1", "p_top3": "top 3", "p_top5": "top 5", "top3_capture": "capture"}
_CLAIMS = {
    "coverage_marginal": "90 %",
    "width_marginal": "width",
    "coverage_simultaneous": "95 %",
    "width_simultaneous": "width",
    "calibration_error": "calib",
    "claimed_top3": "claim",
    "p_top3": "true",
    "settled": "sure",
    "settled_right": "right",
}
_SHORT = {"least-squares": "lsq", "alias-aware": "aware"}


def replays_text(found: Replays, report: str | None = None) -> str:
    """Tell how right virtual studies were.

    Parameters
    ----------
    found : Replays
        What to tell.
    report : str, optional
        Where its HTML report is.

    Returns
    -------
    str
        Lines of at most 80 columns, ending with a line break.
    """
    designs, method = found.designs, found.method
    several = designs["estimator"].nunique() > 1
    by = "" if several else f" by {designs['estimator'].iloc[0]}"
    count = f"{method['replays']} virtual studies of each design{by}, of {len(found.truth)} factors"
    lines = [*wrap(f"{count}: the share that had the first factors right, Kendall's tau, top-3 capture."), ""]
    lines += _right(found, several=several)
    if designs["p_top3"].notna().any():
        lines += ["", *wrap(_most(designs, method["replays"]))]
    if designs[["coverage_marginal", "calibration_error"]].notna().any(axis=None):
        lines += ["", *_claims(designs, several=several)]
    lines += ["", *_truth(found), ""]
    for alert in found.alerts:
        lines += labelled("note" if alert.severity == "info" else alert.severity, alert.message)
    if report is not None:
        lines += labelled("report", report)
    return "\n".join(lines) + "\n"


def _who(row: Mapping[Any, Any], *, several: bool) -> str:
    estimator = str(row["estimator"])
    return f"{row['design']} {_SHORT.get(estimator, estimator)}" if several else str(row["design"])


def _trials(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def _right(found: Replays, *, several: bool) -> list[str]:
    """Lay out how right the answers were, each design followed by what noise alone allows."""
    shown = [name for name in _RIGHT if found.designs[name].notna().any()]
    rows = []
    for row in found.designs.to_dict("records"):
        cells = [share(row[name]) for name in shown]
        rows.append([_who(row, several=several), _trials(row["trials"]), *cells, share(row["ceiling_top3"])])
    header = ["factor", "trials", *(_RIGHT[name] for name in shown), "ceiling"]
    return _renamed(header, rows, "design")


def _claims(designs: pd.DataFrame, *, several: bool) -> list[str]:
    """Lay out whether rank intervals and claimed probabilities kept their word."""
    told = designs[designs["calibration_error"].notna() | designs["coverage_marginal"].notna()]
    shown = [name for name in _CLAIMS if told[name].notna().any() or name == "settled_right"]
    rows = [[_who(row, several=several), *(share(row[name]) for name in shown)] for row in told.to_dict("records")]
    text = "Rank intervals (nominal 90 % each, 95 % all together: coverage and mean width); calibration error of P(i "
    text += "before j); mean claim that the first three are right, and how often they were; share of studies that were "
    text += "sure of them at 0.9, and how many of those were right."
    return [*wrap(text), "", *_renamed(["factor", *(_CLAIMS[name] for name in shown)], rows, "design")]


def _renamed(header: list[str], rows: list[list[str]], name: str) -> list[str]:
    """Align a table whose left column is not of factors."""
    lines = table_lines(header, rows)
    width = len("factor")
    return [name.ljust(width) + lines[0][width:], *lines[1:]]


def _most(designs: pd.DataFrame, replays: int) -> str:
    best = designs.sort_values("p_top3", ascending=False, kind="stable").iloc[0]
    # Of a share of 0 or 1 no error is known; it is that of one study more or less.
    error = max(best["errors"]["p_top3"], 1.0 / replays)
    return (
        f"Most often right in the first three: {best['design']}, {share(best['p_top3'])} of its studies (Monte Carlo "
        f"error {error:.2g})."
    )


def _truth(found: Replays) -> list[str]:
    noise, method = found.noise, found.method
    added = "; fresh noise was added to every trial" if noise["added"] else ""
    text = (
        f"SD of a trial {number(noise['sd'])} ({noise['source']}{added}). Effects within {method['tied']:g} standard "
    )
    text += "errors of their difference count as tied; the ranks that this leaves open:"
    rows = [
        [str(row["rank"]), str(row["factor"]), number(row["effect"]), f"{row['rank_lowest']}-{row['rank_highest']}"]
        for row in found.truth.to_dict("records")
    ]
    return [*wrap(text), "", *table_lines(["rank", "factor", "effect", "open"], rows)]
