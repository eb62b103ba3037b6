"""The call of the library that repeats an analysis."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from markupsafe import escape

from qim_stats.analysis import Analysis
from qim_stats.errors import one_line
from qim_stats.factors import Factor
from qim_stats.options import AnalysisOptions
from qim_stats.plain import plain

View = dict[str, Any]


def reproduce_view(analysis: Analysis, command: str | None) -> View:
    """Return the command that repeats the analysis; without one, the call of the library."""
    return {"command": command, "call": escape("\n".join(map(one_line, _call(analysis))))}


def _call(analysis: Analysis) -> list[str]:
    """Spell the call, each option that is not the default's in a line of its own."""
    trials = analysis.trials
    names = [trials.response, *(other.response for other in analysis.others)]
    given: dict[str, str] = {
        "response": repr(names if analysis.others else names[0]),
        "direction": repr(trials.direction),
        "factors": f"[{', '.join(_factor(factor) for factor in trials.factors)}]",
    }
    if trials.block not in (None, "block"):
        given["block"] = repr(trials.block)
    default = AnalysisOptions()
    for field in fields(AnalysisOptions):
        value = getattr(analysis.options, field.name)
        if value != getattr(default, field.name):
            given[field.name] = f"qs.{value!r}" if field.name == "box_meyer" else repr(value)
    return [
        "import qim_stats as qs",
        "",
        "analysis = qs.analyze(",
        f"    {trials.source or 'trials.csv'!r},",
        *(f"    {key}={value}," for key, value in given.items()),
        ")",
    ]


def _factor(factor: Factor) -> str:
    """Spell a factor with the options that are not the default's."""
    parts = [repr(factor.name), repr(plain(factor.low)), repr(plain(factor.high))]
    if factor.scale != "linear":
        parts.append(f"scale={factor.scale!r}")
    if factor.unit is not None:
        parts.append(f"unit={factor.unit!r}")
    return f"qs.Factor({', '.join(parts)})"
