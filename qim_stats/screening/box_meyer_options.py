"""The options of Box and Meyer's analysis, and how they are written on a command line."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from math import comb

from qim_stats.errors import QimError
from qim_stats.factors import nearest

MAX_G = 1000.0
MAX_MODELS = 1_000_000
MAX_EFFECTS = 150_000
_DEFAULT_MODELS = 150_000
_DEFAULT_FACTORS = 5
_WHERE = "--box-meyer"
_EXAMPLE = "write --box-meyer max_factors=5,max_order=3,p=0.25,g=2"


@dataclass(frozen=True)
class BoxMeyerOptions:
    """Which models are weighed, and what is believed of them beforehand.

    Parameters
    ----------
    max_factors : int or None
        The most active factors in a model; None for 5, for all factors where there are fewer, and for fewer where there
        are so many factors (from 30 on) that 5 of them make more than 150,000 models.
    max_order : int
        The highest order of interactions among active factors: 1 for main effects only, 2 for two-factor
        interactions as well.
    p : float
        Prior probability of a factor to be active, between 0 and 1.
    g : float
        Prior standard deviation of a coded coefficient of an active factor, in units of sigma (gamma in the paper).

    Raises
    ------
    QimError
        If a value is out of its range.
    """

    max_factors: int | None = None
    max_order: int = 3
    p: float = 0.25
    g: float = 2.0

    def __post_init__(self) -> None:
        if self.max_factors is not None and self.max_factors < 1:
            raise QimError(
                f"max_factors={self.max_factors} is not a number of factors",
                where=_WHERE,
                remedy="give 1 or more",
            )
        if self.max_order < 1:
            raise QimError(
                f"max_order={self.max_order} is not an order of interactions",
                where=_WHERE,
                remedy="give 1 for main effects only, 2 or 3 for interactions",
            )
        if not 0.0 < self.p < 1.0:
            raise QimError(
                f"p={self.p:g} is no prior probability of a factor", where=_WHERE, remedy="give a number in (0, 1)"
            )
        if not 0.0 < self.g <= MAX_G:
            raise QimError(
                f"g={self.g:g} is no prior spread of active effects",
                where=_WHERE,
                remedy=f"give a number above 0 and up to {MAX_G:g}",
            )

    def for_factors(self, k: int) -> tuple[int, int]:
        """Return the most factors in a model and the highest order, for a design of k factors.

        Parameters
        ----------
        k : int
            Number of factors.

        Returns
        -------
        tuple of int
            ``max_factors`` and ``max_order``, neither more than a model can use.

        Raises
        ------
        QimError
            If there are fewer factors than ``max_factors``, more than a million models, or more than 150,000 effects.
        """
        if self.max_factors is not None and self.max_factors > k:
            raise QimError(
                f"max_factors={self.max_factors} is more than the {k} factors there are",
                where=_WHERE,
                remedy=f"give {k} or fewer",
            )
        largest = self.max_factors
        if largest is None:
            sizes = range(1, min(_DEFAULT_FACTORS, k) + 1)
            largest = max((size for size in sizes if count_models(k, size) <= _DEFAULT_MODELS), default=1)
        if (count := count_models(k, largest)) > MAX_MODELS:
            raise QimError(
                f"up to {largest} of {k} factors make {count:,} models, more than {MAX_MODELS:,}",
                where=_WHERE,
                remedy="give a smaller max_factors",
            )
        order = min(self.max_order, largest)
        if (count := count_models(k, order)) > MAX_EFFECTS:
            raise QimError(
                f"{k} factors have {count:,} effects up to order {order}, more than {MAX_EFFECTS:,}",
                where=_WHERE,
                remedy="give a smaller max_order",
            )
        return largest, order


def count_models(k: int, max_factors: int) -> int:
    """Return the number of sets of up to ``max_factors`` of k factors, the empty one included."""
    return sum(comb(k, size) for size in range(max_factors + 1))


def parse_box_meyer_options(text: str) -> BoxMeyerOptions:
    """Read the options from a command line.

    Parameters
    ----------
    text : str
        Such as ``max_factors=5,max_order=3,p=0.25,g=2``; what is left out keeps its default.

    Returns
    -------
    BoxMeyerOptions
        The options.

    Raises
    ------
    QimError
        If a part is not ``key=value``, a key is unknown or comes twice, or a value is out of its range.
    """
    known = [field.name for field in fields(BoxMeyerOptions)]
    given: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise QimError(f"{part.strip()!r} is not key=value", where=_WHERE, remedy=_EXAMPLE)
        if key not in known:
            raise QimError(f"unknown option {key!r}", where=_WHERE, remedy=nearest(key, known))
        if key in given:
            raise QimError(f"{key} is there twice", where=_WHERE, remedy="give it once")
        given[key] = value
    default = BoxMeyerOptions()
    return BoxMeyerOptions(
        max_factors=_whole("max_factors", given["max_factors"]) if "max_factors" in given else None,
        max_order=_whole("max_order", given["max_order"]) if "max_order" in given else default.max_order,
        p=_number("p", given["p"]) if "p" in given else default.p,
        g=_number("g", given["g"]) if "g" in given else default.g,
    )


def _whole(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise QimError(f"{key}={text!r} is not a whole number", where=_WHERE, remedy=_EXAMPLE) from None


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise QimError(f"{key}={text!r} is not a number", where=_WHERE, remedy=_EXAMPLE)
    return value
