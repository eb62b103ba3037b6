"""process-improve: a fractional factorial by its own generator, effects by its own `gather` and `lm`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from process_improve.experiments import Factor, c, gather, generate_design, lm

from peers.method import Method, Scores, nothing, seed_of, shuffled_signed
from peers.objective import Lookup, Objective

Array = npt.NDArray[np.float64]


def fraction(k: int, budget: int, seed: int) -> Array | None:
    """Return the fraction of least aberration that a budget holds, coded -1/+1, or None where there is none.

    Parameters
    ----------
    k : int
        Number of factors.
    budget : int
        Most runs.
    seed : int
        Of the run order.

    Returns
    -------
    ndarray of float64, shape (n, k), or None
        Without center points: the factors here have no values between their levels.
    """
    names = _names(k)
    factors = [Factor(name=name, low=-1.0, high=1.0) for name in names]
    kind = "full_factorial" if budget >= 2**k else "fractional_factorial"
    with warnings.catch_warnings():
        # That the fraction has fewer runs than the budget is what the column of trials used says.
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = generate_design(factors, design_type=kind, budget=budget, n_center_points=0, random_state=seed)
        except ValueError:
            return None
    return np.asarray(found.design[names], dtype=np.float64)


def effects(x: Array, y: Array) -> Array:
    """Return the sizes of the main effects by the linear model of the main effects, shape (k,)."""
    names = _names(x.shape[1])
    columns = {name: c(*x[:, i].tolist(), name=name) for i, name in enumerate(names)}
    model = lm("y ~ " + " + ".join(names), gather(**columns, y=c(*y.tolist(), name="y"), title="fraction"))
    # Coded coefficients, half of each effect.
    found = model.get_parameters(drop_intercept=True)[names]
    return np.asarray(2.0 * np.abs(found.to_numpy(dtype=np.float64)), dtype=np.float64)


def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
    """Run the largest fraction that each budget holds, factors on its columns at random."""
    found = nothing(budgets, table.k)
    for place, budget in enumerate(budgets):
        design = fraction(table.k, budget, seed_of(rng))
        if design is None:
            continue
        x = shuffled_signed(design, rng)
        found.score[place] = effects(x, Objective(table, rng).run(x))
        found.used[place] = len(x)
    return found


def _names(k: int) -> list[str]:
    return [f"X{i + 1}" for i in range(k)]


METHODS = (
    Method(
        "fractional factorial, lm",
        "process-improve",
        "https://kgdunn.github.io/process-improve/",
        "`generate_design` with the budget (least aberration), then `gather` and `lm` with all main effects",
        study,
        studies=50,
    ),
)
