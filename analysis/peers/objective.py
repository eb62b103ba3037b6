"""What a method may ask of a study: the response of a setting, looked up in a recorded full factorial.

As in the replays, the first trial of a setting is the recorded one, and a setting asked for again within a study is a
replicate: the recorded response with fresh noise. Nothing else of the table is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.replays.full_table import cell_numbers, settings
from qim_stats.replays.virtual import World

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lookup:
    """A full factorial as a source of trials.

    Parameters
    ----------
    world : World
        The table and the noise of replicates.
    """

    world: World

    @property
    def k(self) -> int:
        """Number of factors."""
        return self.world.table.k

    @property
    def maximize(self) -> bool:
        """Whether large responses are good."""
        return self.world.table.direction == "maximize"

    def random_rows(self, n: int, rng: np.random.Generator) -> Array:
        """Return distinct settings in random order, coded -1/+1, at most ``n`` of them: shape (min(n, 2**k), k)."""
        chosen = rng.permutation(self.world.table.cells)[:n].astype(np.int64)
        return settings(chosen, self.k).astype(np.float64)


class Objective:
    """One study's trials.

    Parameters
    ----------
    table : Lookup
        Where the responses are.
    rng : Generator
        Of the noise of replicates.
    """

    def __init__(self, table: Lookup, rng: np.random.Generator) -> None:
        self.table = table
        self._rng = rng
        self._asked = np.empty(0, dtype=np.int64)

    @property
    def trials(self) -> int:
        """Number of trials so far."""
        return len(self._asked)

    def __call__(self, x: Array | Sequence[float]) -> float:
        """Run the trial of one setting, shape (k,), coded -1/+1."""
        return float(self.run(np.asarray(x, dtype=np.float64)[None, :])[0])

    def run(self, x: Array) -> Array:
        """Run the trials of settings, shape (n, k) to (n,), in their order."""
        cells = cell_numbers(x)
        y, _ = self.table.world.run(cells[None], self._asked[None], self._rng)
        self._asked = np.concatenate([self._asked, cells])
        return np.asarray(y[0], dtype=np.float64)
