"""The whole loop of ``run --until`` as a rule: settled, tie, budget spent, or which trials come next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import TrialsError
from qim_stats.factors import Factor
from qim_stats.followup.settle import NextRuns, settle_step
from qim_stats.replays.choosers import random_rows
from qim_stats.replays.rules import FixedDesign, RandomRows, Settings

Array = npt.NDArray[np.float64]
_RESPONSE = "response"


@dataclass(frozen=True)
class UntilSettled:
    """A start, then what ``settle_step`` says until it says no more.

    Parameters
    ----------
    word : str
        Its name.
    first : FixedDesign or RandomRows
        The start.
    budget : int
        Trials in all.
    jobs : int
        Trials at once.
    probability : float
        From which the first three (the first one, of three factors or fewer) count as settled.
    """

    word: str
    first: FixedDesign | RandomRows
    budget: int
    jobs: int
    probability: float

    def start(self, rng: np.random.Generator) -> Settings:
        """Return the settings of the start."""
        return self.first.start(rng)

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:
        """Return the next trials, or None at the end of the loop."""
        factors = [Factor(f"x{i + 1}", -1, 1) for i in range(x.shape[1])]
        names = [factor.name for factor in factors]
        table = pd.DataFrame(x.astype(np.int64), columns=names).assign(**{_RESPONSE: y})
        goal = "top-3" if len(names) > 3 else "top-1"
        try:
            step = settle_step(
                table,
                until=f"{goal} settled at {self.probability:g}",
                budget=self.budget,
                jobs=self.jobs,
                response=_RESPONSE,
                direction="maximize",
                factors=factors,
                seed=int(rng.integers(2**31)),
            )
        except TrialsError:
            # Nothing varies so far; a study that goes on must look elsewhere.
            left = self.budget - len(y)
            return random_rows(x, y, min(self.jobs, left), rng) if left > 0 else None
        return step.runs[names].to_numpy(dtype=np.int8) if isinstance(step, NextRuns) else None
