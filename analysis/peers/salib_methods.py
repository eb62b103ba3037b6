"""SALib: Morris's elementary effects on two levels, factors ranked by mu* (Campolongo, Cariboni and Saltelli 2007)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from SALib.analyze import morris as analyze_morris
from SALib.sample import morris as sample_morris

from peers.method import Method, Scores, nothing, seed_of
from peers.objective import Lookup, Objective

_LEVELS = 2


def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run as many trajectories of k + 1 trials as each budget holds."""
    found = nothing(budgets, table.k)
    problem = {"num_vars": table.k, "names": [str(i) for i in range(table.k)], "bounds": [[-1.0, 1.0]] * table.k}
    for place, budget in enumerate(budgets):
        trajectories = budget // (table.k + 1)
        if trajectories == 0:
            continue
        x = sample_morris.sample(problem, trajectories, num_levels=_LEVELS, seed=seed_of(rng))
        y = Objective(table, rng).run(x)
        with warnings.catch_warnings():
            # One trajectory has no standard deviation, of which SALib's numpy warns; mu* needs none.
            warnings.simplefilter("ignore", RuntimeWarning)
            # The interval of mu* is of no use here, and one resample is the fewest.
            effects = analyze_morris.analyze(problem, x, y, num_levels=_LEVELS, num_resamples=1, seed=seed_of(rng))
        found.score[place] = np.asarray(effects["mu_star"], dtype=np.float64)
        found.used[place] = len(x)
    return found


METHODS = (
    Method(
        "Morris, mu*",
        "SALib",
        "https://salib.readthedocs.io/en/latest/api/SALib.sample.morris.html",
        "plain trajectories of k + 1 trials, `num_levels=2` in both calls, ranked by mu*",
        study,
    ),
)
