"""The prior of the Walsh mixture as one value: how many factors act, and how large interactions are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_NO_EFFECT = 1e4  # lam: a hundredth of the noise's standard deviation


@dataclass(frozen=True)
class WalshPrior:
    """What is believed beforehand of main effects and interactions; the model is in ``walsh_components``.

    Parameters
    ----------
    p_active : float
        Probability that a factor is active.
    inactive : float
        Scale of an inactive factor's half effect, relative to an active one's.
    rho : tuple of float
        Scales of a two-factor interaction relative to its parents.
    eta : tuple of float
        The same per further factor for interactions of three and more; at most 1.
    lam : tuple of float
        Variances of a trial relative to that of an active half effect.
    p_lam : tuple of float
        Probability of each of these, if there are effects; empty where all are equally probable.
    orphans : tuple of float
        Scales, per factor beyond the first, of interactions that do not ask whether their parents are active; at most
        1. None for a prior under which all interactions inherit.
    p_orphans : float
        Probability that interactions are such, if there are effects; taken as 0 without ``orphans``.
    p_none : float
        Probability that no factor has an effect, and the trials differ by their noise alone.
    doubt_orphans, doubt_none : float
        What intervals take ``p_orphans`` and ``p_none`` for where these are smaller: intervals are to hold on nets
        that break the assumptions too, and probabilities to come true on those that there are.
    curved : bool
        Whether the response may be simpler on one of the scales of ``walsh_warps``.
    p_given : float
        Probability that the response as given is the scale to take, where others are tried; these share the rest.

    Raises
    ------
    ValueError
        For scales of interactions outside (0, 1], for which the covariance of responses is not defined, for
        probabilities of lam that are not as many as these, or do not sum to 1, and for a response as given that is
        taken for impossible.

    Notes
    -----
    All combinations of rho and eta are equally probable, and so are orphans, whatever lam is. No effect is one of a
    hundredth of the noise: less than any trials show.
    """

    p_active: float = 0.6
    inactive: float = 0.8
    rho: tuple[float, ...] = (0.03, 0.3, 0.9)
    eta: tuple[float, ...] = (0.2,)
    lam: tuple[float, ...] = (0.03, 0.1, 0.3, 0.8, 2.0, 5.0, 16.0)
    p_lam: tuple[float, ...] = (0.27, 0.24, 0.19, 0.14, 0.1, 0.04, 0.02)
    orphans: tuple[float, ...] = (0.9,)
    p_orphans: float = 0.02
    p_none: float = 0.005
    doubt_orphans: float = 0.05
    doubt_none: float = 0.02
    curved: bool = True
    p_given: float = 0.95

    def __post_init__(self) -> None:
        """Refuse scales that would make a variance negative, and shares that are none."""
        for name in ("eta", "orphans"):
            wrong = [scale for scale in getattr(self, name) if not 0.0 < scale <= 1.0]
            if wrong:
                raise ValueError(f"{name} must lie above 0 and not above 1, not {wrong[0]:g}")
        if self.p_lam and (len(self.p_lam) != len(self.lam) or not math.isclose(sum(self.p_lam), 1.0)):
            raise ValueError(f"p_lam must be {len(self.lam)} probabilities that sum to 1, not {self.p_lam}")
        if not 0.0 < self.p_given <= 1.0:
            raise ValueError(f"p_given must lie above 0 and not above 1, not {self.p_given:g}")

    @cached_property
    def grid(self) -> Array:
        """Sizes of the components, shape (g, 4): rho, eta, lam, and 1 where interactions inherit, 0 where not.

        All combinations of rho, eta and lam come first, then those of orphans, in place of both rho and eta, and lam,
        then a row without effects.
        """
        inherited = [(*row, 1.0) for row in product(self.rho, self.eta, self.lam)]
        stray = [(scale, scale, lam, 0.0) for scale, lam in product(self.orphans, self.lam)]
        return np.array([*inherited, *stray, (self.rho[0], self.eta[0], _NO_EFFECT, 1.0)], dtype=np.float64)

    def log_share(self, grid: Array) -> Array:
        """Return the log prior probability of rows of the grid, shapes (c, 4) and (c,)."""
        stray = len(self.orphans)
        p_orphans = self.p_orphans if stray else 0.0
        p_lam = self.p_lam or tuple(1.0 / len(self.lam) for _ in self.lam)
        noise = np.array([dict(zip(self.lam, p_lam, strict=True)).get(lam, 0.0) for lam in grid[:, 2]])
        inherited = (1.0 - self.p_none) * (1.0 - p_orphans) / (len(self.rho) * len(self.eta)) * noise
        orphan = (1.0 - self.p_none) * p_orphans / max(1, stray) * noise
        share = np.where(grid[:, 3] == 1.0, inherited, orphan)
        with np.errstate(divide="ignore"):
            return np.log(np.where(without_effects(grid), self.p_none, share))

    def doubt(self, grid: Array) -> Array:
        """Return what rows of the grid, shape (c, 4), weigh in intervals beside what they weigh in probabilities.

        Returns
        -------
        ndarray of float64, shape (c,)
            Ratios of prior probabilities, and so, but for one factor common to all rows, of posterior ones.
        """
        doubtful = replace(
            self, p_orphans=max(self.p_orphans, self.doubt_orphans), p_none=max(self.p_none, self.doubt_none)
        )
        return np.asarray(np.exp(doubtful.log_share(grid) - self.log_share(grid)), dtype=np.float64)

    def log_scales(self, count: int) -> Array:
        """Return the log prior probability of each of the scales of ``walsh_warps``, shape (count,).

        Parameters
        ----------
        count : int
            Of the scales tried, the first of which is the response as given; that alone where there is one.
        """
        if count == 1:
            return np.zeros(1)
        share = np.full(count, (1.0 - self.p_given) / (count - 1))
        share[0] = self.p_given
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(share), dtype=np.float64)

    @property
    def middle(self) -> int:
        """The row of the grid in the middle of rho and eta, with little noise."""
        rho, eta, lam = len(self.rho) // 2, len(self.eta) // 2, min(1, len(self.lam) - 1)
        return (rho * len(self.eta) + eta) * len(self.lam) + lam


def without_effects(grid: Array) -> Flags:
    """Return which rows of a grid, shape (c, 4), are of trials that differ by their noise alone."""
    return np.asarray(grid[:, 2] == _NO_EFFECT, dtype=np.bool_)


STANDARD = WalshPrior()
"""The prior that answers are given under."""
