"""Ways to spend trials on tuning: on all hyperparameters, or on those that ranked top in a screening.

After a screening the others are held at the level that was better in it, and its trials count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import optuna

from peers.method import seed_of
from peers.tuning_spaces import Run, Space
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.designs import plans

Array = npt.NDArray[np.float64]

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True)
class Strategy:
    """A way to tune.

    Parameters
    ----------
    name : str
        In the tables.
    sampler : {"TPE", "random"}
        Of Optuna, with its defaults.
    screening : str or None
        A design of the replays, such as ``pb12`` or ``pb12..24``.
    kept : int
        How many hyperparameters are tuned after it.
    """

    name: str
    sampler: str
    screening: str | None = None
    kept: int = 0


STRATEGIES = tuple(
    Strategy(f"{sampler}, all", sampler)
    if screening is None
    else Strategy(f"{screening}, then {sampler} on {kept}", sampler, screening, kept)
    for sampler in ("TPE", "random")
    for screening, kept in ((None, 0), ("pb12", 3), ("pb12..24", 3), ("pb12", 5), ("pb12..24", 5))
)


def trials_to_target(space: Space, strategy: Strategy, budget: int, rng: np.random.Generator) -> float:
    """Tune once.

    Parameters
    ----------
    space : Space
        What.
    strategy : Strategy
        How.
    budget : int
        Trials in all, those of the screening included.
    rng : Generator
        Of everything drawn.

    Returns
    -------
    float
        The number of the first trial at a setting that reaches the target; infinite where none does.
    """
    log = _Log(space, space.study(rng), budget)
    try:
        free, fixed = np.arange(space.k), np.full(space.k, 0.5)
        if strategy.screening is not None:
            free, fixed = _screened(space, strategy, log, rng)
        _tune(space, strategy, log, (free, fixed), rng)
    except _DoneError:
        pass
    return log.reached


class _DoneError(Exception):
    """The target is reached or the budget is spent."""


class _Log:
    """Counts trials and stops at the target or the budget."""

    def __init__(self, space: Space, run: Run, budget: int) -> None:
        self._space, self._run, self._budget = space, run, budget
        self.trials = 0
        self.reached = float("inf")

    def __call__(self, setting: Array) -> float:
        if self.trials == self._budget:
            raise _DoneError
        told, judged = self._run(setting)
        self.trials += 1
        good = judged >= self._space.target if self._space.maximize else judged <= self._space.target
        if good:
            self.reached = float(self.trials)
            raise _DoneError
        return told


def _screened(
    space: Space, strategy: Strategy, log: _Log, rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], Array]:
    """Screen; return the hyperparameters that rank top, and the better level of each in the unit cube."""
    low, high = space.levels
    rule = plans([str(strategy.screening)], space.k)[0].rule
    x, y = np.empty((0, space.k)), np.empty(0)
    rows: npt.NDArray[np.int8] | None = rule.start(rng)
    while rows is not None:
        x = np.vstack([x, rows.astype(np.float64)])
        y = np.append(y, [log(np.where(row > 0, high, low)) for row in rows])
        rows = rule.next(x, y, rng)
    found = alias_aware(x[None], y[None])
    rises = np.zeros(space.k) if found.sign is None else found.sign[0]
    better = np.where((rises > 0.0) == space.maximize, high, low)
    top = np.argsort(-found.score[0], kind="stable")[: strategy.kept]
    return np.sort(top), better


def _tune(
    space: Space,
    strategy: Strategy,
    log: _Log,
    held: tuple[npt.NDArray[np.intp], Array],
    rng: np.random.Generator,
) -> None:
    """Tune the free hyperparameters until the log says that it is done."""
    free, fixed = held
    samplers = optuna.samplers
    seed = seed_of(rng)
    sampler = samplers.TPESampler(seed=seed) if strategy.sampler == "TPE" else samplers.RandomSampler(seed=seed)
    study = optuna.create_study(direction="maximize" if space.maximize else "minimize", sampler=sampler)
    while True:
        trial = study.ask()
        setting = fixed.copy()
        for place in free.tolist():
            name = str(place)
            if space.continuous:
                setting[place] = trial.suggest_float(name, 0.0, 1.0)
            else:
                setting[place] = float(trial.suggest_categorical(name, (0, 1)))
        study.tell(trial, log(setting))
