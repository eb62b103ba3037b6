"""What a full table knows of the order of its factors: main effects, and which pairs lie too close to be ordered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qim_stats.replays.full_table import FullTable
from qim_stats.replays.noise import TrialNoise

Array = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.int64]
TIED = 1.5
"""Standard errors of their difference within which two effects are too close together to be ordered."""
_EXACT = 1e-12  # of the largest effect: rounding error


@dataclass(frozen=True)
class Truth:
    """The true order of k factors, as far as the full table tells.

    Parameters
    ----------
    effects : ndarray of float64, shape (k,)
        Main effects, mean at high minus mean at low.
    std_error : float
        Of each: 2 sd / sqrt(N) for N cells of one trial, 2 sd / N sqrt(sum of 1 / r) for cells of r trials.
    """

    effects: Array
    std_error: float

    @cached_property
    def size(self) -> Array:
        """|effect|, shape (k,)."""
        return np.abs(self.effects)

    @property
    def margin(self) -> float:
        """How far apart two |effects| must be to be ordered: more than 1.5 sqrt(2) standard errors."""
        return max(TIED * float(np.sqrt(2.0)) * self.std_error, _EXACT * float(self.size.max()))

    @cached_property
    def before(self) -> npt.NDArray[np.bool_]:
        """``[i, j]``: the table knows that factor i comes before factor j; shape (k, k)."""
        return np.asarray(self.size[:, None] - self.size[None, :] > self.margin, dtype=np.bool_)

    @cached_property
    def ranks(self) -> Ranks:
        """Rank of each factor by |effect|, ties by order of the factors, shape (k,)."""
        ranks = np.empty(len(self.size), dtype=np.int64)
        ranks[np.argsort(-self.size, kind="stable")] = np.arange(1, len(self.size) + 1)
        return ranks

    @property
    def lowest(self) -> Ranks:
        """Lowest rank of each factor in any order that does not contradict what is known, shape (k,)."""
        return np.asarray(1 + self.before.sum(axis=0), dtype=np.int64)

    @property
    def highest(self) -> Ranks:
        """Highest such rank, shape (k,)."""
        return np.asarray(len(self.size) - self.before.sum(axis=1), dtype=np.int64)

    def best_sum(self, count: int) -> float:
        """Return the sum of the ``count`` largest |effects|."""
        return float(np.sort(self.size)[::-1][:count].sum())


def truth_of(table: FullTable, noise: TrialNoise) -> Truth:
    """Return the true order of a full table's factors.

    Parameters
    ----------
    table : FullTable
        N cells.
    noise : TrialNoise
        Of one trial.

    Returns
    -------
    Truth
        With the standard error that this noise leaves.
    """
    std_error = 2.0 * noise.sd * float(np.sqrt((1.0 / table.counts).sum())) / table.cells
    return Truth(table.main_effects, std_error)
