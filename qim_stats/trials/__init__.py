"""The trials table: reading it, its factors and responses, what states, repeats and centre levels mean."""

from __future__ import annotations

from qim_stats.trials.trials import Direction, SetAside, Trials, finished_at_chance, labels, read_trials, words

__all__ = ["Direction", "SetAside", "Trials", "finished_at_chance", "labels", "read_trials", "words"]
