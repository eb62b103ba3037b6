"""Trials that failed: which settings make them fail, what they take from the design, which to run again first."""

from qim_stats.failures.factor_table import factor_table
from qim_stats.failures.failure_report import Cause, FailureReport, failure_verdict, too_many_failed
from qim_stats.failures.firth import FirthFit, fit_firth
from qim_stats.failures.fisher import fisher_exact
from qim_stats.failures.loss_text import loss_text
from qim_stats.failures.lost_runs import LostRuns, lost_runs, se_inflation
from qim_stats.failures.outcomes import Outcomes, outcomes
from qim_stats.failures.rerun_list import rerun_list

__all__ = [
    "Cause",
    "FailureReport",
    "FirthFit",
    "LostRuns",
    "Outcomes",
    "factor_table",
    "failure_verdict",
    "fisher_exact",
    "fit_firth",
    "loss_text",
    "lost_runs",
    "outcomes",
    "rerun_list",
    "se_inflation",
    "too_many_failed",
]
