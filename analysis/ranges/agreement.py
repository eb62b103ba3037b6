"""How far two full factorials rank the same factors alike, and how far trial noise lets them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from factorial.truth import Truth

Array = npt.NDArray[np.float64]

DRAWS = 4_000


@dataclass(frozen=True)
class Agreement:
    """Two tables held against each other.

    Parameters
    ----------
    tau : float
        Kendall's tau between the two orders by size of effect.
    tau_low, tau_high : float
        Quantiles .05 and .95 of tau when each effect is drawn anew about its estimate with its standard error.
    again, again_low : float
        Mean and quantile .05 of tau between the first table and itself with new trials: what noise alone allows.
    known, turned : int
        Pairs of factors that both tables order beyond noise, and those of them that they order differently.
    same_top : bool
        Whether the three largest effects are of the same factors.
    capture : float
        Share of the first table's three largest sizes, summed, that the second's three largest factors have in it.
    signs : int
        Factors whose effect is beyond two standard errors in both tables, and of opposite sign.
    """

    tau: float
    tau_low: float
    tau_high: float
    again: float
    again_low: float
    known: int
    turned: int
    same_top: bool
    capture: float
    signs: int


def agreement(first: Truth, second: Truth, seed: int, correlation: float = 0.0) -> Agreement:
    """Compare the orders of two tables of the same factors.

    Parameters
    ----------
    first : Truth
        The table that counts as right.
    second : Truth
        The other.
    seed : int
        Of the draws.
    correlation : float, optional
        Between the noise of the two tables: 0 for trials of their own, that of the responses for two responses of the
        same trials.

    Returns
    -------
    Agreement
        The comparison.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    own, shared = rng.standard_normal((2, DRAWS, len(first.factors)))
    noise = correlation * own + np.sqrt(1.0 - correlation**2) * shared
    drawn = first.effects + first.std_error * own, second.effects + second.std_error * noise
    taus = taus_of(np.abs(drawn[0]), np.abs(drawn[1]))
    again = taus_of(np.abs(drawn[0]), np.abs(first.effects + first.std_error * shared))
    both = np.triu(first.known() & second.known())
    larger = first.sizes[:, None] > first.sizes, second.sizes[:, None] > second.sizes
    top = np.argsort(-first.sizes)[:3], np.argsort(-second.sizes)[:3]
    sure = (first.sizes > 2.0 * first.std_error) & (second.sizes > 2.0 * second.std_error)
    return Agreement(
        tau=float(taus_of(first.sizes[None], second.sizes[None])[0]),
        tau_low=float(np.quantile(taus, 0.05)),
        tau_high=float(np.quantile(taus, 0.95)),
        again=float(again.mean()),
        again_low=float(np.quantile(again, 0.05)),
        known=int(both.sum()),
        turned=int((both & (larger[0] != larger[1])).sum()),
        same_top=set(top[0]) == set(top[1]),
        capture=float(first.sizes[top[1]].sum() / first.sizes[top[0]].sum()),
        signs=int((sure & (np.sign(first.effects) != np.sign(second.effects))).sum()),
    )


def taus_of(a: Array, b: Array) -> Array:
    """Return Kendall's tau of each row of ``a`` with the same row of ``b``; shapes (n, k), no ties."""
    i, j = np.triu_indices(a.shape[1], 1)
    return np.asarray(np.sign((a[:, i] - a[:, j]) * (b[:, i] - b[:, j])).mean(axis=1), dtype=np.float64)
