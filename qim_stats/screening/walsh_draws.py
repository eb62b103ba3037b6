"""Draws of the whole response function: on the scales of their components, and turned back to the response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_sets import Components
from qim_stats.screening.walsh_warps import Scales

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class WalshFunctions:
    """Draws of the whole response function.

    Parameters
    ----------
    values : ndarray of float64, shape (d, 2^k)
        At all settings, in the response's unit, where blocks and covariates have their mean. In setting s the factor at
        place i of ``order`` is at its level of the sign ``signs[i]`` if bit i is set, and at the other if not.
    effects : ndarray of float64, shape (d, k)
        Their half effects, by factor.
    noise : ndarray of float64, shape (d, 2^k)
        Variance of a trial at each setting, as of ``OnScales.noise``, in the response's unit squared.
    order : ndarray of intp, shape (k,)
        Which factor stands at each place.
    signs : ndarray of float64, shape (k,)
        By place.
    """

    values: Array
    effects: Array
    noise: Array
    order: Indices
    signs: Array

    def columns(self, settings: Array) -> Indices:
        """Return where settings, coded -1/+1, shape (c, k), stand among those of ``values``, shape (c,)."""
        high = settings[:, self.order] * self.signs > 0.0
        return np.asarray(high @ (1 << np.arange(len(self.order))), dtype=np.intp)


@dataclass(frozen=True)
class OnScales:
    """Functions of the standardized response, each on the scale of its component.

    Parameters
    ----------
    values : ndarray of float64, shape (d, 2^k)
        At all settings.
    sd : ndarray of float64, shape (d,)
        Standard deviation of a trial on that scale: the root of s2 lam.
    scale : ndarray of intp, shape (d,)
        Columns of ``response``.
    response : Scales
        The scales.
    components : Components
        What the functions were drawn from.
    sizes : ndarray of float64, shape (d, 4)
        Row of ``WalshPrior.grid`` of each function.
    """

    values: Array
    sd: Array
    scale: Indices
    response: Scales
    components: Components
    sizes: Array

    def returned(self) -> Array:
        """Return the functions turned back to the standardized response, shape (d, 2^k)."""
        answer = np.empty_like(self.values)
        for which, back in enumerate(self.response.back):
            rows = self.scale == which
            answer[rows] = back(self.values[rows])
        return answer

    def noise(self) -> Array:
        """Return the variance of a trial of the standardized response at each setting, shape (d, 2^k).

        It is the squared half difference of what lies one standard deviation on either side: the delta method, with
        the slope over the width of the noise.
        """
        answer = np.empty_like(self.values)
        for which, back in enumerate(self.response.back):
            rows = self.scale == which
            values, width = self.values[rows], self.sd[rows, None]
            answer[rows] = ((back(values + width) - back(values - width)) / 2.0) ** 2
        return answer
