"""scikit-learn: permutation importance of a random forest fitted to random rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from peers.method import Method, Scores, nothing, seed_of
from peers.objective import Lookup, Objective

Array = npt.NDArray[np.float64]
_HELD_OUT = 0.25
_FEWEST = 24  # trials from which a quarter held out is worth its loss: six of them


def importances(x: Array, y: Array, seed: int) -> Array:
    """Return the permutation importance of each factor, shape (k,).

    Held out rows tell it, as the user guide prefers; with fewer than 24 trials they would be fewer than six, and the
    rows of the fit do, which the guide allows.
    """
    train_x, test_x, train_y, test_y = x, x, y, y
    if len(x) >= _FEWEST:
        train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=_HELD_OUT, random_state=seed)
    forest = RandomForestRegressor(random_state=seed).fit(train_x, train_y)
    found = permutation_importance(forest, test_x, test_y, random_state=seed)
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
        "default random forest; importance on a held-out quarter, on the rows of the fit below 24 trials",
        study,
        studies=100,
    ),
)
