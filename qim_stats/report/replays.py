"""The HTML report of virtual studies on a full table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from qim_stats.plain import to_json
from qim_stats.plots.replays import calibration_curves, top3_by_trials
from qim_stats.replays import Replays
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import column, interval, number, seconds
from qim_stats.report.page import environment

_RIGHT = ("kendall_tau", "p_top1", "p_top3", "p_top5", "top3_capture")
_CLAIMS = (
    "coverage_marginal",
    "width_marginal",
    "coverage_simultaneous",
    "width_simultaneous",
    "brier",
    "calibration_error",
    "overclaim",
    "claimed_top3",
    "p_top3",
    "settled",
    "settled_right",
)
_FEW = 30  # claims in a bin of the plot


def render_replays(found: Replays, notice: str | None = None, command: str | None = None) -> str:
    """Write virtual studies as one self-contained HTML page, which needs neither network nor script.

    Parameters
    ----------
    found : Replays
        What to report.
    notice : str, optional
        A sentence for the very top.
    command : str, optional
        The shell command that makes this report again.

    Returns
    -------
    str
        HTML. The same replays give the same text.
    """
    method = found.method
    return (
        environment()
        .get_template("replays.html")
        .render(
            title=f"Virtual studies of {method['response']}",
            version=method["qim_stats"],
            notice=notice,
            command=command,
            facts=f"{method['replays']} studies of each design · {len(found.truth)} factors · response "
            f"{method['response']}, to {method['direction']}",
            best=_best(found),
            right=[_row(row, _RIGHT) for row in found.designs.to_dict("records")],
            claims=[_row(row, _CLAIMS) for row in _claiming(found).to_dict("records")],
            truth=_truth(found),
            noise=f"{number(found.noise['sd'])} ({found.noise['source']})",
            added=found.noise["added"],
            tied=method["tied"],
            error=number(found.designs["monte_carlo_error"].max(), 2),
            by_trials=_by_trials(found),
            calibration=_calibration(found),
            alerts=[{"severity": a.severity, "message": a.message} for a in found.alerts],
            json=to_json(found.to_dict()),
        )
    )


def _best(found: Replays) -> str:
    if not found.designs["p_top3"].notna().any():
        return f"{len(found.truth)} factors have no first three; Kendall's tau tells how right the orders were."
    best = found.designs.sort_values("p_top3", ascending=False, kind="stable").iloc[0]
    return (
        f"Most often right in the first three factors: {best['design']} by {best['estimator']}, in "
        f"{_two(best['p_top3'])} of its studies."
    )


def _two(value: Any) -> str:
    return number(None) if pd.isna(value) else f"{value:.2f}"


def _row(row: Mapping[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "design": row["design"],
        "estimator": row["estimator"],
        "trials": f"{row['trials']:.3g}",
        "seconds": seconds(row["seconds"]),
        "cells": [_two(row[name]) for name in names],
        "ceiling": _two(row["ceiling_top3"]),
    }


def _claiming(found: Replays) -> pd.DataFrame:
    table = found.designs
    return table[table["calibration_error"].notna() | table["coverage_marginal"].notna()]


def _truth(found: Replays) -> list[dict[str, Any]]:
    effects = column(found.truth["effect"])
    return [
        {
            "factor": row["factor"],
            "rank": row["rank"],
            "effect": effects[i],
            "open": interval(row["rank_lowest"], row["rank_highest"]),
        }
        for i, row in enumerate(found.truth.to_dict("records"))
    ]


def _by_trials(found: Replays) -> Picture | None:
    table = found.designs
    if not table["p_top3"].notna().any():
        return None
    family = table["design"].str.replace(r"\.\.\d+", "..", regex=True) + " · " + table["estimator"]
    points = pd.DataFrame(
        {
            "family": family,
            "trials": table["trials"],
            "p_top3": table["p_top3"],
            "error": [errors["p_top3"] for errors in table["errors"]],
        }
    )
    return Picture(
        top3_by_trials(points, found.ceiling),
        "Share of studies with the first three factors right, by trials",
        "Bars are two Monte Carlo errors; the dashed line is what the noise of trials alone allows.",
    )


def _calibration(found: Replays) -> Picture | None:
    table = found.calibration
    pairs = table[(table["about"] == "pair") & (table["claims"] >= _FEW)]
    if pairs.empty:
        return None
    return Picture(
        calibration_curves(pairs.assign(name=pairs["design"] + " · " + pairs["estimator"])),
        "Claimed and true shares of orders of two factors",
        f"On the line, claims are as often right as they say; below it, they claim too much. Bins of fewer than {_FEW} "
        "claims are left out.",
    )
