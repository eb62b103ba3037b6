"""Figures as SVG text: one function, one figure; each takes numbers and names and knows nothing of an analysis."""

from qim_stats.plots.alias_map import alias_map
from qim_stats.plots.box_meyer import posterior_bars
from qim_stats.plots.comparison import compared_effects
from qim_stats.plots.contrasts import Limit, half_normal, pareto
from qim_stats.plots.main_effects import Panel, main_effects
from qim_stats.plots.power import power_curves
from qim_stats.plots.residuals import normal_quantiles, residuals_against
from qim_stats.plots.study_effects import study_effects
from qim_stats.plots.tipping_points import tipping_sizes

__all__ = [
    "Limit",
    "Panel",
    "alias_map",
    "compared_effects",
    "half_normal",
    "main_effects",
    "normal_quantiles",
    "pareto",
    "posterior_bars",
    "power_curves",
    "residuals_against",
    "study_effects",
    "tipping_sizes",
]
