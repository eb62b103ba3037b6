"""Before the runs: which effects a design can see, how often its top three will be right, and what it costs."""

from __future__ import annotations

from qim_stats.power.comparison import Comparison, Question, compare_designs
from qim_stats.power.cost import Price
from qim_stats.power.curves import power_curve
from qim_stats.power.detectable import detectable_effects
from qim_stats.power.pilot import Noise, guessed_noise, pilot_noise, pooled_noise
from qim_stats.power.top_k import Assumptions, TopProbabilities, top_probabilities
from qim_stats.power.words import comparison_text, design_power_line

__all__ = [
    "Assumptions",
    "Comparison",
    "Noise",
    "Price",
    "Question",
    "TopProbabilities",
    "compare_designs",
    "comparison_text",
    "design_power_line",
    "detectable_effects",
    "guessed_noise",
    "pilot_noise",
    "pooled_noise",
    "power_curve",
    "top_probabilities",
]
