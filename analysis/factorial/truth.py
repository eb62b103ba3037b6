"""What a full table knows: main effects, the standard error that trial noise leaves them, ranks, and ties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.factors import Factor

Array = npt.NDArray[np.float64]

TIE = 1.5
"""Effects closer than this many standard errors of their difference cannot be ordered by anyone."""


@dataclass(frozen=True)
class Truth:
    """Main effects of a full factorial.

    Parameters
    ----------
    factors : tuple of str
        The k names.
    effects : ndarray, shape (k,)
        Mean at high minus mean at low, in the unit of the response.
    std_error : float
        Of each effect, by the noise of the trials alone: nothing else stands between a full factorial and its effects.
    noise : float
        Standard deviation of a trial with a new seed.
    df : int
        Degrees of freedom of the noise.
    """

    factors: tuple[str, ...]
    effects: Array
    std_error: float
    noise: float
    df: int

    @property
    def sizes(self) -> Array:
        """Sizes of the effects, shape (k,)."""
        return np.abs(self.effects)

    @property
    def ranks(self) -> npt.NDArray[np.int64]:
        """Ranks by size, 1 for the largest, shape (k,)."""
        return np.argsort(np.argsort(-self.sizes)) + 1

    def known(self) -> npt.NDArray[np.bool_]:
        """Tell which pairs the table orders: sizes ``TIE`` standard errors of a difference apart; shape (k, k)."""
        apart = np.abs(self.sizes[:, None] - self.sizes[None, :])
        return np.asarray(apart > TIE * np.sqrt(2.0) * self.std_error, dtype=np.bool_)

    def ties(self) -> list[tuple[str, str]]:
        """Return the pairs that the table does not order, larger effect first."""
        order = np.argsort(-self.sizes)
        known = self.known()
        return [(self.factors[i], self.factors[j]) for i, j in combinations(order, 2) if not known[i, j]]


def noise_of(tables: list[pd.DataFrame], response: str) -> tuple[float, int]:
    """Pool the variance of trials of the same run over all runs that have several.

    Parameters
    ----------
    tables : list of DataFrame
        Trials tables with a column ``run`` of one meaning.
    response : str
        The response.

    Returns
    -------
    tuple of float and int
        Standard deviation of a trial, and its degrees of freedom. Where the noise differs from run to run its square is
        still the mean variance that the main effects of a full factorial have their error from.

    Raises
    ------
    ValueError
        If no run has two trials with a response.
    """
    trials = pd.concat([table[["run", response]] for table in tables]).dropna()
    groups = trials.groupby("run")[response]
    df = int((groups.size() - 1).sum())
    if df == 0:
        raise ValueError(f"no run has two trials with {response}")
    return float(np.sqrt(((trials[response] - groups.transform("mean")) ** 2).sum() / df)), df


def truth(table: pd.DataFrame, factors: tuple[Factor, ...], response: str, noise: tuple[float, int]) -> Truth:
    """Estimate the main effects of a full table.

    Parameters
    ----------
    table : DataFrame
        A full factorial, as often replicated in every cell.
    factors : tuple of Factor
        Its factors.
    response : str
        The response; every row must have it.
    noise : tuple of float and int
        As ``noise_of`` returns it.

    Returns
    -------
    Truth
        Effects 2/n x'y and their standard error 2 noise / sqrt(n).

    Raises
    ------
    ValueError
        If a trial has no response.
    """
    y = table[response].to_numpy(dtype=np.float64)
    if not np.isfinite(y).all():
        raise ValueError(f"{int((~np.isfinite(y)).sum())} trials have no {response}")
    coded = np.column_stack([factor.code(table[factor.name]) for factor in factors])
    sd, df = noise
    names = tuple(factor.name for factor in factors)
    return Truth(names, 2.0 * coded.T @ y / len(y), 2.0 * sd / np.sqrt(len(y)), sd, df)
