"""scikit-learn: permutation importance of a random forest fitted to random rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from peers.method import Method, Scores, nothing, seed_of
from peers.objective import Lookup, Objective

Array = npt.NDArray[np.float64]


def importances(x: Array, y: Array, seed: int) -> Array:
    """Return the permutation importance of each factor on the rows of the fit, shape (k,).

    The user guide allows these rows and held-out ones. To hold out a quarter of so few rows costs the forest more than
    it gains: the order of the factors comes out less right.
    """
    forest = RandomForestRegressor(random_state=seed).fit(x, y)
    found = permutation_importance(forest, x, y, random_state=seed)
    return np.asarray(found.importances_mean, dtype=np.float64)


def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Fit a forest to the first rows of one random order, for each budget."""
    found = nothing(budgets, table.k)
    x = table.random_rows(max(budgets), rng)
    y = Objective(table, rng).run(x)
    for place, budget in enumerate(budgets):
        n = min(budget, len(x))
        found.score[place] = importances(x[:n], y[:n], seed_of(rng))
        found.used[place] = n
    return found


METHODS = (
    Method(
        "random rows, permutation",
        "scikit-learn",
        "https://scikit-learn.org/stable/modules/permutation_importance.html",
        "default random forest, importance on the rows of the fit: to hold some out ranked no better",
        study,
        studies=20,
    ),
)
