"""The full foldover: every run again with all signs reversed, which clears main effects of two-factor interactions."""

from __future__ import annotations

import pandas as pd

from qim_stats.design.design import DEFINITIVE, Design, rebuilt
from qim_stats.errors import DesignError


def foldover(design: Design) -> Design:
    """Append the full foldover of a design as block 2.

    Parameters
    ----------
    design : Design
        A design in one block, n trials.

    Returns
    -------
    Design
        2n trials: the design's own in block 1, in the same order as before, then block 2 with the signs of all factors
        and dummies reversed, its runs numbered on, randomized within the block.

    Raises
    ------
    DesignError
        If the design has a foldover, blocks or center points already, or is its own foldover.

    Notes
    -----
    Box, G. E. P. and Wilson, K. B. (1951), J. R. Stat. Soc. B 13, 1-45: reversing all signs keeps the sign of every
    product of two columns, so that over both blocks the sum of a main effect's column times a two-factor interaction's
    is zero.
    """
    if design.folded:
        raise DesignError(
            "the design has a foldover already; folding it again only repeats its runs",
            where="foldover",
            remedy="replicate the design instead",
        )
    if design.kind == DEFINITIVE:
        raise DesignError(
            "a definitive screening design is made of pairs of reversed runs already",
            where="foldover",
            remedy="leave foldover out, or replicate the design",
        )
    if design.blocks > 1 or design.center_points:
        raise DesignError(
            "blocks and center points come after the foldover",
            where="foldover",
            remedy="fold the design first",
        )
    reversed_rows = design.coded.copy()
    signs = [*(factor.name for factor in design.factors), *design.dummies]
    reversed_rows[signs] = -reversed_rows[signs]
    reversed_rows["run"] += design.base_runs
    reversed_rows["block"] = 2
    rows = pd.concat([design.coded, reversed_rows], ignore_index=True)
    return rebuilt(design, rows, folded=True)
