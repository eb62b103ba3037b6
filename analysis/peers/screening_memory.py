"""What a screening's trials say, computed once for all strategies that begin with the same one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qim_stats.replays.aware import alias_aware
from qim_stats.replays.estimators import Estimates
from qim_stats.replays.rules import Rule, Settings

Array = npt.NDArray[np.float64]


class ScreeningMemory:
    """Answers by the trials they are about: strategies of one seed screen by the very same trials.

    An answer is given again, and the generator left as it was left then, only for the same trials and the same state of
    the generator: what a strategy does is the same with a memory and without.
    """

    def __init__(self) -> None:
        self._next: dict[tuple[bytes, bytes, str], tuple[Settings | None, object]] = {}
        self._ranked: dict[tuple[bytes, bytes], Estimates] = {}

    def next(self, rule: Rule, x: Array, y: Array, rng: np.random.Generator) -> Settings | None:
        """Return what the rule chooses next."""
        key = (x.tobytes(), y.tobytes(), repr(rng.bit_generator.state))
        if key not in self._next:
            rows = rule.next(x, y, rng)
            self._next[key] = rows, rng.bit_generator.state
        rows, state = self._next[key]
        rng.bit_generator.state = state
        return rows

    def ranked(self, x: Array, y: Array) -> Estimates:
        """Return the alias-aware ranks of the trials."""
        key = (x.tobytes(), y.tobytes())
        if key not in self._ranked:
            self._ranked[key] = alias_aware(x[None], y[None])
        return self._ranked[key]
