"""What the first page says: the verdict, and the comparison with the full factorial."""

from __future__ import annotations

from typing import Any

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.analysis import Analysis
from qim_stats.plots import compared_effects
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import (
    MISSING,
    column,
    interval,
    is_missing,
    level_of_confidence,
    number,
    percent,
    seconds,
)
from qim_stats.validation import Validation

View = dict[str, Any]


def verdict_view(analysis: Analysis) -> View:
    """Return the verdict with its first sentence apart."""
    verdict = analysis.verdict
    first, rest = _first_sentence(verdict.text, analysis.trials.factor_names)
    counts = {"error": 0, "warning": 0}
    for alert in analysis.all_alerts:
        if alert.severity in counts:
            counts[alert.severity] += 1
    told = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    return {
        "first": first,
        "rest": rest,
        "significant": verdict.significant,
        "undecided": verdict.undecided,
        "next": verdict.next,
        "alerts": listed(told),
    }


def _first_sentence(text: str, names: list[str]) -> tuple[str, str]:
    """Split after the first full stop that is not part of a factor's name."""
    masked = text
    for name in sorted(names, key=len, reverse=True):
        masked = masked.replace(name, "x" * len(name))
    end = masked.find(". ")
    return (text, "") if end < 0 else (text[: end + 1], text[end + 2 :])


def comparison_view(analysis: Analysis, validation: Validation) -> View:
    """Return the truth beside the screen, how far they agree, what each cost, and a figure of both."""
    merged = _merged(validation)
    true, seen = column(merged["true"]), column(merged["screen"])
    rows = [
        {
            "factor": row["factor"],
            "true_rank": row["true_rank"],
            "rank": row["rank"],
            "interval": interval(row["rank_low"], row["rank_high"]),
            "inside": row["rank_low"] <= row["true_rank"] <= row["rank_high"],
            "true": true[i],
            "screen": seen[i],
            "same_sign": bool(row["true"] * row["screen"] > 0) or row["true"] == row["screen"],
        }
        for i, row in enumerate(merged.to_dict("records"))
    ]
    limits = f"{level_of_confidence(analysis.confidence)} confidence interval"
    return {
        "rows": rows,
        "summary": _summary(validation),
        "agreement": _agreement(validation),
        "cost": _cost(validation),
        "picture": Picture(
            compared_effects(merged, response=analysis.response, interval=limits),
            "Effect of each factor as the screen estimated it and as the full factorial has it",
            _how_to_read(limits if analysis.error_source != "none" else None),
        ),
    }


def _how_to_read(limits: str | None) -> str:
    if limits is None:
        return "Dots are the screen's estimates, diamonds the effects in the full factorial."
    return (
        f"Dots are the screen's estimates, lines their {limits}s, diamonds the effects in the full factorial, "
        "which the lines should mostly reach."
    )


def _merged(validation: Validation) -> pd.DataFrame:
    truth = validation.truth.rename(columns={"effect": "true", "rank": "true_rank"})
    screen = validation.screen.rename(columns={"effect": "screen"})
    columns = ["factor", "screen", "rank", "rank_low", "rank_high", "conf_low", "conf_high"]
    return truth.merge(screen[columns], on="factor", how="left", validate="one_to_one")


def _summary(validation: Validation) -> str:
    agreement, cost = validation.agreement, validation.cost
    parts = [f"{cost['screen_trials']} trials against {cost['full_trials']} ({percent(cost['trials_ratio'])})"]
    if not is_missing(cost["seconds_ratio"]):
        parts.append(f"{seconds(cost['screen_seconds'])} against {seconds(cost['full_seconds'])}")
    resolved, right = agreement["pairs_resolved"], agreement["pairs_right"]
    k = len(validation.truth)
    ordered = "the screen orders no pair of factors" if not resolved else f"{right} of the {resolved} orders claimed"
    ordered += f" (of {k * (k - 1) // 2} pairs) hold in the full factorial" if resolved else ""
    return f"{', '.join(parts)}: {ordered}."


def _agreement(validation: Validation) -> list[tuple[str, str]]:
    agreement, k = validation.agreement, len(validation.truth)
    rows = [
        ("Kendall's tau of the ranks", number(agreement["kendall_tau"], 3)),
        ("Spearman's rho of the ranks", number(agreement["spearman_rho"], 3)),
    ]
    for top in (1, 3, 5):
        same = agreement[f"top{top}"]
        answer = f"{MISSING} ({k} factors only)" if same is None else "yes" if same else "no"
        rows.append((f"Same top {top}" if top > 1 else "Same first factor", answer))
    return [
        *rows,
        ("Effects with the right sign", percent(agreement["sign_agreement"])),
        ("Pairs that the screen orders", f"{agreement['pairs_resolved']} of {k * (k - 1) // 2}"),
        ("of these, in the right order", str(agreement["pairs_right"])),
        ("Rank intervals that hold the true rank", percent(agreement["rank_interval_coverage"])),
    ]


def _cost(validation: Validation) -> list[tuple[str, str, str, str]]:
    cost = validation.cost
    return [
        ("trials", str(cost["screen_trials"]), str(cost["full_trials"]), percent(cost["trials_ratio"])),
        (
            "time, all trials added",
            seconds(cost["screen_seconds"]),
            seconds(cost["full_seconds"]),
            percent(cost["seconds_ratio"]),
        ),
    ]
