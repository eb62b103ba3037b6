"""What a method may ask of a study: the response of a setting, looked up in a recorded full factorial.

The first trial of a setting is the recorded one. A setting asked for again within a study is a replicate: the recorded
response with fresh normal noise where replicates have told its standard deviation, else the same response once more.
Every method minimizes or maximizes as the table's direction says; nothing else of the table is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Settings = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lookup:
    """A full factorial as a source of trials.

    Parameters
    ----------
    y : ndarray of float64, shape (2**k,)
        The response of each cell; bit i of a cell's number is 1 where factor i is at its high level.
    maximize : bool
        Whether large responses are good.
    noise_sd : float
        Standard deviation of a trial's noise; 0 where no replicates have told it.
    """

    y: Array
    maximize: bool
    noise_sd: float = 0.0

    @property
    def k(self) -> int:
        """Number of factors."""
        return len(self.y).bit_length() - 1

    def cells(self, x: Settings) -> npt.NDArray[np.intp]:
        """Return the cells of settings coded -1/+1, shape (n, k) to (n,)."""
        return np.asarray((x > 0.0) @ (1 << np.arange(self.k)), dtype=np.intp)

    def settings(self, cells: npt.NDArray[np.intp]) -> Settings:
        """Return the settings of cells, coded -1/+1, shape (n,) to (n, k)."""
        return np.where((cells[:, None] >> np.arange(self.k)) & 1, 1.0, -1.0)

    def random_rows(self, n: int, rng: np.random.Generator) -> Settings:
        """Return distinct settings in random order, at most ``n`` of them: shape (min(n, 2**k), k)."""
        return self.settings(rng.permutation(len(self.y))[:n])


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
        self.trials = 0
        self._rng = rng
        self._asked: set[int] = set()

    def __call__(self, x: Settings | Sequence[float]) -> float:
        """Run the trial of one setting, shape (k,), coded -1/+1."""
        return float(self.run(np.asarray(x, dtype=np.float64)[None, :])[0])

    def run(self, x: Settings) -> Array:
        """Run the trials of settings, shape (n, k) to (n,), in their order."""
        cells = self.table.cells(x)
        y = self.table.y[cells].astype(np.float64)
        for place, cell in enumerate(cells.tolist()):
            if cell in self._asked and self.table.noise_sd > 0.0:
                y[place] += self._rng.normal(scale=self.table.noise_sd)
            self._asked.add(cell)
        self.trials += len(cells)
        return y
