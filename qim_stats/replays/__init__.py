"""Virtual studies on a full table: any design, any estimator, any sequential rule, judged by what the table knows."""

from __future__ import annotations

from qim_stats.replays.estimators import Estimates, Estimator
from qim_stats.replays.full_table import FullTable
from qim_stats.replays.replaying import replay
from qim_stats.replays.results import Replays
from qim_stats.replays.rules import FixedDesign, Rule

__all__ = ["Estimates", "Estimator", "FixedDesign", "FullTable", "Replays", "Rule", "replay"]
