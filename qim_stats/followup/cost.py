"""What a run costs: as much as any other, by its levels, or the seconds it is expected to take.

The cost of a run is the product of the relative costs of its levels: twice the iterations with twice the images a batch
cost four times as much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import FactorError, QimError
from qim_stats.factors import Factor, nearest
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
SECONDS = "seconds"
Cost = str | Mapping[str, Mapping[object, float]] | None
"""``"seconds"``, or the relative cost of levels by factor; None where every run costs the same."""
_WHERE = "--cost"
_EXAMPLE = "write --cost max_iter=200:2 for runs that cost twice as much, or --cost seconds"


@dataclass(frozen=True)
class Prices:
    """What runs cost.

    Parameters
    ----------
    data : Trials
        The trials so far.
    relative : mapping of str to (float, float), or None
        Relative cost of the low and of the high level of factors; no entry where both cost 1. None for seconds.
    """

    data: Trials
    relative: Mapping[str, tuple[float, float]] | None

    def of(self, settings: Array) -> Array:
        """Return the cost of runs.

        Parameters
        ----------
        settings : ndarray of float64, shape (r, k)
            Coded -1/+1, factors in the order of ``data.factors``.

        Returns
        -------
        ndarray of float64, shape (r,)
            In seconds, or in costs of a run all of whose levels cost 1.

        Raises
        ------
        QimError
            If it is to be in seconds, and the table has none.
        """
        if self.relative is None:
            seconds = expected_seconds(self.data, settings)
            if seconds is None:
                raise QimError("the table has no seconds", where=_WHERE, remedy="give relative costs: max_iter=200:2")
            return seconds
        cost = np.ones(len(settings))
        for place, name in enumerate(self.data.factor_names):
            low, high = self.relative.get(name, (1.0, 1.0))
            cost *= np.where(settings[:, place] > 0.0, high, low)
        return cost

    def told(self) -> object:
        """Return what was asked for, as a plain value."""
        if self.relative is None:
            return SECONDS
        factors = {factor.name: factor for factor in self.data.factors}
        return {
            name: {str(factors[name].low): low, str(factors[name].high): high}
            for name, (low, high) in self.relative.items()
        }


def read_cost(cost: Cost, data: Trials) -> Prices:
    """Check what runs are said to cost.

    Parameters
    ----------
    cost : "seconds", or mapping of factor to mapping of level to float, or None
        Relative to a level that costs 1, as every level that is not named does.
    data : Trials
        The trials so far.

    Returns
    -------
    Prices
        Where nothing is given, every run costs 1.

    Raises
    ------
    QimError
        If seconds are asked for and the table has none, or a cost is not positive (``FactorError`` if a factor or a
        level is unknown).
    """
    prices = Prices(data, relative_costs(cost, data.factors))
    if prices.relative is None:
        prices.of(np.zeros((0, len(data.factors))))
    return prices


def relative_costs(cost: Cost, factors: Sequence[Factor]) -> dict[str, tuple[float, float]] | None:
    """Check what runs are said to cost, before there are any.

    Parameters
    ----------
    cost : "seconds", or mapping of factor to mapping of level to float, or None
        As of ``read_cost``.
    factors : sequence of Factor
        Of the study.

    Returns
    -------
    dict of str to (float, float), or None
        As ``Prices.relative``.

    Raises
    ------
    QimError
        If a cost is not positive, or a level has two (``FactorError`` if a factor or a level is unknown).
    """
    if cost == SECONDS:
        return None
    if isinstance(cost, str):
        raise QimError(f"{cost!r} is no cost", where=_WHERE, remedy=_EXAMPLE)
    known = {factor.name: factor for factor in factors}
    relative: dict[str, tuple[float, float]] = {}
    for name, levels in (cost or {}).items():
        if name not in known:
            raise FactorError(f"unknown factor {name!r}", where=_WHERE, remedy=nearest(name, known))
        sides: dict[float, float] = {}
        for level, value in levels.items():
            side = _side(known[name], level)
            if side in sides:
                raise QimError(f"{name}={level} is given two costs", where=_WHERE, remedy="give one")
            sides[side] = _positive(value, f"a run with {name!r} at {level!s}")
        relative[name] = (sides.get(-1.0, 1.0), sides.get(1.0, 1.0))
    return relative


def _side(factor: Factor, level: object) -> float:
    side = factor.side(level)
    if side not in (-1.0, 1.0):
        levels = f"its levels are {factor.low!s} and {factor.high!s}"
        raise FactorError(f"factor {factor.name!r} has no level {level!s}", where=_WHERE, remedy=levels)
    return -1.0 if side < 0.0 else 1.0


def _positive(value: float, what: str) -> float:
    if not (math.isfinite(value) and value > 0.0):
        raise QimError(f"{what} cannot cost {value:g}", where=_WHERE, remedy="give a number above 0")
    return float(value)


def parse_cost(texts: list[str]) -> Cost:
    """Read what the command line says of costs.

    Parameters
    ----------
    texts : list of str
        ``"seconds"`` alone, or any number of ``FACTOR=LEVEL:RELATIVE``.

    Returns
    -------
    "seconds", dict of factor to dict of level to float, or None
        For ``read_cost``.

    Raises
    ------
    QimError
        If one is neither, or a level is given twice.
    """
    if not texts:
        return None
    if texts == [SECONDS]:
        return SECONDS
    given: dict[str, dict[object, float]] = {}
    for text in texts:
        setting, _, value = text.rpartition(":")
        name, equals, level = setting.rpartition("=")
        try:
            relative = float(value)
        except ValueError:
            relative = math.nan
        if not (equals and name) or math.isnan(relative):
            raise QimError(f"{text!r} is not FACTOR=LEVEL:RELATIVE", where=_WHERE, remedy=_EXAMPLE)
        levels = given.setdefault(name, {})
        if level in levels:
            raise QimError(f"{name}={level} is given two costs", where=_WHERE, remedy="give one")
        levels[level] = relative
    return given


def expected_seconds(data: Trials, settings: Array) -> Array | None:
    """Predict the seconds of runs.

    Parameters
    ----------
    data : Trials
        The trials so far.
    settings : ndarray of float64, shape (r, k)
        Coded -1/+1.

    Returns
    -------
    ndarray of float64, shape (r,), or None
        None where the table has no seconds. From a least squares fit of log seconds on the main effects, scaled so that
        the trials so far keep their sum; their mean where they are too few for a fit with two residual degrees of
        freedom.
    """
    if "seconds" not in data.used:
        return None
    seconds = pd.to_numeric(data.used["seconds"], errors="coerce").to_numpy(dtype=np.float64)
    timed = np.isfinite(seconds) & (seconds > 0.0)
    if not timed.any():
        return None
    seconds, x = seconds[timed], data.coded[data.factor_names].to_numpy(dtype=np.float64)[timed]
    model = np.column_stack([np.ones(len(x)), x])
    if np.linalg.matrix_rank(model) < model.shape[1] or len(x) < model.shape[1] + 2:
        return np.full(len(settings), seconds.mean())
    coefficients = np.linalg.lstsq(model, np.log(seconds), rcond=None)[0]
    scale = seconds.sum() / np.exp(model @ coefficients).sum()
    return np.asarray(scale * np.exp(np.column_stack([np.ones(len(settings)), settings]) @ coefficients))
