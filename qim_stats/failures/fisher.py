"""Fisher's exact test of a 2 x 2 table."""

from __future__ import annotations

import numpy as np

_TIE = 1e-7  # as in R: tables this close in probability to the observed one count as no more likely


def fisher_exact(failed_low: int, trials_low: int, failed_high: int, trials_high: int) -> float:
    """Test whether trials fail as often at one level as at the other.

    Parameters
    ----------
    failed_low, failed_high : int
        Failed trials at each level.
    trials_low, trials_high : int
        All trials at each level.

    Returns
    -------
    float
        The two-sided p-value: the probability, given all margins, of the tables that are no more likely than the one
        observed. NaN when a level has no trial; 1 when all or no trials failed.

    Notes
    -----
    Fisher (1935), JRSS 98, 39-82; two-sided as R's ``fisher.test``.
    """
    if not trials_low or not trials_high:
        return float("nan")
    from scipy.special import gammaln

    failed = failed_low + failed_high
    possible = np.arange(max(0, failed - trials_low), min(failed, trials_high) + 1)
    logs = -(
        gammaln(possible + 1.0)
        + gammaln(trials_high - possible + 1.0)
        + gammaln(failed - possible + 1.0)
        + gammaln(trials_low - failed + possible + 1.0)
    )
    probabilities = np.exp(logs - logs.max())
    observed = probabilities[failed_high - possible[0]]
    share = probabilities[probabilities <= observed * (1.0 + _TIE)].sum() / probabilities.sum()
    return float(min(1.0, share))
