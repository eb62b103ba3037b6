"""Answers as plain text for a terminal of 80 columns, without colour: the answer first, then what it rests on."""

from __future__ import annotations

from qim_stats.terminal.analysis import analysis_text
from qim_stats.terminal.combination import combination_text
from qim_stats.terminal.validation import validation_text

__all__ = ["analysis_text", "combination_text", "validation_text"]
