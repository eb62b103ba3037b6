"""Functions that a formula may apply to the response, with their inverses: log, logit, rank and their like.

A coefficient of a transformed response is in the transform's unit. ``Transform.inverse`` leads back to the response's
own unit; ``rank`` has no inverse, since a rank says nothing about the distance to the next one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.errors import TrialsError
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """A strictly increasing function of the response.

    Parameters
    ----------
    name : str
        As it is written in a formula; ``identity`` for the response itself.
    forward : callable
        From the response's unit to the scale of the model, elementwise (``rank``: over all values together).
    inverse, slope : callable or None
        Back to the response's unit, and the derivative of that; None for ``rank``.
    low, high : float
        The response must lie strictly between them; for ``sqrt`` the lower limit itself is allowed.
    """

    name: str
    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array] | None
    slope: Callable[[Array], Array] | None
    low: float = -math.inf
    high: float = math.inf

    def allows(self, values: Array) -> npt.NDArray[np.bool_]:
        """Return which values the function is defined for."""
        above = values >= self.low if self.name == "sqrt" else values > self.low
        return np.asarray(above & (values < self.high), dtype=np.bool_)

    def __reduce__(self) -> tuple[Callable[[str], Transform], tuple[str]]:
        """Pickle by name, as functions without a name cannot be."""
        return _named, (self.name,)

    def spell(self, response: str) -> str:
        """Spell the transformed response as a formula does: ``log(loss)``."""
        return response if self.name == "identity" else f"{self.name}({response})"


def logit(values: Array) -> Array:
    """Return log(p / (1 - p)), elementwise."""
    return np.asarray(np.log(values) - np.log1p(-values), dtype=np.float64)


def inverse_logit(values: Array) -> Array:
    """Return 1 / (1 + exp(-x)), elementwise, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float64)


def average_ranks(values: Array) -> Array:
    """Rank values from 1, equal ones sharing the average of their ranks, as R's ``rank``."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[place], dtype=np.float64)


def _named(name: str) -> Transform:
    return TRANSFORMS[name]


IDENTITY = Transform("identity", lambda y: y, lambda x: x, np.ones_like)
TRANSFORMS: dict[str, Transform] = {
    t.name: t
    for t in (
        IDENTITY,
        Transform("log", np.log, np.exp, np.exp, low=0.0),
        Transform("log2", np.log2, np.exp2, lambda x: np.exp2(x) * math.log(2.0), low=0.0),
        Transform("log10", np.log10, lambda x: 10.0**x, lambda x: 10.0**x * math.log(10.0), low=0.0),
        Transform("sqrt", np.sqrt, np.square, lambda x: 2.0 * x, low=0.0),
        Transform("logit", logit, inverse_logit, lambda x: inverse_logit(x) * inverse_logit(-x), low=0.0, high=1.0),
        Transform("rank", average_ranks, None, None),
    )
}


def check_domain(transform: Transform, trials: Trials) -> None:
    """Refuse a response that the transform is not defined for.

    Parameters
    ----------
    transform : Transform
        The function.
    trials : Trials
        The usable trials and their response.

    Raises
    ------
    TrialsError
        Naming the first row at fault.
    """
    outside = ~transform.allows(trials.y)
    if not outside.any():
        return
    first = int(np.argmax(outside))
    row = int(np.flatnonzero(trials.usable)[first]) + 1
    needs = "between 0 and 1" if transform.high == 1.0 else "not negative" if transform.name == "sqrt" else "positive"
    raise TrialsError(
        f"the response is {trials.y[first]:g}, and {transform.name} needs numbers that are {needs}",
        where=f"{trials.source + ', ' if trials.source else ''}row {row}, column {trials.response!r}",
        remedy="use another transform, or rank, which takes any numbers",
    )
