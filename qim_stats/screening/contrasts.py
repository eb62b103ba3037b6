"""The orthogonal contrasts of a design: main effects, then interactions and spare columns up to saturation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from qim_stats.screening.spare_columns import complete
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
MAX_CONTRASTS = 1023
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Contrasts:
    """Mutually orthogonal -1/+1 columns that, with the mean and the blocks, use up all trials but centre points.

    Parameters
    ----------
    names : tuple of str
        Factors, interactions as ``a:b``, spare columns as ``e1``, ...
    matrix : ndarray of float64, shape (n, m)
        The columns; 0 in centre points.
    rebuilt : tuple of str
        Names of spare columns that the table did not hold.
    """

    names: tuple[str, ...]
    matrix: Array
    rebuilt: tuple[str, ...] = ()

    def effects(self, y: Array) -> Array:
        """Return the m contrasts of responses, shape (..., n), mean at high minus mean at low, in their unit."""
        return np.asarray(2.0 * (y @ self.matrix) / self.trials, dtype=np.float64)

    @property
    def trials(self) -> int:
        """Number of trials that the contrasts compare: all but centre points."""
        return int(np.count_nonzero(self.matrix[:, 0])) if self.matrix.shape[1] else 0


def find_contrasts(trials: Trials) -> Contrasts | str:
    """Find a full set of orthogonal contrasts, or say why there is none.

    Parameters
    ----------
    trials : Trials
        n usable trials.

    Returns
    -------
    Contrasts or str
        The reason, as a clause, when the design has replicates, is not orthogonal, or cannot be completed.
    """
    rows = factorial_rows(trials)
    if not rows.any():
        return "no trial has all its factors at a low or a high level"
    base = _nuisance(trials, rows)
    free = len(base) - base.shape[1]
    if free > MAX_CONTRASTS:
        return f"{free} contrasts are more than the {MAX_CONTRASTS} a pseudo standard error is simulated for"
    if _is_replicated(trials, rows):
        return "the runs are replicated, which gives an error estimate of its own"
    columns = trials.coded.to_numpy(dtype=np.float64)[rows]
    mains = columns[:, : len(trials.factors)]
    if not _orthogonal(np.hstack([base, mains])):
        return "the usable trials are not an orthogonal design (trials are missing or the design is unbalanced)"
    spare = columns[:, len(trials.factors) :]
    kept = [i for i in range(spare.shape[1]) if _orthogonal(np.hstack([base, mains, spare[:, : i + 1]]))]
    names = trials.factor_names + [trials.dummies[i] for i in kept]
    start = np.hstack([mains, spare[:, kept]])
    matrix, names = _add_interactions(base, start, names, mains)
    if matrix.shape[1] == free:
        return Contrasts(tuple(names), _with_centre_points(matrix, rows))
    rest = complete(np.hstack([base, matrix]))
    if rest is None:
        return "the design's spare columns are not in the table and do not follow from the others"
    extra = _free_names(rest.shape[1], {*names, *trials.factor_names, *trials.dummies})
    return Contrasts((*names, *extra), _with_centre_points(np.hstack([matrix, rest]), rows), tuple(extra))


def factorial_rows(trials: Trials) -> npt.NDArray[np.bool_]:
    """Tell the trials at low or high levels of all factors from centre points, whose numeric factors are coded 0.

    Parameters
    ----------
    trials : Trials
        n usable trials.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for centre points.
    """
    return np.asarray((trials.coded[trials.factor_names] != 0.0).all(axis=1).to_numpy(), dtype=np.bool_)


def _with_centre_points(matrix: Array, rows: npt.NDArray[np.bool_]) -> Array:
    whole = np.zeros((len(rows), matrix.shape[1]))
    whole[rows] = matrix
    return whole


def _nuisance(trials: Trials, rows: npt.NDArray[np.bool_]) -> Array:
    """Return an orthogonal basis of the mean and the block differences, each column of squared length n."""
    n = int(rows.sum())
    labels = [label for label, kept in zip(trials.blocks or [], rows, strict=False) if kept]
    blocks = sorted(set(labels))
    if len(blocks) < 2:
        return np.ones((n, 1))
    indicators = np.array([[label == other for other in blocks] for label in labels], dtype=np.float64)
    indicators[:, 0] = 1.0
    return np.asarray(np.linalg.qr(indicators)[0] * np.sqrt(n), dtype=np.float64)


def _is_replicated(trials: Trials, rows: npt.NDArray[np.bool_]) -> bool:
    """Whether each run was done several times; a design that merely projects onto few factors is not replicated."""
    used = trials.frame.loc[trials.usable][rows]
    if "replicate" in used and used["replicate"].nunique() > 1:
        return True
    counts = np.unique(trials.coded.to_numpy()[rows], axis=0, return_counts=True)[1]
    return bool(counts.min() > 1 and counts.min() == counts.max())


def _orthogonal(columns: Array) -> bool:
    n = len(columns)
    gram = columns.T @ columns / n
    return bool(np.abs(gram - np.eye(gram.shape[0])).max() < _TOLERANCE)


def _add_interactions(base: Array, start: Array, start_names: list[str], mains: Array) -> tuple[Array, list[str]]:
    """Add the interactions of a regular design, lower orders first, one for each group of aliased ones.

    In a regular design an interaction either equals a column or is orthogonal to it. If one does neither, the design is
    not regular and no interaction is added: which of them came first would depend on the order of the factors.
    """
    n, k = mains.shape
    span = np.empty((n, n))
    used = base.shape[1] + start.shape[1]
    span[:, :used] = np.hstack([base, start])
    names = list(start_names)
    for order in range(2, k + 1):
        before = used
        for members in combinations(range(k), order) if used < n else ():
            column = mains[:, members].prod(axis=1)
            overlap = float(np.abs(span[:, :used].T @ column).max()) / n
            if _TOLERANCE < overlap < 1.0 - _TOLERANCE:
                return start, start_names
            if overlap <= _TOLERANCE:
                span[:, used] = column
                names.append(":".join(start_names[i] for i in members))
                used += 1
        if used == before:
            break
    return span[:, base.shape[1] : used], names


def _free_names(count: int, taken: set[str]) -> list[str]:
    names: list[str] = []
    number = 1
    while len(names) < count:
        if f"e{number}" not in taken:
            names.append(f"e{number}")
        number += 1
    return names
