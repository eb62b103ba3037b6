"""Runs that tell the probable models of Box and Meyer's analysis apart, by the MD criterion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge
from qim_stats.screening.box_meyer import block_columns, box_meyer
from qim_stats.screening.model_discrimination import Discrimination, discrimination

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
MOST = 256  # candidates
MODELS = 10
MOST_RUNS = 40  # beyond, the search takes minutes
_ROUNDS = 3  # of exchanges
_DIGITS = 9  # of MD beyond which two sets differ by rounding alone


def md_runs(known: Knowledge, candidates: Array, runs: int) -> Indices | str:
    """Choose runs by a greedy search and exchanges.

    Parameters
    ----------
    known : Knowledge
        The trials so far.
    candidates : ndarray of float64, shape (c, k)
        Settings to choose from, each as often as it serves.
    runs : int
        How many.

    Returns
    -------
    ndarray of intp, shape (runs,), or str
        Positions among the candidates, or why there are none, as a clause.

    Notes
    -----
    Meyer, Steinberg and Box (1996), Technometrics 38, 303-313. The ten most probable models compete, with the default
    priors of the Box-Meyer analysis; the new runs are a block of their own. Meyer, Steinberg and Box exchange from
    random starts; here the greedy set is improved by three rounds of exchanges, which takes a second in place of
    many.
    """
    if runs > MOST_RUNS:
        return f"the search is for {MOST_RUNS} runs or fewer"
    names = [str(place) for place in range(known.x.shape[1])]
    _, old = np.unique(known.nuisance, axis=0, return_inverse=True)
    labels = [*np.ravel(old).tolist(), *["new"] * len(candidates)]
    blocks = block_columns(labels)
    n = len(known.y)
    found = box_meyer(known.x, known.y, names, blocks=blocks[:n], keep=MODELS)
    if isinstance(found, str):
        return found
    told = discrimination(known.x, known.y, names, found, candidates, blocks=blocks[:n], candidate_blocks=blocks[n:])
    chosen = np.empty(0, dtype=np.intp)
    everyone = np.arange(len(candidates))
    for _ in range(runs):
        sets = np.column_stack([np.tile(chosen, (len(everyone), 1)), everyone])
        chosen = sets[_largest(told.md(sets))]
    return _exchanged(told, chosen)


def _exchanged(told: Discrimination, chosen: Indices) -> Indices:
    everyone = np.arange(told.spread.shape[1])
    best = float(told.md(chosen[None, :])[0])
    for _ in range(_ROUNDS):
        before = best
        for place in range(len(chosen)):
            sets = np.tile(chosen, (len(everyone), 1))
            sets[:, place] = everyone
            values = told.md(sets)
            winner = _largest(values)
            if values[winner] > best * (1.0 + 10.0**-_DIGITS):
                chosen, best = sets[winner], float(values[winner])
        if best == before:
            break
    return chosen


def _largest(values: Array) -> int:
    best = float(values.max())
    return int(np.argmax(values >= best - abs(best) * 10.0**-_DIGITS))
