"""How an analysis will tell an effect from noise, and how often it then sees an effect of a given size.

Sizes are in standard errors of the effect here (the shift, delta = effect / SE), so that nothing depends on a design. A
factor is claimed where its p-value, adjusted over all k factors, is below 1 - confidence. What is computed is the power
of the first step of Holm's method (1979), which is Bonferroni's: p < (1 - confidence) / k. It is exact for the largest
effect, and a lower limit for every other, whose later steps are easier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qim_stats.distributions import t_quantile
from qim_stats.errors import QimError
from qim_stats.screening.lenth_null import null_distribution, pseudo_standard_error

Array = npt.NDArray[np.float64]
SETS = 20_000
_MAX_NORMALS = 2_500_000  # sets times contrasts
_LARGEST_SHIFT = 1e9
_EDGE = 9.0  # beyond it a normal variable has no mass that counts
_STEPS = 60  # halvings of an interval: to the last digit of a double


class Significance(Protocol):
    """A test of an effect, family-wise over the factors."""

    def __hash__(self) -> int: ...

    @property
    def df(self) -> float:
        """Degrees of freedom of the error estimate."""

    @property
    def critical(self) -> float:
        """The |effect| / SE from which an effect is claimed."""

    def power(self, shift: float) -> float:
        """Return the chance of claiming an effect of that many standard errors."""


@dataclass(frozen=True)
class TTest:
    """The t test against an error estimate of its own: residual, pure, or a foldover's spare columns.

    Parameters
    ----------
    df : float
        Degrees of freedom of the error estimate.
    tests : int
        k, over which the p-values are adjusted.
    confidence : float
        1 - the chance of any false claim.

    Raises
    ------
    QimError
        If the degrees of freedom are not above 0.
    """

    df: float
    tests: int
    confidence: float

    def __post_init__(self) -> None:
        if not self.df > 0.0:
            raise QimError(
                f"{self.df:g} degrees of freedom make no error estimate", where="df", remedy="give 1 or more"
            )

    @property
    def critical(self) -> float:
        """The |effect| / SE from which an effect is claimed, t(1 - (1 - confidence) / (2 k), df)."""
        return t_quantile(1.0 - (1.0 - self.confidence) / (2.0 * self.tests), self.df)

    def power(self, shift: float) -> float:
        """Return P(|T| > critical), T noncentral t with df degrees of freedom and noncentrality ``shift``.

        Both tails count, as in ``power.t.test(strict = TRUE)`` of R.
        """
        return noncentral_t_outside(self.critical, self.df, shift)


@dataclass(frozen=True)
class LenthTest:
    """Lenth's pseudo standard error with its simulated null distribution, for designs without any error estimate.

    Parameters
    ----------
    contrasts : int
        m, from which the PSE is made; all but the tested one are inert.
    tests : int
        k, over which the p-values are adjusted.
    confidence : float
        1 - the chance of any false claim.
    seed : int
        Of both simulations.
    """

    contrasts: int
    tests: int
    confidence: float
    seed: int = 0

    @property
    def df(self) -> float:
        """Lenth's m/3."""
        return self.contrasts / 3.0

    @property
    def critical(self) -> float:
        """The |effect| / PSE from which an effect is claimed, a quantile of the simulated ratios of noise."""
        tail = (1.0 - self.confidence) / self.tests
        return null_distribution(self.contrasts, self.seed).margin(1.0 - tail)

    def power(self, shift: float) -> float:
        """Return the share of 20,000 seeded sets in which the shifted contrast is claimed.

        The same noise serves every shift, so that the curve does not flicker.
        """
        draws = _noise(self.contrasts, self.seed).copy()
        draws[:, 0] += shift
        return float(np.mean(np.abs(draws[:, 0]) > self.critical * pseudo_standard_error(draws)))


def significance(df: float | None, contrasts: int, tests: int, *, confidence: float, seed: int = 0) -> Significance:
    """Choose the test: t with ``df`` degrees of freedom, or Lenth's with ``contrasts`` where df is None."""
    if df is None:
        return LenthTest(contrasts, tests, confidence, seed)
    return TTest(df, tests, confidence)


@lru_cache(maxsize=256)
def detectable_shift(test: Significance, power: float) -> float:
    """Return the smallest effect, in standard errors, that a test claims with a given chance.

    Parameters
    ----------
    test : Significance
        The test.
    power : float
        The chance, above the one that an effect of zero has.

    Returns
    -------
    float
        The solution of ``test.power(shift) = power``, to full precision.
    """
    high = 1.0
    while test.power(high) < power:
        high *= 2.0
        if high > _LARGEST_SHIFT:
            return math.inf
    return _bisect(lambda shift: test.power(shift) - power, 0.0, high)


def noncentral_t_outside(critical: float, df: float, shift: float) -> float:
    """Return P(|T| > critical) for the noncentral t distribution.

    Parameters
    ----------
    critical : float
        Above 0.
    df : float
        Degrees of freedom, which need not be whole.
    shift : float
        Noncentrality.

    Returns
    -------
    float
        To 1e-10, for any shift.

    Notes
    -----
    T = (Z + shift) / sqrt(V / df) with Z normal and V chi², so |T| > c is the same as V < df (Z + shift)² / c², and the
    probability is the mean over Z of the distribution function of V. The integral is split at its corner, Z = -shift,
    and around the two rises of that function, which are steep when there are many degrees of freedom. (Of libraries,
    scipy.special.nctdtr gives NaN for some large shifts, and R's pt approximates beyond a noncentrality of 37.62.)
    """
    from scipy import special

    step = 8.0 * critical / math.sqrt(2.0 * df)
    breaks = [-shift, *(side * critical + way * step - shift for side in (-1, 1) for way in (-1, 1))]
    edges = np.unique(np.clip([-_EDGE, _EDGE, *breaks], -_EDGE, _EDGE))
    nodes, weights = _nodes()
    z = edges[:-1, None] + np.diff(edges)[:, None] * nodes
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    inside = special.chdtr(df, df * ((z + shift) / critical) ** 2)
    total = float((np.diff(edges) * ((density * inside) @ weights)).sum())
    return min(1.0, total)


def check_levels(power: float, confidence: float) -> None:
    """Refuse a power or a confidence that means nothing.

    Raises
    ------
    QimError
        Naming the option.
    """
    if not 0.5 <= confidence < 1.0:
        problem = f"{confidence!r} is not between 0.5 and 1"
        raise QimError(problem, where="--confidence", remedy="give 0.95, for example")
    if not 1.0 - confidence < power < 1.0:
        problem = f"{power!r} is not between {1.0 - confidence:.2g} (the chance of a false claim) and 1"
        raise QimError(problem, where="--power", remedy="give 0.8, for example")


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=1)
def _nodes() -> tuple[Array, Array]:
    """Return nodes and weights on (0, 1): Gauss and Legendre's, 24 of them on each of 16 panels."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    panels = np.arange(16)[:, None]
    return ((panels + (nodes + 1.0) / 2.0) / 16.0).ravel(), np.tile(weights / 32.0, 16)


@lru_cache(maxsize=4)
def _noise(contrasts: int, seed: int) -> Array:
    sets = max(2_000, min(SETS, _MAX_NORMALS // contrasts))
    # A stream of its own: with the null distribution's the critical value would be fitted to these very sets.
    rng = np.random.Generator(np.random.PCG64([seed, contrasts, 1]))
    return rng.standard_normal((sets, contrasts))
