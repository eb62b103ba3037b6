"""Optuna: fANOVA and PED-ANOVA, on random rows and on the history of its own sampler (TPE).

A two-level factor is a categorical parameter with two choices: it has no values between its levels. PED-ANOVA asks for
five trials above its quantile, so the quantile is 0.1 or what holds five trials, the greater.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.importance import BaseImportanceEvaluator, FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial

from peers.method import Method, Scores, nothing, seed_of
from peers.objective import Lookup, Objective

Array = npt.NDArray[np.float64]
Evaluator = Callable[[int, int], BaseImportanceEvaluator]
_PAGES = "https://optuna.readthedocs.io/en/stable/reference/generated/optuna."
_FANOVA = _PAGES + "importance.FanovaImportanceEvaluator.html"
_PED_ANOVA = _PAGES + "importance.PedAnovaImportanceEvaluator.html"
_ABOVE = 5  # trials above the quantile that PED-ANOVA's page asks for

optuna.logging.set_verbosity(optuna.logging.ERROR)


def fanova(n: int, seed: int) -> BaseImportanceEvaluator:
    """Return the evaluator with its defaults: 64 trees."""
    del n
    return FanovaImportanceEvaluator(seed=seed)


def ped_anova(n: int, seed: int) -> BaseImportanceEvaluator:
    """Return the evaluator with a quantile that holds five of n trials."""
    del seed
    return PedAnovaImportanceEvaluator(target_quantile=min(max(0.1, _ABOVE / n), 0.9))


def tuned(objective: Objective, trials: int, seed: int, first: Array | None = None) -> list[FrozenTrial]:
    """Let TPE spend trials on an objective.

    Parameters
    ----------
    objective : Objective
        The study.
    trials : int
        How many.
    seed : int
        Of the sampler.
    first : ndarray of float64, shape (k,), optional
        A setting to begin with, coded -1/+1.

    Returns
    -------
    list of FrozenTrial
        In their order, parameters ``0`` to ``k - 1`` with the values -1 and 1.
    """
    study = optuna.create_study(
        direction="maximize" if objective.table.maximize else "minimize",
        sampler=optuna.samplers.TPESampler(seed=seed),
    )
    names = [str(i) for i in range(objective.table.k)]
    if first is not None:
        study.enqueue_trial({name: int(level) for name, level in zip(names, first, strict=True)})

    def response(trial: optuna.Trial) -> float:
        return objective([float(trial.suggest_categorical(name, (-1, 1))) for name in names])

    study.optimize(response, n_trials=trials)
    return study.trials


def levels(trials: Sequence[FrozenTrial]) -> Array:
    """Return the settings of trials, coded -1/+1: shape (n, k)."""
    return np.array([[float(trial.params[str(i)]) for i in range(len(trial.params))] for trial in trials])


def recorded(x: Array, y: Array) -> list[FrozenTrial]:
    """Return trials run elsewhere, settings of shape (n, k) and responses of shape (n,), as Optuna's."""
    spaces: dict[str, BaseDistribution] = {str(i): CategoricalDistribution((-1, 1)) for i in range(x.shape[1])}
    return [
        optuna.trial.create_trial(
            params={str(i): int(level) for i, level in enumerate(row)}, distributions=spaces, value=float(value)
        )
        for row, value in zip(x, y, strict=True)
    ]


def importances(trials: Sequence[FrozenTrial], *, maximize: bool, evaluator: BaseImportanceEvaluator) -> Array:
    """Return the importance of each parameter in a study of the given trials, shape (k,)."""
    study = optuna.create_study(direction="maximize" if maximize else "minimize")
    study.add_trials(trials)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return np.array([float(found[str(i)]) for i in range(len(trials[0].params))])


def _random(evaluator: Evaluator) -> Callable[[Lookup, Sequence[int], np.random.Generator], Scores]:
    def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
        x = table.random_rows(max(budgets), rng)
        return _evaluated(recorded(x, Objective(table, rng).run(x)), table, budgets, evaluator, rng)

    return study


def _history(evaluator: Evaluator) -> Callable[[Lookup, Sequence[int], np.random.Generator], Scores]:
    def study(table: Lookup, budgets: Sequence[int], rng: np.random.Generator) -> Scores:
        trials = tuned(Objective(table, rng), max(budgets), seed_of(rng))
        return _evaluated(trials, table, budgets, evaluator, rng)

    return study


def _evaluated(
    trials: Sequence[FrozenTrial],
    table: Lookup,
    budgets: Sequence[int],
    evaluator: Evaluator,
    rng: np.random.Generator,
) -> Scores:
    found = nothing(budgets, table.k)
    for place, budget in enumerate(budgets):
        first = trials[:budget]
        chosen = evaluator(len(first), seed_of(rng))
        found.score[place] = importances(first, maximize=table.maximize, evaluator=chosen)
        found.used[place] = len(first)
    return found


METHODS = (
    Method(
        "random rows, fANOVA",
        "optuna",
        _FANOVA,
        "default forest; rows by exploration, as the page recommends, and distinct ones, which favours it",
        _random(fanova),
        studies=20,
    ),
    Method(
        "random rows, PED-ANOVA",
        "optuna",
        _PED_ANOVA,
        "Optuna's default evaluator; the top tenth, or what holds five trials as the page asks",
        _random(ped_anova),
    ),
    Method(
        "TPE history, fANOVA",
        "optuna",
        _PAGES + "samplers.TPESampler.html",
        "default sampler over categorical parameters, then the default forest",
        _history(fanova),
        studies=20,
    ),
    Method(
        "TPE history, PED-ANOVA",
        "optuna",
        _PED_ANOVA,
        "default sampler over categorical parameters, then Optuna's default evaluator as above",
        _history(ped_anova),
        studies=50,
    ),
)
