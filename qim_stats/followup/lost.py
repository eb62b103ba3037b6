"""Where so many runs failed that nothing is ranked, nothing is settled either."""

from __future__ import annotations

from qim_stats.errors import TrialsError
from qim_stats.failures import too_many_failed
from qim_stats.trials import Trials


def refuse_too_many_failed(data: Trials) -> None:
    """Refuse to go on from trials that ``analyze`` would not rank.

    Parameters
    ----------
    data : Trials
        The trials so far.

    Raises
    ------
    TrialsError
        If more than a third of the runs failed, and were neither made good nor scored (docs/failed-trials.md): what is
        left is a selection by the very factors that are asked about.
    """
    if too_many_failed(data):
        raise TrialsError(
            "more than a third of the runs failed: what is left settles nothing, and no further runs are chosen by it",
            where=data.source,
            remedy="move the levels that analyze names and run the failed ones again, or score them with --diverged-as",
        )
