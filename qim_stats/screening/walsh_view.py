"""How draws see the trials: standardized, factors in the order of their contrasts, signs turned positive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.screening.walsh_cells import Cells

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_EXACT = 1e-10  # spread of the response about its nuisance columns, relative to its size, that is rounding error


def standardized(cells: Cells, y: Array) -> tuple[Array, float]:
    """Take the nuisance columns out of y and scale it to a mean square of 1; scale 0 where nothing is left."""
    root = np.sqrt(cells.weights)
    centered = y - float(cells.weights @ y) / cells.n
    columns = cells.nuisance[cells.cell] * root[:, None]
    taken = np.linalg.lstsq(columns, centered * root, rcond=None)[0]
    left = centered - cells.nuisance[cells.cell] @ taken
    scale = float(np.sqrt(cells.weights @ left**2 / cells.n))
    if scale <= _EXACT * float(np.abs(y).max(initial=0.0)):
        return left, 0.0
    return left / scale, scale


@dataclass(frozen=True)
class View:
    """The trials with factors in the order of their contrasts, signs turned positive, and cells in order of levels.

    Draws made here do not depend on how factors, levels and rows are named or ordered.
    """

    cells: Cells
    order: Indices
    signs: Array
    rows: Indices

    @classmethod
    def of(cls, cells: Cells, standard: Array) -> View:
        """Look at cells by a standardized response, shape (n,)."""
        # Rounded, so that what is zero but for rounding error has no sign, and equal ones keep their order.
        contrasts = np.round(cells.x.T @ (cells.size * cells.means(standard)[0]), 9)
        order = np.argsort(-np.abs(contrasts), kind="stable")
        signs = np.where(contrasts < 0.0, -1.0, 1.0)[order]
        x = cells.x[:, order] * signs
        # One setting in two blocks makes two cells, told apart by what was measured.
        rows = np.lexsort((np.round(cells.means(standard)[0], 9), *x.T[::-1]))
        moved = Cells(x[rows], cells.nuisance[rows], cells.size[rows], np.argsort(rows)[cells.cell], cells.weights)
        return cls(moved, order, signs, rows)


def direction(cells: Cells, standard: Array) -> float:
    """Return the sign that puts a response's longer tail on top: scales come in pairs, and draws follow their order.

    Of a response without skewness it is the sign with which two-factor interactions go along with their parents,
    sum_{i<j} c_i c_j c_ij over the contrasts; like the skewness it turns with the response, and not with the naming or
    order of factors, levels and rows.
    """
    skewness = round(float(cells.weights @ standard**3), 9)
    if skewness == 0.0:
        signed = cells.size * cells.means(standard)[0]
        contrasts = cells.x.T @ signed
        pairs = (cells.x * signed[:, None]).T @ cells.x
        skewness = round(float(contrasts @ np.triu(pairs, 1) @ contrasts), 9)
    return -1.0 if skewness < 0.0 else 1.0
