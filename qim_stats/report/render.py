"""Puts the sections of the report together, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qim_stats.analysis import Analysis
from qim_stats.report.aliasing import aliasing_view
from qim_stats.report.answer import comparison_view, verdict_view
from qim_stats.report.call import reproduce_view
from qim_stats.report.effects import anova_view, original_scale_view, responses_view, terms_view, whole_view
from qim_stats.report.evidence import contrasts_view, main_effects_view, residuals_view
from qim_stats.report.failures import failures_view, trials_view
from qim_stats.report.models import box_meyer_view, model_search_view
from qim_stats.report.page import environment
from qim_stats.report.ranking import ranking_view
from qim_stats.report.record import alerts_view, data_view, design_view, method_view
from qim_stats.report.story import story_view
from qim_stats.validation import Validation

if TYPE_CHECKING:
    from qim_stats.followup.settle import Step
    from qim_stats.followup.story import Chapter


def render(
    analysis: Analysis,
    validation: Validation | None = None,
    title: str | None = None,
    notice: str | None = None,
    command: str | None = None,
    story: tuple[Step, Sequence[Chapter]] | None = None,
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
    story : tuple of Step and sequence of Chapter, optional
        How a study that went on until a goal was settled ended, and what each of its blocks taught.

    Returns
    -------
    str
        HTML. The same analysis gives the same text.
    """
    trials = analysis.trials
    study = trials.metadata.study if trials.metadata else None
    return (
        environment()
        .get_template("report.html")
        .render(
            title=title or study or f"What moves {analysis.response}",
            notice=notice,
            analysis=analysis,
            trials=trials,
            verdict=verdict_view(analysis),
            story=None if story is None else story_view(*story),
            ranking=ranking_view(analysis),
            comparison=None if validation is None else comparison_view(analysis, validation),
            aliasing=aliasing_view(analysis),
            box_meyer=box_meyer_view(analysis),
            model_search=model_search_view(analysis),
            terms=terms_view(analysis),
            original=original_scale_view(analysis),
            tests=whole_view(analysis),
            responses=responses_view(analysis),
            contrasts=contrasts_view(analysis),
            main_effects=main_effects_view(analysis),
            residuals=residuals_view(analysis),
            rows=trials_view(analysis),
            failures=failures_view(analysis),
            design=design_view(analysis),
            anova=anova_view(analysis),
            alerts=alerts_view(analysis),
            method=method_view(analysis),
            reproduce=reproduce_view(analysis, command),
            data=data_view(analysis, validation),
        )
    )
