"""How a virtual study is run: with which trials it starts, and which it adds as it learns.

A rule sees what a real study would see: the settings run so far and their responses. Any object with the methods of
``Rule`` can be replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from qim_stats.replays.full_table import settings

Array = npt.NDArray[np.float64]
Settings = npt.NDArray[np.int8]


@runtime_checkable
class Rule(Protocol):
    """A way to choose trials, some of them perhaps after seeing others."""

    @property
    def word(self) -> str:
        """Its name in tables, different from that of other rules."""

    def start(self, rng: np.random.Generator) -> Settings:
        """Return the first settings, shape (n, k), coded -1/+1."""

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:
        """Return further settings, or None to stop.

        Parameters
        ----------
        x : ndarray of float64, shape (n, k)
            Settings so far, coded -1/+1.
        y : ndarray of float64, shape (n,)
            Their responses.
        rng : Generator
            Of whatever is drawn.

        Returns
        -------
        ndarray, shape (r, k), or None
            Coded -1/+1; r from 1.
        """


@dataclass(frozen=True)
class FixedDesign:
    """The runs of a design, its factors in random order and the levels of each swapped or not at random.

    Parameters
    ----------
    word : str
        Its name.
    base : ndarray of int8, shape (n, k)
        Coded -1/+1.
    """

    word: str
    base: Settings

    @property
    def runs(self) -> int:
        """Number of runs, n."""
        return len(self.base)

    def many(self, studies: int, rng: np.random.Generator) -> Settings:
        """Return the settings of many studies, shape (studies, n, k)."""
        k = self.base.shape[1]
        order = rng.permuted(np.tile(np.arange(k), (studies, 1)), axis=1)
        signs = rng.integers(0, 2, (studies, 1, k), dtype=np.int8) * np.int8(2) - np.int8(1)
        return np.asarray(self.base[:, order].transpose(1, 0, 2) * signs, dtype=np.int8)

    def start(self, rng: np.random.Generator) -> Settings:
        """Return the runs, placed at random."""
        settings_of_one: Settings = self.many(1, rng)[0]
        return settings_of_one

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:  # noqa: ARG002  a rule's signature
        """Stop."""
        return None


@dataclass(frozen=True)
class RandomRows:
    """Different settings drawn at random from all 2^k.

    Parameters
    ----------
    word : str
        Its name.
    runs : int
        How many.
    k : int
        Number of factors.
    """

    word: str
    runs: int
    k: int

    def many(self, studies: int, rng: np.random.Generator) -> Settings:
        """Return the settings of many studies, shape (studies, runs, k)."""
        keys = rng.random((studies, 2**self.k))
        first = np.argpartition(keys, self.runs - 1, axis=1)[:, : self.runs].astype(np.int64)
        return settings(np.sort(first, axis=1), self.k)

    def start(self, rng: np.random.Generator) -> Settings:
        """Return the settings."""
        settings_of_one: Settings = self.many(1, rng)[0]
        return settings_of_one

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:  # noqa: ARG002  a rule's signature
        """Stop."""
        return None


Choose = Callable[[Array, Array, int, np.random.Generator], Settings]
"""From settings (n, k), responses (n,), a number of runs and a generator to that many further settings."""


@dataclass(frozen=True)
class InBatches:
    """A start, then batches chosen by what was seen, up to a budget or until the answer is sure enough.

    Parameters
    ----------
    word : str
        Its name.
    first : FixedDesign or RandomRows
        The start.
    choose : callable
        Chooses a batch.
    budget : int
        Trials in all.
    batch : int
        Trials a batch; the last may be smaller.
    sure : callable, optional
        From settings and responses to whether to stop.
    """

    word: str
    first: FixedDesign | RandomRows
    choose: Choose
    budget: int
    batch: int = 4
    sure: Callable[[Array, Array], bool] | None = None

    def start(self, rng: np.random.Generator) -> Settings:
        """Return the settings of the start."""
        return self.first.start(rng)

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:
        """Return the next batch, or None when the budget is spent or the answer is sure enough."""
        left = self.budget - len(y)
        if left <= 0 or (self.sure is not None and self.sure(x, y)):
            return None
        return self.choose(x, y, min(self.batch, left), rng)
