"""Blocks: the runs of a design in groups, so that differences between the groups fall on effects of least interest."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from qim_stats.alerts import listed
from qim_stats.design.block_contrasts import regular_contrasts
from qim_stats.design.design import DEFINITIVE, Design, rebuilt
from qim_stats.errors import DesignError

IntArray = npt.NDArray[np.int64]

NUMBERS = (2, 4, 8)
"""How many blocks there can be."""


def in_blocks(design: Design, blocks: int) -> Design:
    """Put the runs of a design into blocks of equal size, orthogonal to its main effects.

    Parameters
    ----------
    design : Design
        A design in one block, without center points.
    blocks : int
        1, which leaves the design as it is, 2, 4 or 8; or a number that divides that of the replicates, each block then
        holding whole replicates.

    Returns
    -------
    Design
        Its ``block`` column filled, ``confounded`` saying what cannot be told from the blocks; dummies that cannot be
        told from them are dropped.

    Raises
    ------
    DesignError
        If there is no such arrangement, with the reason.

    Notes
    -----
    A regular design gives its blocks the contrasts that are aliased with the fewest main effects (none), then
    two-factor, then three-factor interactions (Sun, D. X., Wu, C. F. J. and Chen, Y. (1997), Optimal blocking schemes
    for 2^n and 2^(n-p) designs, Technometrics 39, 298-307); another design gives them spare columns.
    """
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 1:
        raise DesignError(
            f"blocks {blocks!r} is not a whole number of at least 1", where="blocks", remedy="give 2, 4 or 8"
        )
    if blocks == 1:
        return design
    _check(design, blocks)
    if design.replicates % blocks == 0:
        size = design.replicates // blocks
        labels = (design.coded["replicate"].to_numpy() - 1) // size + 1
        said = "Each block holds every run: no effect is confounded with blocks."
        return replace(rebuilt(design, design.coded.assign(block=labels)), confounded=(said,))
    once = design.coded.loc[design.coded["replicate"] == 1]
    signs = once[design.names].to_numpy(dtype=np.int64)
    regular = regular_contrasts(signs, design.names, blocks)
    if regular is not None:
        contrasts, told = regular
        said = f"Blocks are confounded with {listed(list(told), limit=7)}, and with what these are aliased with."
    else:
        contrasts, said = _spare_contrasts(once[list(design.dummies)].to_numpy(dtype=np.int64), signs, design, blocks)
    label = (contrasts > 0).astype(np.int64) @ (1 << np.arange(contrasts.shape[1])) + 1
    by_run = dict(zip(once["run"].tolist(), label.tolist(), strict=True))
    rows = design.coded.assign(block=design.coded["run"].map(by_run))
    lost = [name for name in design.dummies if rows.groupby("block")[name].sum().any()]
    return replace(rebuilt(design, rows.drop(columns=lost)), confounded=(said,))


def _check(design: Design, blocks: int) -> None:
    """Refuse designs that have blocks already, or cannot have this number."""
    if design.folded:
        raise DesignError(
            "a foldover is a second block already", where="blocks", remedy="leave blocks out, or the foldover"
        )
    if design.blocks > 1 or design.center_points > int(design.kind == DEFINITIVE):
        raise DesignError(
            "the design has blocks or center points already", where="blocks", remedy="put it into blocks first"
        )
    if design.replicates % blocks == 0:
        return
    if design.kind == DEFINITIVE:
        raise DesignError(
            "the runs of a definitive screening design are not divided among blocks here",
            where="blocks",
            remedy=f"replicate it {blocks} times, one block each, or leave blocks out",
        )
    if blocks not in NUMBERS:
        raise DesignError(
            f"there are no {blocks} orthogonal blocks of a two-level design", where="blocks", remedy="take 2, 4 or 8"
        )


def _spare_contrasts(dummies: IntArray, signs: IntArray, design: Design, blocks: int) -> tuple[IntArray, str]:
    """Choose spare columns for two or four blocks, those that interactions correlate with least."""
    first, second = np.triu_indices(signs.shape[1], 1)
    products = signs[:, first] * signs[:, second]
    n, m = dummies.shape
    candidates: list[tuple[int, int, tuple[int, ...], IntArray]] = []
    sets = list(combinations(range(m), blocks.bit_length() - 1)) if blocks <= 4 else []
    for chosen in sets:
        contrasts = dummies[:, list(chosen)]
        span = contrasts if blocks == 2 else np.column_stack([contrasts, contrasts.prod(axis=1)])
        if (span.T @ signs).any():
            continue  # the product of two spare columns may correlate with a factor
        aliases = np.abs(span.T @ products)
        candidates.append((int(aliases.max(initial=0)), int((aliases**2).sum()), chosen, contrasts))
    if not candidates:
        raise DesignError(
            f"{blocks} blocks cannot be orthogonal to the main effects of these {n} runs with {m} spare columns",
            where="blocks",
            remedy="take 2 blocks, more runs, or as many replicates as blocks" if m else "take more runs",
        )
    largest, _, chosen, contrasts = min(candidates, key=lambda found: found[:3])
    names = " and ".join(design.dummies[i] for i in sorted(chosen))
    column = "column" if len(chosen) == 1 else "columns"
    part = f"in part (correlation at most {largest / n:.2f})" if largest < n else "completely, some of them"
    told = f"two-factor interactions are confounded with them {part}" if largest else "no two-factor interaction is"
    return contrasts, f"Blocks take the spare {column} {names}: main effects are clear of them; {told}."
