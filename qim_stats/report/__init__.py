"""The HTML report: one self-contained file, the answer first, everything needed to check it after."""

from qim_stats.report.render import render

__all__ = ["render"]
