"""How numbers, p-values and levels are written in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from qim_stats.factors import Factor, Level, is_number

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
MISSING = EN_DASH
_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: Any, digits: int = 4) -> str:
    """Write a number with that many significant digits.

    Parameters
    ----------
    value : float or None
        Any number; None and NaN are missing.
    digits : int
        Significant digits; whole numbers below a million keep all of theirs.

    Returns
    -------
    str
        With a real minus sign; powers of ten below 0.0001 and from a million on; a dash when missing.
    """
    if is_missing(value):
        return MISSING
    value = float(value)
    if value == 0.0:
        return "0"
    if math.isinf(value):
        return f"{MINUS}∞" if value < 0 else "∞"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < 6:
        return f"{value:.{max(0, digits - 1 - power)}f}".replace("-", MINUS)
    return mantissa.replace("-", MINUS) + "\N{MULTIPLICATION SIGN}10" + str(power).translate(_POWERS)


def column(values: Iterable[Any], digits: int = 4) -> list[str]:
    """Write the numbers of a column with the same number of decimals, so that they can be compared at a glance.

    Parameters
    ----------
    values : iterable of float or None
        The column.
    digits : int
        Significant digits of the largest.

    Returns
    -------
    list of str
        As ``number``; a value too small for the common decimals is written with its own.
    """
    given = list(values)
    return fixed(given, decimals(given, digits))


def decimals(values: Iterable[Any], digits: int = 4) -> int | None:
    """Return how many decimals give the largest of these values that many significant digits; None if too many."""
    sizes = [abs(float(v)) for v in values if not is_missing(v) and v != 0 and not math.isinf(v)]
    if not sizes:
        return 0
    places = digits - 1 - math.floor(math.log10(max(sizes)))
    if places > digits + 3 or places <= digits - 7:
        return None
    return max(places, 0)


def fixed(values: Iterable[Any], places: int | None) -> list[str]:
    """Write numbers with that many decimals; None, or a value that they would make zero, as ``number`` does."""
    return [_fixed(value, places) for value in values]


def _fixed(value: Any, places: int | None) -> str:
    if places is None or is_missing(value) or math.isinf(value):
        return number(value)
    shown = f"{float(value):.{places}f}"
    if value != 0 and float(shown) == 0.0:
        return number(value, 2)
    return shown.replace("-", MINUS)


def p_value(value: Any) -> str:
    """Write a p-value: three decimals, ``<0.001`` below, a dash when missing."""
    if is_missing(value):
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def percent(value: Any) -> str:
    """Write a share as a percentage."""
    return MISSING if is_missing(value) else f"{100 * value:.1f} %"


def probability(value: Any) -> str:
    """Write a probability with two decimals, never as 0 or 1."""
    if is_missing(value):
        return MISSING
    return "<0.01" if value < 0.005 else ">0.99" if value >= 0.995 else f"{value:.2f}"


def interval(low: Any, high: Any) -> str:
    """Write the whole numbers from low to high."""
    return f"{int(low)}{EN_DASH}{int(high)}"


def level_of_confidence(share: float) -> str:
    """Write a confidence level as a percentage, with the digits it was given."""
    return f"{100 * share:.10g} %"


def seconds(value: Any) -> str:
    """Write a duration given in seconds."""
    if is_missing(value):
        return MISSING
    if value < 120:
        return f"{value:.1f} s"
    if value < 7200:
        return f"{value / 60:.1f} min"
    return f"{value / 3600:.1f} h"


def level(value: Level, unit: str | None) -> str:
    """Write a factor's level with its unit."""
    shown = f"{value:g}".replace("e-0", "e-").replace("-", MINUS) if is_number(value) else str(value)
    return f"{shown} {unit}" if unit else shown


def levels(factor: Factor) -> tuple[str, str]:
    """Write a factor's low and high level."""
    return level(factor.low, factor.unit), level(factor.high, factor.unit)


def is_missing(value: Any) -> bool:
    """Whether there is no number."""
    return value is None or (isinstance(value, float) and math.isnan(value))
