"""Several studies of the same factors, side by side: what holds across data sets and networks, and what does not."""

from __future__ import annotations

from qim_stats.studies.combination import Combination
from qim_stats.studies.combine_studies import combine

__all__ = ["Combination", "combine"]
