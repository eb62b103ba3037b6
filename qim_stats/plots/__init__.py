"""Figures as SVG text: one function, one figure; each takes numbers and names and knows nothing of an analysis."""

from qim_stats.plots.comparison import compared_effects
from qim_stats.plots.contrasts import Limit, half_normal, pareto
from qim_stats.plots.main_effects import Panel, main_effects
from qim_stats.plots.residuals import normal_quantiles, residuals_against

__all__ = [
    "Limit",
    "Panel",
    "compared_effects",
    "half_normal",
    "main_effects",
    "normal_quantiles",
    "pareto",
    "residuals_against",
]
