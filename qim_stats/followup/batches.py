"""How many runs to add at a time: batches that keep all of a user's machines at work."""

from __future__ import annotations

from qim_stats.errors import QimError

FEWEST = 4  # runs; fewer, and what is chosen next is chosen on little more than before


def batch_size(jobs: int) -> int:
    """Return the number of runs of one batch.

    Parameters
    ----------
    jobs : int
        Trials that run at once.

    Returns
    -------
    int
        The least multiple of ``jobs`` from 4.

    Raises
    ------
    QimError
        If there is no job.
    """
    return whole_batches(FEWEST, jobs)


def whole_batches(runs: int, jobs: int) -> int:
    """Round a number of runs up to a multiple of the trials that run at once.

    Raises
    ------
    QimError
        If there is no job.
    """
    if jobs < 1:
        raise QimError(f"{jobs} jobs run no trial", where="--jobs", remedy="give 1 or more")
    return -(-runs // jobs) * jobs
