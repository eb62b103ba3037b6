"""Ways to spend trials on tuning: on all hyperparameters, or on those that ranked top in a screening.

After a screening the others are held at the level that was better in it, and its trials count. Or nothing is held, and
the sampler is told of them in place of the random trials that it starts with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from peers.method import seed_of
from peers.screening_memory import ScreeningMemory
from peers.tuning_spaces import Run, Space
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
        How many hyperparameters are tuned after it, 0 for all.
    told : bool
        Whether the sampler is told of the screening's trials.
    """

    name: str
    sampler: str
    screening: str | None = None
    kept: int = 0
    told: bool = False


_SCREENED = (("pb12", 3), ("pb12..24", 3), ("pb12", 5), ("pb12..24", 5))


def _after(sampler: str, screening: str, kept: int) -> Strategy:
    return Strategy(f"{screening}, then {sampler} on {kept}", sampler, screening, kept)


STRATEGIES = (
    Strategy("TPE, all", "TPE"),
    Strategy("pb12, told to TPE on all", "TPE", "pb12", told=True),
    *(_after("TPE", screening, kept) for screening, kept in _SCREENED),
    Strategy("random, all", "random"),
    *(_after("random", screening, kept) for screening, kept in _SCREENED),
)


def trials_to_target(
    space: Space, strategy: Strategy, budget: int, rng: np.random.Generator, memory: ScreeningMemory | None = None
) -> float:
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
    memory : ScreeningMemory, optional
        Of the same space, to be shared by strategies of the same seed; it saves time and changes nothing.

    Returns
    -------
    float
        The number of the first trial at a setting that reaches the target; infinite where none does.
    """
    log = _Log(space, space.study(rng), budget)
    try:
        start = _Start(np.arange(space.k), np.full(space.k, 0.5), [])
        if strategy.screening is not None:
            start = _screened(space, strategy, log, rng, memory or ScreeningMemory())
        _tune(space, strategy, log, start, rng)
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


@dataclass(frozen=True)
class _Start:
    """What tuning begins with.

    Parameters
    ----------
    free : ndarray of intp
        The hyperparameters that are tuned.
    held : ndarray of float64, shape (k,)
        Where each is held in the unit cube unless it is free.
    known : list of (setting, response)
        The trials that the sampler is told of.
    """

    free: npt.NDArray[np.intp]
    held: Array
    known: list[tuple[Array, float]]


def _screened(space: Space, strategy: Strategy, log: _Log, rng: np.random.Generator, memory: ScreeningMemory) -> _Start:
    """Screen; go on with the hyperparameters that rank top, each other one at its better level."""
    low, high = space.levels
    rule = plans([str(strategy.screening)], space.k)[0].rule
    x, y = np.empty((0, space.k)), np.empty(0)
    rows: npt.NDArray[np.int8] | None = rule.start(rng)
    while rows is not None:
        x = np.vstack([x, rows.astype(np.float64)])
        y = np.append(y, [log(np.where(row > 0, high, low)) for row in rows])
        rows = memory.next(rule, x, y, rng)
    if strategy.told:
        settings = np.where(x > 0.0, high, low)
        return _Start(np.arange(space.k), np.full(space.k, 0.5), list(zip(settings, y.tolist(), strict=True)))
    found = memory.ranked(x, y)
    rises = np.zeros(space.k) if found.sign is None else found.sign[0]
    better = np.where((rises > 0.0) == space.maximize, high, low)
    top = np.argsort(-found.score[0], kind="stable")[: strategy.kept]
    return _Start(np.sort(top), better, [])


def _tune(space: Space, strategy: Strategy, log: _Log, start: _Start, rng: np.random.Generator) -> None:
    """Tune the free hyperparameters until the log says that it is done."""
    samplers = optuna.samplers
    seed = seed_of(rng)
    sampler = samplers.TPESampler(seed=seed) if strategy.sampler == "TPE" else samplers.RandomSampler(seed=seed)
    study = optuna.create_study(direction="maximize" if space.maximize else "minimize", sampler=sampler)
    one = FloatDistribution(0.0, 1.0) if space.continuous else CategoricalDistribution((0, 1))
    spaces: dict[str, BaseDistribution] = {str(place): one for place in start.free.tolist()}
    for setting, value in start.known:
        params = {name: float(setting[int(name)]) if space.continuous else int(setting[int(name)]) for name in spaces}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=spaces, value=value))
    while True:
        trial = study.ask(spaces)
        setting = start.held.copy()
        for name, value in trial.params.items():
            setting[int(name)] = float(value)
        study.tell(trial, log(setting))
