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
        foldover's spare columns with 3 or more, the residual, Lenth's method.

    Notes
    -----
    Pure error has n - (distinct rows, by block) degrees of freedom. Where each row's mirror image is there too, the
    n/2 halved differences of the pairs hold main effects and noise alone, and leave n/2 - k, one less where blocks
    may differ (Stallrich et al., arXiv 2507.14648). The residual has n - k - (blocks) or, with blocks, what the rank
    says.
    """
    coded = np.asarray(x, dtype=np.float64)
    labels = list(blocks) if blocks is not None else [0] * len(coded)
    several = len(set(labels)) > 1
    groups = {(row.tobytes(), label) for row, label in zip(coded + 0.0, labels, strict=True)}
    pure = len(coded) - len(groups)
    if pure >= _ENOUGH_PURE:
        return ErrorPlan("pure", float(pure))
    fold = len(coded) // 2 - coded.shape[1] - several
    if fold >= _ENOUGH_FOLDOVER and _mirrored(coded):
        return ErrorPlan("foldover", float(fold))
    means = np.array(labels, dtype=object)[:, None] == np.array(list(dict.fromkeys(labels)), dtype=object)
    residual = len(coded) - int(np.linalg.matrix_rank(np.column_stack([means.astype(np.float64), coded])))
    if residual >= 1:
        return ErrorPlan("residual", float(residual))
    contrasts = len(coded) - means.shape[1]
    return ErrorPlan("pse", None, contrasts) if contrasts >= MIN_CONTRASTS else ErrorPlan("none")


def _mirrored(coded: Array) -> bool:
    """Whether each row's mirror image is there as often as the row."""
    # Adding 0.0 turns -0.0, the mirror of a center level, into 0.0.
    rows = Counter(row.tobytes() for row in coded + 0.0)
    return all(rows[(-np.frombuffer(row) + 0.0).tobytes()] == count for row, count in rows.items())
