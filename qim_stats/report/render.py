"""Puts the sections of the report together, in the order in which they are read."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from qim_stats.analysis import Analysis
from qim_stats.errors import one_line
from qim_stats.report.answer import comparison_view, ranking_view, verdict_view
from qim_stats.report.evidence import anova_view, contrasts_view, main_effects_view, residuals_view, terms_view
from qim_stats.report.record import alerts_view, data_view, design_view, method_view, reproduce_view, trials_view
from qim_stats.validation import Validation

_LONG_WORD = 20


def render(
    analysis: Analysis,
    validation: Validation | None = None,
    title: str | None = None,
    notice: str | None = None,
    command: str | None = None,
) -> str:
    """Write an analysis as one self-contained HTML page, which needs neither network nor script.

    Parameters
    ----------
    analysis : Analysis
        What to report.
    validation : Validation, optional
        How the analysis compares with a full factorial.
    title : str, optional
        The page's title; by default the study's name or the response.
    notice : str, optional
        A sentence for the very top.
    command : str, optional
        The shell command that makes this report again.

    Returns
    -------
    str
        HTML. The same analysis gives the same text.
    """
    trials = analysis.trials
    study = trials.metadata.study if trials.metadata else None
    return (
        _environment()
        .get_template("report.html")
        .render(
            title=title or study or f"What moves {analysis.response}",
            notice=notice,
            analysis=analysis,
            trials=trials,
            verdict=verdict_view(analysis),
            ranking=ranking_view(analysis),
            comparison=None if validation is None else comparison_view(analysis, validation),
            terms=terms_view(analysis),
            contrasts=contrasts_view(analysis),
            main_effects=main_effects_view(analysis),
            residuals=residuals_view(analysis),
            rows=trials_view(analysis),
            design=design_view(analysis),
            anova=anova_view(analysis),
            alerts=alerts_view(analysis),
            method=method_view(analysis),
            reproduce=reproduce_view(analysis, command),
            data=data_view(analysis, validation),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qim_stats.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["long"] = _long
    return environment


def _long(text: str) -> str:
    """Return the class of a cell whose text has a word so long that it must be broken anywhere."""
    return " long" if any(len(word) > _LONG_WORD for word in text.split()) else ""


def _shown(value: Any) -> Any:
    """Show control characters, and those that turn the reading direction, instead of obeying them."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
