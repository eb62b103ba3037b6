"""Factors: a name with a low and a high level, and the coding of levels to -1/+1 (0 in the middle) and back.

Coding happens here and nowhere else, always from the factor's own low and high, never by alphabet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np
import numpy.typing as npt

from qim_stats.errors import FactorError

Level = bool | int | float | str
Scale = Literal["linear", "log"]

RESERVED_COLUMNS = ("run", "replicate", "block", "order", "seed", "state", "seconds", "reason")
"""The columns of a trials table that describe the trial; no factor can have one of these names."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A two-level factor.

    Parameters
    ----------
    name : str
        How the factor is called everywhere: any printable text.
    low, high : bool, int, float or str
        Its two levels in natural units; coded -1 and +1.
    scale : {"linear", "log"}
        How a value between the levels is to be read; ``"log"`` needs positive numbers.
    unit : str, optional
        The unit of the levels, for display.

    Raises
    ------
    FactorError
        If the name is empty or holds control characters, the levels are equal or of different kinds, or a log scale
        meets a level that is not a positive number.
    """

    name: str
    low: Level
    high: Level
    scale: Scale = "linear"
    unit: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise FactorError(
                f"factor name {self.name!r} is empty or holds control characters",
                remedy="give it a printable name on one line",
            )
        if is_number(self.low) != is_number(self.high) or isinstance(self.low, bool) != isinstance(self.high, bool):
            raise FactorError(
                f"factor {self.name!r} has levels of different kinds, {self.low!r} and {self.high!r}",
                remedy="give two numbers, two texts, or true and false",
            )
        if is_number(self.low) and not (math.isfinite(float(self.low)) and math.isfinite(float(self.high))):
            raise FactorError(f"factor {self.name!r} has a level that is not finite", remedy="give two finite numbers")
        if self.low == self.high:
            raise FactorError(
                f"factor {self.name!r} has the same low and high level, {self.low!r}", remedy="give two levels"
            )
        if self.scale == "log" and not (is_number(self.low) and float(self.low) > 0 and float(self.high) > 0):
            raise FactorError(
                f"factor {self.name!r} is on a log scale but its levels are {self.low!r} and {self.high!r}",
                remedy='give two positive numbers, or use scale = "linear"',
            )

    @property
    def is_numeric(self) -> bool:
        """Whether the levels are numbers (true and false are not)."""
        return is_number(self.low)

    @property
    def middle(self) -> int | float:
        """The level halfway between low and high: the geometric mean on a log scale, else the arithmetic mean.

        Raises
        ------
        FactorError
            If the levels are not numbers.
        """
        if not self.is_numeric:
            raise FactorError(
                f"factor {self.name!r} has no level halfway between {self.low!r} and {self.high!r}",
                remedy="give it two numbers",
            )
        low, high = float(self.low), float(self.high)
        halfway = math.sqrt(low) * math.sqrt(high) if self.scale == "log" else low / 2 + high / 2
        # Twelve digits leave 0.01 between 0.001 and 0.1, where the last bits of a square root would show.
        halfway = float(f"{halfway:.12g}")
        whole = isinstance(self.low, int) and isinstance(self.high, int) and halfway.is_integer()
        return int(halfway) if whole else halfway

    def decode(self, coded: int) -> Level:
        """Return the natural level of a coded one.

        Parameters
        ----------
        coded : int
            -1 for low, +1 for high, 0 for the middle.

        Returns
        -------
        bool, int, float or str
            The level in natural units.

        Raises
        ------
        FactorError
            If the middle is asked for and the levels are not numbers.
        """
        if coded == 0:
            return self.middle
        return self.high if coded > 0 else self.low

    def side(self, level: object) -> float | None:
        """Code one natural level.

        Parameters
        ----------
        level : object
            The level as read: a number, text, boolean, or a text that spells it.

        Returns
        -------
        float or None
            -1.0 for low, +1.0 for high, 0.0 for the middle of a numeric factor, None for anything else.
        """
        if same_level(level, self.low):
            return -1.0
        if same_level(level, self.high):
            return 1.0
        return 0.0 if self.is_numeric and same_level(level, self.middle) else None

    def code(self, levels: Iterable[object]) -> npt.NDArray[np.float64]:
        """Code natural levels as -1 and +1, and the middle of a numeric factor as 0.

        Parameters
        ----------
        levels : iterable
            n levels as read: numbers, texts, booleans, or texts that spell them.

        Returns
        -------
        ndarray of float64, shape (n,)
            -1.0 where the level is low, +1.0 where it is high, 0.0 where it is the middle of a numeric factor.

        Raises
        ------
        FactorError
            If a level is none of these; the message names the first such level and its position from 1.
        """
        coded = []
        for position, level in enumerate(levels, start=1):
            side = self.side(level)
            if side is None:
                raise FactorError(
                    f"factor {self.name!r} has the level {str(level)!r} in row {position}, "
                    f"which is neither its low {self.low!r} nor its high {self.high!r}",
                    remedy="correct the row, or the factor's levels",
                )
            coded.append(side)
        return np.array(coded, dtype=np.float64)


def is_number(level: object) -> bool:
    """Tell numbers from texts and booleans."""
    return isinstance(level, (int, float, np.integer, np.floating)) and not isinstance(level, (bool, np.bool_))


def same_level(seen: object, level: Level) -> bool:
    """Whether a value as read from a table is this level, however it was spelled there (0.01, "0.010", "1e-2")."""
    if isinstance(level, (bool, np.bool_)):
        return str(seen).strip().lower() == str(level).lower()
    if is_number(level):
        try:
            return math.isclose(float(str(seen)), float(level), rel_tol=1e-9, abs_tol=0.0)
        except ValueError:
            return False
    return str(seen) == level


def find_factor(name: str, factors: Iterable[Factor]) -> Factor:
    """Return the factor of that name.

    Raises
    ------
    FactorError
        If there is none; the remedy names the nearest.
    """
    known = {factor.name: factor for factor in factors}
    if name in known:
        return known[name]
    raise FactorError(f"unknown factor {name!r}", remedy=nearest(name, known))


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest what a misspelled name may have meant, or list what there is."""
    names = list(known)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    return "known: " + ", ".join(repr(n) for n in names)


def check_factors(factors: Iterable[Factor]) -> tuple[Factor, ...]:
    """Check that factors can stand side by side as columns of one table.

    Parameters
    ----------
    factors : iterable of Factor
        The factors of a design.

    Returns
    -------
    tuple of Factor
        The same factors.

    Raises
    ------
    FactorError
        If there is none, a name comes twice, or a name is one of ``RESERVED_COLUMNS``.
    """
    checked = tuple(factors)
    if not checked:
        raise FactorError("there are no factors", remedy="give at least one factor")
    seen: set[str] = set()
    for factor in checked:
        if factor.name in RESERVED_COLUMNS:
            raise FactorError(
                f"{factor.name!r} cannot be a factor, as a trials table has a column of its own by that name",
                remedy="give the factor another name",
            )
        if factor.name in seen:
            raise FactorError(f"there are two factors named {factor.name!r}", remedy="give each a name of its own")
        seen.add(factor.name)
    return checked
