"""Virtual studies: settings by a rule, responses looked up in the full table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.errors import QimError
from qim_stats.replays.designs import Plan
from qim_stats.replays.full_table import Cells, FullTable, cell_numbers
from qim_stats.replays.noise import TrialNoise
from qim_stats.replays.rules import FixedDesign, RandomRows, Rule, Settings

Array = npt.NDArray[np.float64]
_MOST_TRIALS = 100_000  # of one study, beyond which a rule has no end


@dataclass(frozen=True)
class World:
    """Where virtual trials are run.

    Parameters
    ----------
    table : FullTable
        What trials show.
    noise : TrialNoise
        Of one trial.
    added : bool
        Whether every trial has fresh noise on top of what the table shows.
    """

    table: FullTable
    noise: TrialNoise
    added: bool

    def run(self, cells: Cells, before: Cells, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Run trials.

        Parameters
        ----------
        cells : ndarray of int64, shape (s, n)
            Of s studies.
        before : ndarray of int64, shape (s, m)
            Cells that each study has run already.
        rng : Generator
            Of which trial of a cell is looked up, and of noise.

        Returns
        -------
        y : ndarray of float64, shape (s, n)
            Responses. A cell of several trials shows one of them at random. Where noise is not added to all, it is
            where a study runs a cell of one trial again, as the same number twice would know no noise.
        seconds : ndarray of float64, shape (s, n), or None
            What the looked-up trials took.
        """
        table = self.table
        at = table.first[cells] + np.floor(rng.random(cells.shape) * table.counts[cells]).astype(np.int64)
        y = table.values[at]
        fresh = np.full(cells.shape, self.added)
        if not self.added:
            fresh = _again(cells, before) & (table.counts[cells] == 1)
        if fresh.any():
            y = y + np.where(fresh, self.noise.draw(cells.shape, rng), 0.0)
        return y, None if table.seconds is None else table.seconds[at]


@dataclass(frozen=True)
class Studies:
    """Studies of one number of trials.

    Parameters
    ----------
    x : ndarray of int8, shape (s, n, k)
        Settings, -1/+1.
    y : ndarray of float64, shape (s, n)
        Responses.
    seconds : ndarray of float64, shape (s,), or None
        What each study took.
    """

    x: Settings
    y: Array
    seconds: Array | None


def run_studies(plan: Plan, world: World, studies: int, rng: np.random.Generator) -> list[list[Studies]]:
    """Run studies by one plan.

    Parameters
    ----------
    plan : Plan
        What to run, and when to look.
    world : World
        Where.
    studies : int
        How many.
    rng : Generator
        Of everything drawn.

    Returns
    -------
    list of list of Studies
        For each stage of the plan the studies as they were then, in their order.
    """
    rule = plan.rule
    if isinstance(rule, (FixedDesign, RandomRows)):
        x = rule.many(studies, rng)
        cells = cell_numbers(x)
        y, seconds = world.run(cells, cells[:, :0], rng)
        return [[Studies(x, y, None if seconds is None else seconds.sum(axis=1))]]
    stages: list[list[Studies]] = [[] for _ in plan.stages]
    for own in rng.spawn(studies):
        x, y, seconds = _run_one(rule, world, own)
        for stage, (_, trials) in zip(stages, plan.stages, strict=True):
            spent = None if seconds is None else seconds[:, :trials].sum(axis=1)
            stage.append(Studies(x[:, :trials], y[:, :trials], spent))
    return stages


def _run_one(rule: Rule, world: World, rng: np.random.Generator) -> tuple[Settings, Array, Array | None]:
    parts = list(_batches(rule, world, rng))
    seconds = [part[2] for part in parts if part[2] is not None]
    x, y = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    return x, y, np.concatenate(seconds, axis=1) if seconds else None


def _batches(rule: Rule, world: World, rng: np.random.Generator) -> Iterator[tuple[Settings, Array, Array | None]]:
    k = world.table.k
    x, y = np.empty((0, k), dtype=np.int8), np.empty(0)
    rows: Settings | None = _checked(rule.start(rng), k, rule.word)
    while rows is not None:
        told, seconds = world.run(cell_numbers(rows)[None], cell_numbers(x)[None], rng)
        yield rows[None], told, seconds
        x, y = np.concatenate([x, rows]), np.concatenate([y, told[0]])
        if len(y) > _MOST_TRIALS:
            raise QimError(f"the rule {rule.word!r} does not stop", where="designs", remedy="give it a budget")
        rows = rule.next(x.astype(np.float64), y, rng)
        if rows is not None:
            rows = _checked(rows, k, rule.word)


def _checked(rows: npt.ArrayLike, k: int, word: str) -> Settings:
    """Refuse what a rule of one's own may give by mistake."""
    given = np.asarray(rows)
    if given.ndim != 2 or given.shape[1] != k or not len(given) or not np.isin(given, (-1, 1)).all():
        raise QimError(
            f"the rule {word!r} gives settings of shape {given.shape}",
            where="designs",
            remedy=f"give rows of {k} numbers, each -1 or +1, or None to stop",
        )
    return given.astype(np.int8)


def _again(cells: Cells, before: Cells) -> npt.NDArray[np.bool_]:
    """Return which trials run a cell that their study has run, shape (s, n)."""
    both = np.concatenate([before, cells], axis=1)
    order = np.argsort(both, axis=1, kind="stable")
    sorted_cells = np.take_along_axis(both, order, axis=1)
    repeated = np.zeros(both.shape, dtype=np.bool_)
    repeated[:, 1:] = sorted_cells[:, 1:] == sorted_cells[:, :-1]
    answer = np.empty_like(repeated)
    np.put_along_axis(answer, order, repeated, axis=1)
    return answer[:, before.shape[1] :]
