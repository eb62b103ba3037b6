"""Studies whose design aliases a large interaction outright with a main effect: what makes intervals too short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.replays.aware import alias_aware
from qim_stats.replays.estimators import Estimates, raw
from validation.tables import Validated
from validation.work import AWARE, replayed

Array = npt.NDArray[np.float64]
ALIASED, APART = "aliased", "not aliased"
LEAST = 3  # factors of the interaction


def largest_interaction(table: Validated) -> tuple[int, ...]:
    """Return the factors of the largest interaction of three or more, as places, ascending."""
    cells = np.arange(table.full.cells)
    sizes = np.where(np.bitwise_count(cells) >= LEAST, np.abs(table.full.half_effects), 0.0)
    found = int(sizes.argmax())
    return tuple(i for i in range(table.full.k) if found >> i & 1)


def aliased_outright(x: Array, members: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Return in which studies an interaction is the same as a main effect, or its opposite.

    Parameters
    ----------
    x : ndarray, shape (s, n, k)
        Coded settings of s studies.
    members : sequence of int
        Factors of the interaction.

    Returns
    -------
    ndarray of bool, shape (s,)
        True where its column is plus or minus that of a factor.
    """
    column = x[:, :, list(members)].prod(axis=2)
    return np.asarray((np.abs(np.einsum("sn,snk->sk", column, x)) == x.shape[1]).any(axis=1), dtype=np.bool_)


def by_alias(table: Validated, start: str, looks: Sequence[str], studies: int, seed: int, jobs: int) -> pd.DataFrame:
    """Replay a fixed design and what follows it, apart by whether it aliases the table's largest interaction.

    Parameters
    ----------
    table : Validated
        Which.
    start : str
        Word of the fixed design.
    looks : sequence of str
        Words of studies that begin with it and go on.
    studies, seed, jobs : int
        As of ``replayed``.

    Returns
    -------
    DataFrame
        ``design, largest`` (``ALIASED`` or ``APART``), ``studies``, ``coverage`` and ``width`` of the joint intervals.
    """
    started: list[Array] = []

    def seen(x: Array, y: Array) -> Estimates:
        started.append(x)
        return raw(x, y)

    # In one process, or the settings would stay in another.
    replayed(table, (start,), {"seen": seen}, studies, seed, jobs=1)
    same = aliased_outright(np.concatenate(started), largest_interaction(table))
    kinds = pd.Series(np.where(same, ALIASED, APART), index=np.arange(1, studies + 1), name="largest")
    found = replayed(table, (start, *looks), {AWARE: alias_aware}, studies, seed, jobs).studies
    apart = found.join(kinds, on="study").groupby(["design", "largest"], sort=False)
    told = apart.agg(
        studies=("study", "size"), coverage=("coverage_simultaneous", "mean"), width=("width_simultaneous", "mean")
    )
    return told.reset_index()
