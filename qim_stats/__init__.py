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
    from qim_stats.design import Design, foldover, full_factorial, plackett_burman, replicate
    from qim_stats.errors import DesignError, FactorError, FormulaError, QimError, TrialsError
    from qim_stats.factors import Factor
    from qim_stats.screening.lenth import Lenth
    from qim_stats.trials import Trials, read_trials
    from qim_stats.validation import Validation, validate
    from qim_stats.verdict import Verdict

__version__ = "0.1.0"

_HOME = {
    "Alert": "alerts",
    "Analysis": "analysis",
    "Design": "design",
    "DesignError": "errors",
    "Factor": "factors",
    "FactorError": "errors",
    "FormulaError": "errors",
    "Lenth": "screening.lenth",
    "QimError": "errors",
    "Trials": "trials",
    "TrialsError": "errors",
    "Validation": "validation",
    "Verdict": "verdict",
    "analyze": "analyze_trials",
    "foldover": "design",
    "full_factorial": "design",
    "plackett_burman": "design",
    "read_trials": "trials",
    "replicate": "design",
    "validate": "validation",
}

__all__ = [
    "Alert",
    "Analysis",
    "Design",
    "DesignError",
    "Factor",
    "FactorError",
    "FormulaError",
    "Lenth",
    "QimError",
    "Trials",
    "TrialsError",
    "Validation",
    "Verdict",
    "analyze",
    "foldover",
    "full_factorial",
    "plackett_burman",
    "read_trials",
    "replicate",
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
