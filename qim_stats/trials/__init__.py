"""The trials table: reading it, its factors and responses, what states, repeats and centre levels mean."""

from __future__ import annotations

from qim_stats.trials.trials import AT_CHANCE, Direction, SetAside, Trials, labels, read_trials, words

__all__ = ["AT_CHANCE", "Direction", "SetAside", "Trials", "labels", "read_trials", "words"]
