"""The method of this project: the alias-aware posterior, on trials that it chooses itself and on fixed designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from peers.fixed_designs import contrast_design
from peers.method import Method, Scores, nothing
from peers.objective import Lookup, Objective
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.designs import plans

Array = npt.NDArray[np.float64]
_START = 12  # runs of the design that the trials begin with
_MOST = 64  # trials beyond which the posterior would take long and nothing is left to learn


def adaptive(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run PB12, then fours chosen by the posterior, as ``augment`` does; the answer at each budget on the way."""
    found = nothing(budgets, table.k)
    asked = [budget for budget in budgets if _START <= budget <= _MOST]
    if table.k >= _START or asked[-1:] in ([], [_START]):
        return found
    rule = plans([f"pb{_START}..{max(asked)}"], table.k)[0].rule
    objective = Objective(table, rng)
    x = rule.start(rng).astype(np.float64)
    y = objective.run(x)
    while True:
        if len(y) in asked:
            place = list(budgets).index(len(y))
            found.score[place] = alias_aware(x[None], y[None]).score[0]
            found.used[place] = len(y)
        new = rule.next(x, y, rng)
        if new is None:
            return found
        x = np.vstack([x, new.astype(np.float64)])
        y = np.append(y, objective.run(new.astype(np.float64)))


def _fixed(folded: bool) -> Callable[[Lookup, Sequence[int], np.random.Generator], Scores]:
    def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
        found = nothing(budgets, table.k)
        for place, budget in enumerate(budgets):
            x = contrast_design(table.k, min(budget, _MOST), rng, folded=folded)
            if x is not None and budget <= _MOST:
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
        "PB12, then four trials at a time by the alias-aware posterior, up to 64",
        adaptive,
        studies=100,
        changes=True,
    ),
    Method(
        "PB, alias-aware",
        None,
        _PAGE,
        "the largest design that the budget holds, up to 64 runs, ranked by the alias-aware posterior",
        _fixed(folded=False),
        studies=100,
        changes=True,
    ),
    Method(
        "PB + foldover, alias-aware",
        None,
        _PAGE,
        "a design of half the budget and its foldover, up to 64 runs, ranked by the alias-aware posterior",
        _fixed(folded=True),
        studies=100,
        changes=True,
    ),
)
