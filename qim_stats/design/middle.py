"""Factors in the middle between low and high: which can be there, and what to say where it is no whole number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qim_stats.alerts import listed
from qim_stats.design.design import Design
from qim_stats.errors import DesignError
from qim_stats.factors import Factor


def check_numeric(factors: Sequence[Factor], purpose: str, where: str) -> None:
    """Refuse factors that have no level in the middle.

    Parameters
    ----------
    factors : sequence of Factor
        The factors of a design.
    purpose : str
        What needs the middle, for the message.
    where : str
        The setting that asks for it.

    Raises
    ------
    DesignError
        If the levels of a factor are texts, or true and false.
    """
    others = [repr(factor.name) for factor in factors if not factor.is_numeric]
    if others:
        verb = "have" if len(others) > 1 else "has"
        raise DesignError(
            f"{purpose} needs levels halfway between low and high, which {listed(others)} {verb} not",
            where=where,
            remedy="leave them out, or take a design without" if len(others) > 1 else "leave it out, or take another",
        )


def with_middle_warnings(design: Design) -> Design:
    """Add a warning for whole-number factors whose middle is not a whole number.

    Parameters
    ----------
    design : Design
        A design with factors in the middle.

    Returns
    -------
    Design
        The design with one warning more, or itself.
    """
    told = [
        f"{factor.name} ({factor.low}, {factor.middle:g}, {factor.high})"
        for factor in design.factors
        if isinstance(factor.low, int) and isinstance(factor.high, int) and not isinstance(factor.middle, int)
    ]
    if not told:
        return design
    text = (
        f"The level in the middle is not a whole number, though low and high are: {listed(told)}. Where whole numbers "
        "are needed, choose other levels."
    )
    return design if text in design.warnings else replace(design, warnings=(*design.warnings, text))
