"""What the trials so far say, in coordinates of their own: draws of response functions, or the mixture's components.

Up to 12 factors it is draws of the response at all settings, on any of the scales of ``walsh_warps``, as behind the
ranks. Beyond, where a function has too many values, it is a sample of the mixture's components, of the response as
given.

Everything simulated runs over the factors in the order of their contrasts, with signs turned positive, and over the
trials in an order that their settings give, so that neither the order or naming of factors and rows, nor which level is
called high, changes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.errors import TrialsError
from qim_stats.screening.walsh_cells import Cells, collapse
from qim_stats.screening.walsh_components import GRID, Indices, log_prior, log_weights
from qim_stats.screening.walsh_draws import WalshFunctions
from qim_stats.screening.walsh_mixture import WalshDesign
from qim_stats.screening.walsh_sets import Components, Progress, enumerable, sample_components, tractable
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
_STORED = 4_000_000  # numbers in the matrices of all components that are updated
_EXACT = 1e-10  # spread of the response, relative to its size, that is rounding error
MOST_TRIALS = 150
"""As many different settings as the search for further runs can weigh."""
FUNCTIONS = 2_000
"""How many response functions are drawn, at most: with 12 factors about half."""


@dataclass(frozen=True)
class Weighed:
    """Components of the mixture, of the response as given.

    Parameters
    ----------
    components : Components
        With their posterior weights; a seeded sample where all would be too many to update.
    log_evidence : ndarray of float64, shape (c,)
        Log marginal likelihood of the response under each component, up to a constant.
    """

    components: Components
    log_evidence: Array


@dataclass(frozen=True)
class Knowledge:
    """The trials so far and what they say, in canonical coordinates.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Settings coded -1/0/+1.
    y : ndarray of float64, shape (n,)
        Response, the mean taken out, in units of ``scale``.
    nuisance : ndarray of float64, shape (n, b)
        Block columns beside the mean; no column where there is one block.
    cells : Cells
        The same trials, replicates collapsed.
    told : WalshFunctions or Weighed
        What ``y`` says, in units of ``scale``.
    scale : float
        The response's unit.
    order : ndarray of intp, shape (k,)
        Which of the given factors stands at each place.
    signs : ndarray of float64, shape (k,)
        -1 where the level given as high is -1 here; by place.
    rows : ndarray of intp, shape (n,)
        Which of the given trials stands at each place.
    ahead : ndarray of float64, shape (b,), or None
        Block columns of the runs to be added where they join a block; None where they are a block of their own.
    """

    x: Array
    y: Array
    nuisance: Array
    cells: Cells
    told: WalshFunctions | Weighed
    scale: float
    order: Indices
    signs: Array
    rows: Indices
    ahead: Array | None = None

    def given(self, rows: Array) -> Array:
        """Turn settings from canonical to given coordinates, shape (rows, k)."""
        answer = np.empty_like(rows)
        answer[:, self.order] = rows * self.signs
        return answer

    def canonical(self, rows: Array) -> Array:
        """Turn settings from given to canonical coordinates, shape (rows, k)."""
        return np.asarray(rows[:, self.order] * self.signs, dtype=np.float64)

    @property
    def places(self) -> Indices:
        """Where each given factor stands here, shape (k,)."""
        return np.argsort(self.order)


def learn(
    x: Array,
    y: Array,
    blocks: list[str] | None,
    *,
    runs: int,
    seed: int,
    joins: str | None = None,
    functions: int = FUNCTIONS,
    progress: Progress | None = None,
) -> Knowledge:
    """Ask the alias-aware posterior what the trials so far say.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Settings coded -1/0/+1.
    y : ndarray of float64, shape (n,)
        Response in any unit.
    blocks : list of str or None
        Block of each trial, where there are several.
    runs : int
        How many runs are to be added, which limits how many components can be updated.
    seed : int
        Of the draws, or the sampling of components.
    joins : str, optional
        The block that the runs to be added are part of (any text where there is one block); by default they are a
        block of their own.
    functions : int
        How many response functions to draw.
    progress : callable, optional
        Called with the steps done and their number.

    Returns
    -------
    Knowledge
        What is known.

    Raises
    ------
    TrialsError
        If the response does not vary, or the trials are too few or too many for the alias-aware posterior.
    """
    labels = sorted(set(blocks or []))
    dummies = block_columns(blocks or [""] * len(y), labels)
    left, scale = _residual(dummies, y)
    contrasts = np.round(x.T @ left / (len(y) * scale), 9)
    order = np.argsort(-np.abs(contrasts), kind="stable")
    signs = np.where(contrasts[order] < 0.0, -1.0, 1.0)
    moved = x[:, order] * signs
    rows = np.lexsort((y, *dummies.T, *moved.T))
    x, y, dummies = moved[rows], (y[rows] - y.mean()) / scale, dummies[rows]
    cells = collapse(x, dummies)
    _check_size(cells)
    ahead = None if joins is None else block_columns([joins], labels)[0]
    told = _told(cells, y, runs, seed, functions, progress)
    return Knowledge(x, y, dummies, cells, told, scale, order, signs, rows, ahead)


def _told(
    cells: Cells, y: Array, runs: int, seed: int, functions: int, progress: Progress | None
) -> WalshFunctions | Weighed:
    if enumerable(cells):
        drawn = WalshDesign(cells).functions(y, seed, draws=functions, progress=progress)
        if isinstance(drawn, str):
            raise TrialsError(f"{drawn}, so no further run can be chosen by it", remedy="choose another response")
        return drawn
    rng = np.random.Generator(np.random.PCG64([seed, 81]))
    found = _merged(sample_components(cells, y, rng, progress))
    return weighed(cells, y, _few(found, max(64, _STORED // (len(y) + runs) ** 2), rng))


def weighed(cells: Cells, y: Array, found: Components) -> Weighed:
    """Put the evidence of the response, shape (n,), beside components."""
    sizes = GRID[found.grid]
    return Weighed(found, log_weights(cells, y, found.active, sizes) - log_prior(found.active, sizes))


def knowledge_of(
    data: Trials,
    runs: int,
    seed: int,
    *,
    same_block: bool = False,
    functions: int = FUNCTIONS,
    progress: Progress | None = None,
) -> Knowledge:
    """Ask the alias-aware posterior what the trials of a table say.

    Parameters
    ----------
    data : Trials
        The trials so far.
    runs, seed, functions, progress
        As of ``learn``.
    same_block : bool
        Whether the runs to be added join the block of the last trial.

    Returns
    -------
    Knowledge
        What is known.

    Raises
    ------
    TrialsError
        As of ``learn``.
    """
    x = data.coded[data.factor_names].to_numpy(dtype=np.float64)
    last = (data.blocks or [""])[-1]
    joins = last if same_block else None
    return learn(x, data.y, data.blocks, runs=runs, seed=seed, joins=joins, functions=functions, progress=progress)


def block_columns(blocks: list[str], labels: list[str]) -> Array:
    """Return a column for each block but the first, 1 for its trials and 0 for others, shape (n, labels - 1)."""
    columns = np.array([[float(block == label) for label in labels[1:]] for block in blocks])
    return columns.reshape(len(blocks), max(len(labels) - 1, 0))


def _residual(dummies: Array, y: Array) -> tuple[Array, float]:
    taken = np.column_stack([np.ones(len(y)), dummies])
    left = y - y.mean()
    left = left - taken @ np.linalg.lstsq(taken, left, rcond=None)[0]
    scale = float(np.sqrt(np.mean(left**2)))
    if scale <= _EXACT * float(np.abs(y).max(initial=0.0)):
        raise TrialsError(
            "the response does not vary between the trials of a block, so no further run can be chosen by it",
            remedy="choose another response, or ranges in which it varies",
        )
    return left, scale


def _check_size(cells: Cells) -> None:
    if cells.df < 1:
        raise TrialsError(
            "the trials are no more than their blocks, so they tell nothing to go on from",
            remedy="run more trials in each block",
        )
    if cells.m > MOST_TRIALS or not tractable(cells):
        raise TrialsError(
            f"{cells.m} different settings of {cells.x.shape[1]} factors are more than the search for further runs "
            "can weigh",
            remedy="name fewer factors with --factors, or analyze the table as it is",
        )


def weighable(trials: int, factors: int) -> bool:
    """Whether the search for further runs can weigh so many trials, each of another setting."""
    if trials > MOST_TRIALS:
        return False
    # What it takes depends on how many there are alone.
    sides = np.random.Generator(np.random.PCG64(87)).integers(0, 2, (trials, factors))
    x = np.where(sides == 1, 1.0, -1.0)
    return tractable(collapse(x, np.zeros((trials, 0))))


def _merged(found: Components) -> Components:
    """Put samples of one component together."""
    keys = np.column_stack([found.active, found.grid])
    _, first, counts = np.unique(keys, axis=0, return_index=True, return_counts=True)
    by_weight = np.argsort(-counts, kind="stable")
    first, counts = first[by_weight], counts[by_weight]
    return Components(found.active[first], found.grid[first], counts / counts.sum(), found.scale[first])


def _few(found: Components, most: int, rng: np.random.Generator) -> Components:
    """Replace too many components by a systematic sample of them, which stands for the whole without bias."""
    if len(found.weight) <= most:
        return found
    points = (np.arange(most) + rng.random()) / most
    chosen = np.minimum(np.searchsorted(np.cumsum(found.weight), points, side="right"), len(found.weight) - 1)
    unique, counts = np.unique(chosen, return_counts=True)
    return Components(found.active[unique], found.grid[unique], counts / most, found.scale[unique])
