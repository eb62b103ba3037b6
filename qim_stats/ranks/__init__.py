"""The order of factors, and how far it is known: by the noise of trials, and with interactions allowed for."""

from __future__ import annotations

from qim_stats.ranks.ranking import Ranking, rank_study, ranks

__all__ = ["Ranking", "rank_study", "ranks"]
