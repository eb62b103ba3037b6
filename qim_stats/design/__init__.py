"""Designs: what to run, in which order, and what it can tell."""

from __future__ import annotations

from qim_stats.design.aliasing import Aliasing, aliasing
from qim_stats.design.blocks import in_blocks
from qim_stats.design.center import center_points
from qim_stats.design.column_choice import CHOICES as COLUMN_CHOICES
from qim_stats.design.definitive import definitive_screening
from qim_stats.design.design import Design
from qim_stats.design.drift import ORDERS, in_order, trend_correlations
from qim_stats.design.foldover import foldover
from qim_stats.design.fractional import fractional_factorial
from qim_stats.design.full_factorial import full_factorial
from qim_stats.design.hadamard import hadamard, known_orders
from qim_stats.design.metadata import design_metadata, metadata_text
from qim_stats.design.plackett_burman import default_runs, plackett_burman
from qim_stats.design.properties import DesignProperties, properties
from qim_stats.design.replicate import replicate
from qim_stats.design.settings import KINDS, DesignSettings, build_design
from qim_stats.design.sixteen_runs import box_tyssedal, no_confounding

__all__ = [
    "COLUMN_CHOICES",
    "KINDS",
    "ORDERS",
    "Aliasing",
    "Design",
    "DesignProperties",
    "DesignSettings",
    "aliasing",
    "box_tyssedal",
    "build_design",
    "center_points",
    "default_runs",
    "definitive_screening",
    "design_metadata",
    "foldover",
    "fractional_factorial",
    "full_factorial",
    "hadamard",
    "in_blocks",
    "in_order",
    "known_orders",
    "metadata_text",
    "no_confounding",
    "plackett_burman",
    "properties",
    "replicate",
    "trend_correlations",
]
