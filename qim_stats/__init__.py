"""Which hyperparameters matter, how much, and how sure one can be: designs, models, ranks and reports for screening.

The public names, loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qim_stats.alerts import Alert
    from qim_stats.analysis import Analysis
    from qim_stats.analyze_trials import analyze
    from qim_stats.design import (
        Design,
        box_tyssedal,
        center_points,
        definitive_screening,
        foldover,
        fractional_factorial,
        full_factorial,
        in_blocks,
        in_order,
        no_confounding,
        plackett_burman,
        properties,
        replicate,
    )
    from qim_stats.design.properties import DesignProperties
    from qim_stats.errors import DesignError, FactorError, FormulaError, QimError, TrialsError
    from qim_stats.evidence import Evidence
    from qim_stats.factors import Factor
    from qim_stats.failures import FailureReport
    from qim_stats.followup.augment import augment
    from qim_stats.followup.follow_up import FollowUp
    from qim_stats.followup.settle import settle_step
    from qim_stats.many import ManyAnalyses, analyze_many
    from qim_stats.options import AnalysisOptions
    from qim_stats.power import Comparison, compare_designs, detectable_effects, power_curve
    from qim_stats.ranks import Ranking
    from qim_stats.replays import Estimates, FixedDesign, Replays, replay
    from qim_stats.screening.box_meyer import BoxMeyer
    from qim_stats.screening.box_meyer_options import BoxMeyerOptions
    from qim_stats.screening.lenth import Lenth
    from qim_stats.studies import Combination, combine
    from qim_stats.trials import Trials, read_trials
    from qim_stats.validation import Validation, validate
    from qim_stats.verdict import Verdict

__version__ = "0.1.0"

_HOME = {
    "Alert": "alerts",
    "Analysis": "analysis",
    "AnalysisOptions": "options",
    "BoxMeyer": "screening.box_meyer",
    "BoxMeyerOptions": "screening.box_meyer_options",
    "Combination": "studies",
    "Comparison": "power",
    "Design": "design",
    "DesignError": "errors",
    "DesignProperties": "design.properties",
    "Estimates": "replays",
    "Evidence": "evidence",
    "Factor": "factors",
    "FactorError": "errors",
    "FailureReport": "failures",
    "FixedDesign": "replays",
    "FollowUp": "followup.follow_up",
    "FormulaError": "errors",
    "Lenth": "screening.lenth",
    "ManyAnalyses": "many",
    "QimError": "errors",
    "Ranking": "ranks",
    "Replays": "replays",
    "Trials": "trials",
    "TrialsError": "errors",
    "Validation": "validation",
    "Verdict": "verdict",
    "analyze": "analyze_trials",
    "analyze_many": "many",
    "augment": "followup.augment",
    "box_tyssedal": "design",
    "center_points": "design",
    "combine": "studies",
    "compare_designs": "power",
    "definitive_screening": "design",
    "detectable_effects": "power",
    "foldover": "design",
    "fractional_factorial": "design",
    "full_factorial": "design",
    "in_blocks": "design",
    "in_order": "design",
    "no_confounding": "design",
    "plackett_burman": "design",
    "power_curve": "power",
    "properties": "design",
    "read_trials": "trials",
    "replay": "replays",
    "replicate": "design",
    "settle_step": "followup.settle",
    "validate": "validation",
}

__all__ = [
    "Alert",
    "Analysis",
    "AnalysisOptions",
    "BoxMeyer",
    "BoxMeyerOptions",
    "Combination",
    "Comparison",
    "Design",
    "DesignError",
    "DesignProperties",
    "Estimates",
    "Evidence",
    "Factor",
    "FactorError",
    "FailureReport",
    "FixedDesign",
    "FollowUp",
    "FormulaError",
    "Lenth",
    "ManyAnalyses",
    "QimError",
    "Ranking",
    "Replays",
    "Trials",
    "TrialsError",
    "Validation",
    "Verdict",
    "analyze",
    "analyze_many",
    "augment",
    "box_tyssedal",
    "center_points",
    "combine",
    "compare_designs",
    "definitive_screening",
    "detectable_effects",
    "foldover",
    "fractional_factorial",
    "full_factorial",
    "in_blocks",
    "in_order",
    "no_confounding",
    "plackett_burman",
    "power_curve",
    "properties",
    "read_trials",
    "replay",
    "replicate",
    "settle_step",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
