"""The method of this project: the alias-aware posterior, on trials that it chooses itself and on fixed designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from peers.fixed_designs import contrast_design
from peers.method import Method, Scores, nothing
from peers.objective import Lookup, Objective
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.choosers import CHOOSERS

Array = npt.NDArray[np.float64]
_START = 12  # runs of the design that the trials begin with
_BATCH, _LARGE_BATCH = 4, 16  # trials between two looks
_LARGE = 64  # trials from which batches are large, as each look takes longer and teaches less


def adaptive(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run PB12, then batches chosen by the posterior, as ``augment`` does; the answer at each budget on the way."""
    found = nothing(budgets, table.k)
    x = contrast_design(table.k, _START, rng, folded=False)
    if x is None:
        return found
    choose = CHOOSERS["posterior"]
    objective = Objective(table, rng)
    y = objective.run(x)
    for place, budget in enumerate(budgets):
        if budget < _START:
            continue
        while len(y) < budget:
            batch = _BATCH if len(y) < _LARGE else _LARGE_BATCH
            new = choose(x, y, min(batch, budget - len(y)), rng).astype(np.float64)
            x, y = np.vstack([x, new]), np.append(y, objective.run(new))
        found.score[place] = alias_aware(x[None], y[None]).score[0]
        found.used[place] = len(y)
    return found


def _fixed(folded: bool) -> Callable[[Lookup, Sequence[int], np.random.Generator], Scores]:
    def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
        found = nothing(budgets, table.k)
        for place, budget in enumerate(budgets):
            x = contrast_design(table.k, budget, rng, folded=folded)
            if x is not None:
                found.score[place] = alias_aware(x[None], Objective(table, rng).run(x)[None]).score[0]
                found.used[place] = len(x)
        return found

    return study


_PAGE = "docs/ranks.md"
METHODS = (
    Method(
        "PB12, then chosen fours",
        None,
        "docs/followup.md",
        "PB12, then trials by the alias-aware posterior, four at a time and from 64 on sixteen",
        adaptive,
        studies=24,
        changes=True,
    ),
    Method(
        "PB, alias-aware",
        None,
        _PAGE,
        "the largest design that the budget holds, ranked by the alias-aware posterior",
        _fixed(folded=False),
        studies=16,
        changes=True,
    ),
    Method(
        "PB + foldover, alias-aware",
        None,
        _PAGE,
        "a design of half the budget and its foldover, ranked by the alias-aware posterior",
        _fixed(folded=True),
        studies=16,
        changes=True,
    ),
)
