"""A factor that changes only where the block does cannot be told from the blocks."""

from __future__ import annotations

from qim_stats.errors import TrialsError
from qim_stats.trials import Trials


def check_blocks(trials: Trials) -> None:
    """Refuse trials in which a factor is confounded with the blocks.

    Parameters
    ----------
    trials : Trials
        The trials; without several blocks there is nothing to refuse.

    Raises
    ------
    TrialsError
        If a factor has one level in each block; both columns are named.
    """
    if trials.blocks is None:
        return
    for name in trials.factor_names:
        if (trials.coded[name].groupby(trials.blocks).nunique() == 1).all():
            raise TrialsError(
                f"factor {name!r} is confounded with the block column {trials.block!r}: it has one level in each "
                "block, so its effect cannot be told from a difference between blocks",
                where=trials.source,
                remedy="leave it out of --factors, or add trials at both of its levels to a block",
            )
