"""Which further runs tell the probable models of Box and Meyer's analysis apart: the MD criterion.

Meyer, R. D., Steinberg, D. M. and Box, G. (1996), Follow-up designs to resolve confounding in multifactor experiments,
Technometrics 38, 303-313. The models predict the new responses differently; MD is the Kullback-Leibler information
between their predictions, averaged over pairs of models by their posterior probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement, islice
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import DesignError
from qim_stats.screening.box_meyer import BoxMeyer

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
MAX_SETS = 60_000
STARTS = 20
_CHUNK = 2_000
_TIE = 9  # digits of MD beyond which two sets differ by rounding alone


@dataclass(frozen=True)
class FollowUp:
    """The sets of further runs that tell the models apart best.

    Parameters
    ----------
    sets : DataFrame, shape (at most top, 2)
        ``rows`` (a tuple of positions in the candidates, ascending, a run twice being a replicate) and ``md``, the
        largest first.
    exhaustive : bool
        Whether every set was tried; else the best are those an exchange search found.
    models : int
        How many models were told apart.
    """

    sets: pd.DataFrame = field(repr=False)
    exhaustive: bool
    models: int


@dataclass(frozen=True)
class Discrimination:
    """What the models predict for the candidate runs.

    Parameters
    ----------
    posterior : ndarray of float64, shape (models,)
        Their posterior probabilities.
    spread : ndarray of float64, shape (models, candidates, candidates)
        Covariance of the expected responses, in units of sigma².
    contrast : ndarray of float64, shape (models, candidates, candidates)
        For each model j, the sum over i of P_i (spread_i + d d' / sigma_i²), d the difference of the expected
        responses of i and j.
    """

    posterior: Array
    spread: Array
    contrast: Array

    def md(self, sets: Index) -> Array:
        """Return the criterion of sets of runs.

        Parameters
        ----------
        sets : ndarray of intp, shape (sets, runs)
            Positions in the candidates.

        Returns
        -------
        ndarray of float64, shape (sets,)
            MD, in natural units of information.

        Notes
        -----
        MD = 1/2 sum_ij P_i P_j [tr(V_j^-1 V_i) - r + d_ij' V_j^-1 d_ij / sigma_i²] over r runs, with V = I + spread
        (Meyer, Steinberg and Box 1996). The sum over i is taken beforehand, in ``contrast``.
        """
        runs = sets.shape[1]
        total = float(self.posterior.sum())
        values = np.zeros(len(sets))
        unit = np.eye(runs)
        rows, columns = sets[:, :, None], sets[:, None, :]
        for posterior, spread, contrast in zip(self.posterior, self.spread, self.contrast, strict=True):
            ratio = np.linalg.solve(unit + spread[rows, columns], total * unit + contrast[rows, columns])
            values += 0.5 * posterior * (np.trace(ratio, axis1=1, axis2=2) - runs * total)
        return values


def discrimination(
    x: Array,
    y: Array,
    names: Sequence[str],
    found: BoxMeyer,
    candidates: Array,
    *,
    blocks: Array | None = None,
    candidate_blocks: Array | None = None,
) -> Discrimination:
    """Predict the candidate runs by every model kept in a Box-Meyer analysis.

    Parameters
    ----------
    x : ndarray of float64, shape (n, k)
        Runs done, coded.
    y : ndarray of float64, shape (n,)
        Their responses.
    names : sequence of str
        Of the factors.
    found : BoxMeyer
        The analysis of these runs; its ``models`` compete, with their posteriors as they are.
    candidates : ndarray of float64, shape (candidates, k)
        Runs to choose from, coded.
    blocks : ndarray of float64, shape (n, b), optional
        Block columns of the runs done, as the analysis had them.
    candidate_blocks : ndarray of float64, shape (candidates, b), optional
        Block columns of the candidates.

    Returns
    -------
    Discrimination
        For ``md``.

    Raises
    ------
    DesignError
        If the candidates have other factors or blocks than the runs done.
    """
    done = np.empty((len(y), 0)) if blocks is None else blocks
    new = np.empty((len(candidates), 0)) if candidate_blocks is None else candidate_blocks
    if candidates.shape[1] != x.shape[1] or new.shape[1] != done.shape[1]:
        raise DesignError(
            "the candidate runs have other factors or blocks than the runs done",
            remedy="give each candidate a level of every factor, and a block where the runs done have several",
        )
    means, spreads = [], []
    for model in found.models["factors"]:
        members = [names.index(name) for name in model]
        old, ahead = (
            np.column_stack([np.ones(len(levels)), base, *_effects(levels, members, found.max_order)])
            for levels, base in ((x, done), (candidates, new))
        )
        prior = np.full(old.shape[1], 1.0 / found.g**2)
        prior[0] = 0.0
        inverse = np.linalg.inv(old.T @ old + np.diag(prior))
        means.append(ahead @ (inverse @ (old.T @ y)))
        spreads.append(ahead @ inverse @ ahead.T)
    posterior = found.models["posterior"].to_numpy(dtype=np.float64)
    precision = posterior / found.models["sigma2"].to_numpy(dtype=np.float64)
    mean, spread = np.array(means), np.array(spreads)
    average = np.tensordot(posterior, spread, axes=1)
    contrast = np.empty_like(spread)
    for j, expected in enumerate(mean):
        apart = mean - expected
        contrast[j] = average + (precision[:, None] * apart).T @ apart
    return Discrimination(posterior, spread, contrast)


def best_follow_up(
    told: Discrimination, runs: int, *, replicates: bool = True, top: int = 10, seed: int = 0
) -> FollowUp:
    """Choose the further runs that tell the models apart best.

    Parameters
    ----------
    told : Discrimination
        As of ``discrimination``.
    runs : int
        How many runs to add.
    replicates : bool
        Whether a candidate may be taken more than once.
    top : int
        How many sets to return.
    seed : int
        Of the starts of the exchange search, which is taken when there are more than 60,000 sets.

    Returns
    -------
    FollowUp
        The best sets.

    Raises
    ------
    DesignError
        If ``runs`` is less than 1, or more than the candidates when none may be taken twice.

    Notes
    -----
    The exchange search starts from the greedy set and from 20 random ones, and replaces one run after another by the
    candidate that gains most, until none gains; Meyer, Steinberg and Box (1996) propose an exchange search too.
    """
    candidates = told.spread.shape[1]
    if runs < 1 or (not replicates and runs > candidates):
        raise DesignError(
            f"{runs} runs cannot be chosen from {candidates} candidates",
            remedy="give 1 or more" + ("" if replicates else f", up to {candidates}"),
        )
    count = comb(candidates + runs - 1, runs) if replicates else comb(candidates, runs)
    values: dict[tuple[int, ...], float] = {}
    if exhaustive := count <= MAX_SETS:
        for chunk in _all_sets(candidates, runs, replicates=replicates):
            values.update(zip(map(tuple, chunk.tolist()), told.md(chunk).tolist(), strict=True))
    else:
        rng = np.random.Generator(np.random.PCG64([seed, candidates, runs]))
        _exchange(told, _greedy(told, runs, replicates=replicates), values, replicates=replicates)
        for _ in range(STARTS):
            start = rng.choice(candidates, runs, replace=replicates).astype(np.intp)
            _exchange(told, start, values, replicates=replicates)
    best = sorted(values.items(), key=lambda item: (-float(f"{item[1]:.{_TIE}g}"), item[0]))[:top]
    return FollowUp(pd.DataFrame(best, columns=["rows", "md"]), exhaustive, len(told.posterior))


def _effects(levels: Array, members: list[int], max_order: int) -> list[Array]:
    return [
        np.asarray(levels[:, word].prod(axis=1), dtype=np.float64)
        for order in range(1, min(max_order, len(members)) + 1)
        for word in combinations(members, order)
    ]


def _all_sets(candidates: int, runs: int, *, replicates: bool) -> Iterator[Index]:
    choose = combinations_with_replacement if replicates else combinations
    sets = choose(range(candidates), runs)
    while chunk := list(islice(sets, _CHUNK)):
        yield np.array(chunk, dtype=np.intp)


def _greedy(told: Discrimination, runs: int, *, replicates: bool) -> Index:
    """Add one run after another, each the best that can join the others."""
    chosen = np.empty(0, dtype=np.intp)
    everyone = np.arange(told.spread.shape[1])
    for _ in range(runs):
        pool = everyone if replicates else np.setdiff1d(everyone, chosen)
        sets = np.column_stack([np.tile(chosen, (len(pool), 1)), pool])
        chosen = sets[int(np.argmax(told.md(sets)))]
    return chosen


def _exchange(told: Discrimination, start: Index, values: dict[tuple[int, ...], float], *, replicates: bool) -> None:
    """Improve a set by exchanges, and note down the value of every set met."""
    current = np.sort(start)
    best = float(told.md(current[None, :])[0])
    values[tuple(current.tolist())] = best
    everyone = np.arange(told.spread.shape[1])
    improved = True
    while improved:
        improved = False
        for place in range(len(current)):
            rest = np.delete(current, place)
            pool = everyone if replicates else np.setdiff1d(everyone, rest)
            sets = np.sort(np.column_stack([np.tile(rest, (len(pool), 1)), pool]), axis=1)
            found = told.md(sets)
            values.update(zip(map(tuple, sets.tolist()), found.tolist(), strict=True))
            winner = int(np.argmax(found))
            if found[winner] > best * (1.0 + 10.0**-_TIE):
                current, best, improved = sets[winner], float(found[winner]), True
