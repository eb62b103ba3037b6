"""Do the studies rank the factors alike? Kendall's W, with its p-value by chi² and by permutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.distributions import chi2_upper

Array = npt.NDArray[np.float64]
PERMUTATIONS = 20_000
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Concordance:
    """Agreement of m rankings of k factors.

    Parameters
    ----------
    w : float
        Kendall's W: 0 no agreement, 1 identical rankings.
    chi2, df : float, int
        m (k - 1) W and k - 1.
    p_value : float
        Of chi², an approximation that is rough for few factors.
    p_permutation : float
        Share of independently shuffled rankings that agree as well or better (seeded).
    """

    w: float
    chi2: float
    df: int
    p_value: float
    p_permutation: float


def kendall_w(ranks: Array, seed: int) -> Concordance:
    """Measure the agreement of rankings.

    Parameters
    ----------
    ranks : ndarray of float64, shape (m, k)
        A study a row; tied factors share the mean of their ranks. m and k at least 2.
    seed : int
        Of the permutations.

    Returns
    -------
    Concordance
        With the correction for ties.

    Notes
    -----
    Kendall, M. G. and Babington Smith, B. (1939), Annals of Mathematical Statistics 10, 275-287: W = 12 S / (m² (k³ -
    k) - m T), S the sum of squared deviations of the rank sums, T = sum (t³ - t) over groups of t tied factors.
    """
    m, k = ranks.shape
    w = float(_w(ranks[None])[0])
    # Columns in the order of their rank sums, so that neither names nor order of the factors change the p-value.
    base = ranks[:, np.lexsort((*ranks[::-1], ranks.sum(axis=0)))]
    rng = np.random.Generator(np.random.PCG64([seed, m, k]))
    shuffled = rng.permuted(np.broadcast_to(base, (PERMUTATIONS, m, k)), axis=2)
    above = int((_w(shuffled) >= w - _TOLERANCE).sum())
    chi2 = m * (k - 1) * w
    return Concordance(w, chi2, k - 1, chi2_upper(chi2, k - 1), (above + 1.0) / (PERMUTATIONS + 1.0))


def _w(ranks: Array) -> Array:
    """Return Kendall's W of sets of rankings, shape (sets, m, k) -> (sets,)."""
    m, k = ranks.shape[1:]
    sums = ranks.sum(axis=1)
    s = ((sums - sums.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    ties = sum(
        float((counts**3 - counts).sum()) for row in ranks[0] for counts in [np.unique(row, return_counts=True)[1]]
    )
    return np.asarray(12.0 * s / (m * m * (k**3 - k) - m * ties), dtype=np.float64)
