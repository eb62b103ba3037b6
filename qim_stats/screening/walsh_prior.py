"""The prior of the heredity-Walsh mixture as one value: how many factors act, and how large interactions are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


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
        The same per further factor for interactions of three and more; below 1.
    lam : tuple of float
        Variances of a trial relative to that of an active half effect.
    curved : bool
        Whether the response may be simpler on one of the scales of ``walsh_warps``.

    Notes
    -----
    All combinations of rho, eta and lam are equally probable, and so are all scales.
    """

    p_active: float = 0.4
    inactive: float = 0.3
    rho: tuple[float, ...] = (0.3, 0.6, 0.9)
    eta: tuple[float, ...] = (0.3, 0.7)
    lam: tuple[float, ...] = (0.03, 0.2, 1.0, 5.0)
    curved: bool = True

    @cached_property
    def grid(self) -> Array:
        """All combinations of rho, eta and lam, shape (g, 3)."""
        return np.array(list(product(self.rho, self.eta, self.lam)), dtype=np.float64)

    @property
    def middle(self) -> int:
        """The row of the grid in the middle of rho and eta, with little noise."""
        rho, eta, lam = len(self.rho) // 2, len(self.eta) // 2, min(1, len(self.lam) - 1)
        return (rho * len(self.eta) + eta) * len(self.lam) + lam


STANDARD = WalshPrior()
"""The prior that answers are given under."""
