"""The few choices that make a design, as a study file or a command line gives them, and the design they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qim_stats.design.blocks import in_blocks
from qim_stats.design.center import center_points
from qim_stats.design.column_choice import CHOICES
from qim_stats.design.definitive import definitive_screening
from qim_stats.design.design import DEFINITIVE, Design
from qim_stats.design.drift import ORDERS, in_order
from qim_stats.design.foldover import foldover
from qim_stats.design.fractional import FRACTIONAL, fractional_factorial
from qim_stats.design.full_factorial import FULL_FACTORIAL, full_factorial
from qim_stats.design.plackett_burman import PLACKETT_BURMAN, plackett_burman
from qim_stats.design.replicate import replicate
from qim_stats.design.sixteen_runs import BOX_TYSSEDAL, NO_CONFOUNDING, box_tyssedal, no_confounding
from qim_stats.errors import DesignError
from qim_stats.factors import Factor, check_factors, nearest

KINDS = (PLACKETT_BURMAN, FULL_FACTORIAL, FRACTIONAL, DEFINITIVE, BOX_TYSSEDAL, NO_CONFOUNDING)


@dataclass(frozen=True)
class DesignSettings:
    """What design to make.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    runs : int, optional
        The number of runs before any foldover, replicate or center point; None leaves it to the kind.
    foldover : bool
        Whether the full foldover follows as a second block.
    replicates : int
        How many trials each run gets.
    resolution : int, optional
        For kind ``"fractional"``, instead of ``runs``: the least length of a defining word.
    center_points : int
        How many trials with every factor in the middle are added.
    blocks : int
        How many orthogonal blocks the runs are put into.
    columns : str
        For kind ``"plackett-burman"``, which columns the factors take: ``"first"`` or ``"best"``.
    order : str
        ``"random"`` or ``"drift-proof"``.
    """

    kind: str = PLACKETT_BURMAN
    runs: int | None = None
    foldover: bool = False
    replicates: int = 1
    resolution: int | None = None
    center_points: int = 0
    blocks: int = 1
    columns: str = CHOICES[0]
    order: str = ORDERS[0]


def build_design(settings: DesignSettings, factors: Iterable[Factor], seed: int = 0) -> Design:
    """Make the design that settings ask for.

    Parameters
    ----------
    settings : DesignSettings
        What is asked for.
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
    design = _base(settings, check_factors(factors), seed)
    if settings.foldover:
        design = foldover(design)
    design = in_blocks(replicate(design, settings.replicates), settings.blocks)
    return in_order(center_points(design, settings.center_points), settings.order)


def _base(settings: DesignSettings, factors: tuple[Factor, ...], seed: int) -> Design:
    """Make the runs that everything else is added to."""
    kind, runs = settings.kind, settings.runs
    if kind not in KINDS:
        raise DesignError(f"unknown kind of design {kind!r}", where="kind", remedy=nearest(kind, KINDS))
    if settings.resolution is not None and kind != FRACTIONAL:
        raise DesignError(
            f"kind {kind!r} takes no resolution",
            where="resolution",
            remedy=f'leave it out, or take kind "{FRACTIONAL}"',
        )
    if settings.columns != CHOICES[0] and kind != PLACKETT_BURMAN:
        raise DesignError(
            f"kind {kind!r} leaves no choice of columns",
            where="columns",
            remedy=f'leave columns out, or take kind "{PLACKETT_BURMAN}"',
        )
    if kind == PLACKETT_BURMAN:
        return plackett_burman(factors, runs, seed, settings.columns)
    if kind == FRACTIONAL:
        return fractional_factorial(factors, runs, settings.resolution, seed)
    if kind == FULL_FACTORIAL:
        return _full_factorial(factors, runs, seed)
    makers = {DEFINITIVE: definitive_screening, BOX_TYSSEDAL: box_tyssedal, NO_CONFOUNDING: no_confounding}
    return makers[kind](factors, runs, seed)


def _full_factorial(factors: tuple[Factor, ...], runs: int | None, seed: int) -> Design:
    """Make the full factorial, whose number of runs may be said but not chosen."""
    design = full_factorial(factors, seed)
    if runs not in (None, design.n):
        raise DesignError(
            f"a full factorial of {len(factors)} factors has {design.n} runs, not {runs}",
            where="runs",
            remedy=f'leave runs out, or take kind "{PLACKETT_BURMAN}"',
        )
    return design
