"""The best-known response of a real space, and its seed noise: a long search, then fresh trials of what it found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import optuna

from peers.perceptron import RANGES, trained

Array = npt.NDArray[np.float64]
FILE = Path(__file__).parent / "reference.json"
_SEARCH = 300  # trials of each search
_SEARCHES = 2
_FINALISTS = 20
_EACH = 5  # fresh trials of a finalist
_LAST = 20  # fresh trials of the best of them


@dataclass(frozen=True)
class Reference:
    """What is known to be reachable.

    Parameters
    ----------
    setting : list of float
        In the unit cube.
    mean, sd : float
        Of its last fresh trials.
    trials : int
        How many it took in all.
    seed : int
        Of everything.
    version : str
        Of scikit-learn.
    """

    setting: list[float]
    mean: float
    sd: float
    trials: int
    seed: int
    version: str


def reference(name: str, pool: Executor, seed: int) -> Reference:
    """Return what the file holds of a space, or search and write it.

    Parameters
    ----------
    name : str
        Of the space.
    pool : Executor
        Where trials are trained.
    seed : int
        Of everything.

    Returns
    -------
    Reference
        Found by TPE on all hyperparameters; the finalists are judged by fresh trials, and the mean of the best of them
        by fresher ones, as the best of many is lucky.
    """
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    if name not in known:
        known[name] = asdict(_found(name, pool, seed))
        FILE.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    return Reference(**known[name])


def _found(name: str, pool: Executor, seed: int) -> Reference:
    searches = pool.map(_search, [name] * _SEARCHES, [seed + i for i in range(_SEARCHES)])
    found = sorted(pair for part in searches for pair in part)
    finalists = [setting for _, setting in found[:_FINALISTS]]
    seeds = _seeds(seed)
    tried = _trials(name, pool, [setting for setting in finalists for _ in range(_EACH)], seeds).reshape(-1, _EACH)
    best = finalists[int(tried.mean(axis=1).argmin())]
    last = _trials(name, pool, [best] * _LAST, seeds)
    return Reference(
        setting=list(best),
        mean=float(last.mean()),
        sd=float(last.std(ddof=1)),
        trials=len(found) + tried.size + len(last),
        seed=seed,
        version=f"scikit-learn {version('scikit-learn')}",
    )


def _search(name: str, seed: int) -> list[tuple[float, tuple[float, ...]]]:
    """Search once; return the responses with their settings."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="minimize", sampler=optuna.samplers.TPESampler(seed=seed))
    names = list(RANGES[name])
    seeds = _seeds(seed)

    def response(trial: optuna.Trial) -> float:
        return trained(name, np.array([trial.suggest_float(key, 0.0, 1.0) for key in names]), next(seeds))

    study.optimize(response, n_trials=_SEARCH)
    return [(float(trial.value or 0.0), tuple(trial.params[key] for key in names)) for trial in study.trials]


def _seeds(seed: int) -> Iterator[int]:
    """Yield seeds of trials."""
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    while True:
        yield int(rng.integers(2**31 - 1))


def _trials(name: str, pool: Executor, settings: list[tuple[float, ...]], seeds: Iterator[int]) -> Array:
    points = [np.array(setting) for setting in settings]
    return np.array(list(pool.map(trained, [name] * len(points), points, [next(seeds) for _ in points])))
