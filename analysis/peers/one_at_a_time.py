"""One factor at a time, and ablation from a default to the best setting found (Fawcett and Hoos 2016).

Ablation (Journal of Heuristics 22, 431-458) walks from one setting to another: of the factors that still differ, the
one whose change helps most is changed for good, until none differs; a factor's importance is what its change gained.
With d differences that takes d (d + 1) / 2 - 1 trials beside those of the two ends. The best setting has to be found
first, and its search is paid from the same budget. Where a forest predicts the responses on the way (Biedenkapp et al.
2017, AAAI 31; as DeepCAVE does), the whole budget goes to the search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestRegressor

from peers.method import Method, Scores, nothing, seed_of
from peers.objective import Lookup, Objective
from peers.optuna_methods import levels, tuned

Array = npt.NDArray[np.float64]
_START = 10  # trials that TPE draws at random before it models anything: a search of fewer is none


def one_at_a_time(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Change each factor alone from a default, and again with new seeds while the budget lasts."""
    found = nothing(budgets, table.k)
    default = _default(table, rng)
    x = np.vstack([default, np.where(np.eye(table.k, dtype=bool), -default, default)])
    objective = Objective(table, rng)
    passes = np.array([objective.run(x) for _ in range(max(budgets) // len(x))])
    for place, budget in enumerate(budgets):
        count = budget // len(x)
        if count:
            y = passes[:count].mean(axis=0)
            found.score[place] = np.abs(y[1:] - y[0])
            found.used[place] = count * len(x)
    return found


def ablation(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Search with what is left of the budget after the longest walk, then walk by trials."""
    found = nothing(budgets, table.k)
    walk = table.k * (table.k + 1) // 2 - 1
    default, seed = _default(table, rng), seed_of(rng)
    for place, budget in enumerate(budgets):
        search = budget - walk
        if search < _START:
            continue
        objective = Objective(table, rng)
        trials = tuned(objective, search, seed, first=default)
        y = np.array([float(trial.value or 0.0) for trial in trials])
        best = int(np.argmax(y) if table.maximize else np.argmin(y))
        target = levels(trials)[best]
        found.score[place] = walked(objective.run, (default, target), (y[0], y[best]), maximize=table.maximize)
        found.used[place] = objective.trials
    return found


def predicted_ablation(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Search with the whole budget, then walk by the predictions of a forest."""
    found = nothing(budgets, table.k)
    default = _default(table, rng)
    trials = tuned(Objective(table, rng), max(budgets), seed_of(rng), first=default)
    x, y = levels(trials), np.array([float(trial.value or 0.0) for trial in trials])
    for place, budget in enumerate(budgets):
        forest = RandomForestRegressor(random_state=seed_of(rng)).fit(x[:budget], y[:budget])
        best = int(np.argmax(y[:budget]) if table.maximize else np.argmin(y[:budget]))
        ends = (default, x[best])
        predicted = forest.predict(np.array(ends))
        first, last = float(predicted[0]), float(predicted[1])
        found.score[place] = walked(forest.predict, ends, (first, last), maximize=table.maximize)
        found.used[place] = budget
    return found


def walked(
    run: Callable[[Array], Array], ends: tuple[Array, Array], responses: tuple[float, float], *, maximize: bool
) -> Array:
    """Walk from one setting to another by the greatest gain.

    Parameters
    ----------
    run : callable
        From settings, shape (n, k), to responses, shape (n,).
    ends : pair of ndarray of float64, shape (k,)
        Where the walk starts and ends, coded -1/+1.
    responses : pair of float
        Of the two ends.
    maximize : bool
        Whether large responses are good.

    Returns
    -------
    ndarray of float64, shape (k,)
        What the change of each factor gained, 0 for those that never changed.
    """
    sign = 1.0 if maximize else -1.0
    here, y = ends[0].copy(), responses[0]
    gains = np.zeros(len(here))
    left = np.flatnonzero(ends[0] != ends[1]).tolist()
    while left:
        if len(left) == 1:
            step, reached = left[0], responses[1]
        else:
            candidates = np.tile(here, (len(left), 1))
            candidates[np.arange(len(left)), left] = ends[1][left]
            tried = run(candidates)
            best = int(np.argmax(sign * tried))
            step, reached = left[best], float(tried[best])
        gains[step] = sign * (reached - y)
        here[step], y = ends[1][step], reached
        left.remove(step)
    return gains


def _default(table: Lookup, rng: np.random.Generator) -> Array:
    """Return what a user starts from, any setting of the table, shape (k,)."""
    return np.asarray(rng.choice([-1.0, 1.0], table.k), dtype=np.float64)


_ABLATION = "https://doi.org/10.1007/s10732-014-9275-9"
METHODS = (
    Method(
        "one factor at a time",
        None,
        "https://doi.org/10.2307/1269043",
        "from a random default, each factor changed alone; what is left of the budget repeats the pass with new seeds",
        one_at_a_time,
    ),
    Method(
        "ablation",
        "optuna",
        _ABLATION,
        "from a random default to the best setting that TPE found with the rest of the budget, by real trials",
        ablation,
        studies=50,
    ),
    Method(
        "ablation on a forest",
        "scikit-learn",
        "https://automl.github.io/DeepCAVE/main/api/deepcave.evaluators.ablation.html",
        "all trials to TPE; a random forest predicts the responses along the walk",
        predicted_ablation,
        studies=20,
    ),
)
