"""The few choices that make a design, as a study file or a command line gives them, and the design they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qim_stats.design.design import Design
from qim_stats.design.foldover import foldover
from qim_stats.design.full_factorial import FULL_FACTORIAL, full_factorial
from qim_stats.design.plackett_burman import PLACKETT_BURMAN, plackett_burman
from qim_stats.design.replicate import replicate
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors, nearest

KINDS = (PLACKETT_BURMAN, FULL_FACTORIAL)


@dataclass(frozen=True)
class DesignSettings:
    """What design to make.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    runs : int, optional
        The number of runs before any foldover or replicate; None leaves it to the kind.
    foldover : bool
        Whether the full foldover follows as a second block.
    replicates : int
        How many trials each run gets.
    """

    kind: str = PLACKETT_BURMAN
    runs: int | None = None
    foldover: bool = False
    replicates: int = 1


def build_design(settings: DesignSettings, factors: Iterable[Factor], seed: int = 0) -> Design:
    """Make the design that settings ask for.

    Parameters
    ----------
    settings : DesignSettings
        Kind, runs, foldover, replicates.
    factors : iterable of Factor
        The factors.
    seed : int, optional
        The seed of the random execution order.

    Returns
    -------
    Design
        The design.

    Raises
    ------
    FactorError
        If the factors cannot stand side by side in a trials table.
    DesignError
        If there is no such design.
    """
    checked = check_factors(factors)
    if settings.kind == PLACKETT_BURMAN:
        design = plackett_burman(checked, settings.runs, seed)
    elif settings.kind == FULL_FACTORIAL:
        design = full_factorial(checked, seed)
        if settings.runs not in (None, design.n):
            raise DesignError(
                f"a full factorial of {len(checked)} factors has {design.n} runs, not {settings.runs}",
                where="runs",
                remedy=f'leave runs out, or take kind "{PLACKETT_BURMAN}"',
            )
    else:
        raise DesignError(
            f"unknown kind of design {settings.kind!r}", where="kind", remedy=nearest(settings.kind, KINDS)
        )
    if settings.foldover:
        design = foldover(design)
    return replicate(design, settings.replicates)
