"""The covariance of responses under the components of the Walsh mixture, all interactions at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_prior import STANDARD, WalshPrior

Array = npt.NDArray[np.float64]
Sets = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]


def kernel(x: Array, other: Array, active: Sets, grid: Array, prior: WalshPrior = STANDARD) -> Array:
    """Return the covariance of responses at two lists of settings, without the trial's noise, in units of s2.

    Parameters
    ----------
    x, other : ndarray of float64, shapes (m, k) and (o, k)
        Settings coded -1/0/+1.
    active : ndarray of bool, shape (c, k)
        Active factors of c components.
    grid : ndarray of float64, shape (c, 4)
        Their rho, eta, lam, and whether interactions inherit.
    prior : WalshPrior
        For the scale of inactive factors.

    Returns
    -------
    ndarray of float64, shape (c, m, o)
        The formula is in the head of ``walsh_components``.
    """
    terms = _pair_terms(x.tobytes(), other.tobytes(), x.shape[1], prior.inactive)
    # Components come by sets of factors, each with many sizes: what depends on the set alone is had once.
    sets, place = _distinct(active)
    sums = terms.sums(sets)
    pairs = terms.pairs(sums)
    answer = np.empty((len(active), terms.pair.shape[1]))
    inherited = grid[:, 3] == 1.0
    for eta in np.unique(grid[inherited, 1]).tolist():
        rows = inherited & (grid[:, 1] == eta)
        used, at = np.unique(place[rows], return_inverse=True)
        answer[rows] = terms.every(sums.some(used), eta)[at] + (grid[rows, :1] ** 2 - eta**2) * pairs[place[rows]]
    if not inherited.all():
        mains, full = terms.mains(sums), terms.full
        for eta in np.unique(grid[~inherited, 1]).tolist():
            rows = ~inherited & (grid[:, 1] == eta)
            answer[rows] = mains[place[rows]] + (terms.every(full, eta) - terms.mains(full))
    return answer[:, terms.place].reshape(len(active), len(x), len(other))


def _distinct(active: Sets) -> tuple[Array, Indices]:
    """Return the different sets as numbers, shape (s, k), and which of them each component has."""
    packed = np.packbits(active, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return active[first].astype(np.float64), place


@dataclass(frozen=True)
class _Sums:
    """Over the active factors of each of s sets, u_i = x_i x'_i: sums of u_i and of its square, (s, pairs) each.

    Where all squares are 1, as between two levels, their sums have one column.
    """

    of: Array
    squared: Array

    def some(self, sets: Indices) -> _Sums:
        """Return those of some of the sets."""
        return _Sums(self.of[sets], self.squared[sets])


@dataclass(frozen=True)
class _PairTerms:
    """What the kernel needs of two lists of settings whatever the component; rows are factors, columns pairs.

    Each pair of settings is there once, whichever comes first; ``place`` is that of each of the m x o entries. As u_i
    is -1, 0 or 1, any f(u_i) with f(0) = 0 is [f(1) - f(-1)] / 2 u_i + [f(1) + f(-1)] / 2 u_i^2, and sums over factors
    follow from those of u_i and u_i^2.
    """

    place: Indices
    pair: Array
    squares: Array
    inactive: float

    @cached_property
    def full(self) -> _Sums:
        """The sums over all factors, one set."""
        return self.sums(np.ones((1, len(self.pair))))

    def sums(self, sets: Array) -> _Sums:
        """Return the sums over sets given as numbers 0 and 1, shape (s, k)."""
        return _Sums(sets @ self.pair, sets @ self.squares)

    def mains(self, sums: _Sums) -> Array:
        """Return sum_i z_i, shape (s, pairs)."""
        return np.asarray((1.0 - self.inactive**2) * sums.of + self.inactive**2 * self.full.of, dtype=np.float64)

    def pairs(self, sums: _Sums) -> Array:
        """Return sum_{i<j} z_i z_j = [(sum z_i)^2 - sum z_i^2] / 2, shape (s, pairs)."""
        squares = (1.0 - self.inactive**4) * sums.squared + self.inactive**4 * self.full.squared
        return np.asarray(0.5 * (self.mains(sums) ** 2 - squares), dtype=np.float64)

    def every(self, sums: _Sums, eta: float) -> Array:
        """Return [prod_i (1 + eta^2 z_i) - 1] / eta^2, shape (s, pairs)."""
        odd, even = _halves(eta)
        odd_inactive, even_inactive = _halves(eta * self.inactive)
        logs = (odd - odd_inactive) * sums.of
        logs += (even - even_inactive) * sums.squared
        logs += odd_inactive * self.full.of + even_inactive * self.full.squared
        found: Array = np.expm1(logs, out=logs)
        found /= eta**2
        return found


def _halves(scale: float) -> tuple[float, float]:
    """Return half the difference, and half the sum, of log(1 + scale^2) and log(1 - scale^2)."""
    up, down = float(np.log1p(scale**2)), float(np.log1p(-(scale**2)))
    return (up - down) / 2.0, (up + down) / 2.0


@lru_cache(maxsize=8)
def _pair_terms(x: bytes, other: bytes, k: int, inactive: float) -> _PairTerms:
    """Multiply two lists of settings; these come as bytes, since the chains ask again for the same ones."""
    left, right = np.frombuffer(x).reshape(-1, k), np.frombuffer(other).reshape(-1, k)
    place = np.arange(len(left) * len(right))
    first, second = np.divmod(place, len(right))
    if x == other:
        # A covariance of settings with themselves is symmetric: half of it is enough.
        upper = first <= second
        place = (np.cumsum(upper) - 1)[np.minimum(first, second) * len(right) + np.maximum(first, second)]
        first, second = first[upper], second[upper]
    pair = np.ascontiguousarray((left[first] * right[second]).T)
    squares = pair * pair
    return _PairTerms(place, pair, squares[:, :1] if (squares == 1.0).all() else squares, inactive)
