"""Designs: what to run. Plackett-Burman and full factorial designs, foldover, replicates, seeded random order."""

from __future__ import annotations

from qim_stats.design.aliasing import Aliasing, aliasing
from qim_stats.design.design import Design
from qim_stats.design.foldover import foldover
from qim_stats.design.full_factorial import full_factorial
from qim_stats.design.hadamard import hadamard
from qim_stats.design.metadata import design_metadata, metadata_text
from qim_stats.design.plackett_burman import default_runs, plackett_burman
from qim_stats.design.replicate import replicate
from qim_stats.design.settings import KINDS, DesignSettings, build_design

__all__ = [
    "KINDS",
    "Aliasing",
    "Design",
    "DesignSettings",
    "aliasing",
    "build_design",
    "default_runs",
    "design_metadata",
    "foldover",
    "full_factorial",
    "hadamard",
    "metadata_text",
    "plackett_burman",
    "replicate",
]
