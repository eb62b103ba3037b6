"""Which error estimate the analysis of a design will rest on, foreseen from the design alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from qim_stats.screening.lenth import MIN_CONTRASTS

Array = npt.NDArray[np.float64]
Source = Literal["pure", "foldover", "residual", "pse", "none"]
_ENOUGH_PURE = 4
_ENOUGH_FOLDOVER = 3


@dataclass(frozen=True)
class ErrorPlan:
    """The error estimate that a design leaves.

    Parameters
    ----------
    source : {"pure", "foldover", "residual", "pse", "none"}
        Replicates; the spare columns of a foldover, which are free of two-factor interactions; what main effects
        leave over; Lenth's pseudo standard error; nothing.
    df : float or None
        Its degrees of freedom; None for ``"pse"`` and ``"none"``.
    contrasts : int
        For ``"pse"``, the number of contrasts it is made from, else 0.
    """

    source: Source
    df: float | None = None
    contrasts: int = 0

    def words(self) -> str:
        """Say it in a few words."""
        if self.source == "pse":
            return f"Lenth's pseudo standard error from {self.contrasts} contrasts"
        if self.df is None:
            return "no error estimate"
        return f"{self.df:g} df ({self.source})"


def plan_error(x: npt.ArrayLike, blocks: Sequence[Hashable] | None = None) -> ErrorPlan:
    """Foresee where the error estimate of a main-effects analysis will come from.

    Parameters
    ----------
    x : array, shape (n, k)
        The design, coded.
    blocks : sequence, optional
        The block of each row, when there are several.

    Returns
    -------
    ErrorPlan
        As ``--error auto`` chooses where every trial is measured: pure error with 4 degrees of freedom or more, a
        foldover's spare columns with 3 or more (not for a full factorial), the residual, Lenth's method.

    Notes
    -----
    Pure error has n - (distinct rows, by block) degrees of freedom. Where each row's mirror image is there too, half
    the differences of the pairs hold main effects and noise alone, and leave (distinct rows)/2 - k, one less where the
    images lie in another block, to which pure error is added (Stallrich et al. 2025, arXiv 2507.14648). The residual
    has n - rank of the blocks and factors.
    """
    coded = np.asarray(x, dtype=np.float64) + 0.0
    labels = list(blocks) if blocks is not None else [0] * len(coded)
    rows = [row.tobytes() for row in coded]
    groups = Counter(zip(rows, labels, strict=True))
    pure = len(coded) - len(groups)
    if pure >= _ENOUGH_PURE:
        return ErrorPlan("pure", float(pure))
    # Adding 0.0 turns -0.0, the mirror of a center level, into 0.0.
    images = [(-row + 0.0).tobytes() for row in coded]
    shifted = Counter(zip(images, labels, strict=True)) != groups
    fold = len(groups) // 2 - coded.shape[1] - shifted + pure
    full = len(set(rows)) == 2 ** coded.shape[1]  # which has mirrors without being a foldover
    if fold >= _ENOUGH_FOLDOVER and not full and Counter(images) == Counter(rows):
        return ErrorPlan("foldover", float(fold))
    means = np.array(labels, dtype=object)[:, None] == np.array(list(dict.fromkeys(labels)), dtype=object)
    residual = len(coded) - int(np.linalg.matrix_rank(np.column_stack([means.astype(np.float64), coded])))
    if residual >= 1:
        return ErrorPlan("residual", float(residual))
    contrasts = len(coded) - means.shape[1]
    return ErrorPlan("pse", None, contrasts) if contrasts >= MIN_CONTRASTS else ErrorPlan("none")
