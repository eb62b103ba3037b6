"""Replicates: the whole design again, each copy a new trial of the same run."""

from __future__ import annotations

import pandas as pd

from qim_stats.design.design import DEFINITIVE, Design, rebuilt
from qim_stats.errors import DesignError

MAX_TRIALS = 100_000
"""More trials than these nobody can have meant, and a slip of the finger should not fill the memory."""


def replicate(design: Design, times: int) -> Design:
    """Return a design in which every run has several trials.

    Parameters
    ----------
    design : Design
        Any design, n trials.
    times : int
        How many times each trial of the design is there in the result, at least 1; 1 leaves the design as it is.

    Returns
    -------
    Design
        n * times trials; copies have the same run number and replicate 2, 3, ..., and are randomized with the rest of
        their block.

    Raises
    ------
    DesignError
        If ``times`` is not a whole number of at least 1, there would be more than ``MAX_TRIALS`` trials, or the design
        has blocks other than a foldover, or center points, which come after the replicates.
    """
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise DesignError(
            f"replicates {times!r} is not a whole number of at least 1",
            where="replicates",
            remedy="give 1 for no copies",
        )
    if design.n * times > MAX_TRIALS:
        raise DesignError(
            f"{times} replicates of {design.n} runs are {design.n * times} trials",
            where="replicates",
            remedy=f"take at most {MAX_TRIALS // design.n}",
        )
    if times > 1 and (design.confounded or design.center_points > int(design.kind == DEFINITIVE)):
        raise DesignError(
            "blocks and center points come after the replicates",
            where="replicates",
            remedy="replicate the design first",
        )
    # The center run of a definitive screening design is replicated with the others.
    copies = [
        design.coded.assign(replicate=design.coded["replicate"] + copy * design.replicates) for copy in range(times)
    ]
    rows = pd.concat(copies, ignore_index=True)
    return rebuilt(design, rows)
