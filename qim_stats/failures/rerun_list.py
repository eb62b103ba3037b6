"""Which missing trials to run first: those that tell most about the main effects."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from qim_stats.failures.lost_runs import ZERO, Array, LostRuns, lost_runs, variances
from qim_stats.trials import Trials
from qim_stats.trials.states import DIVERGED, labels, states

LONGEST = 64
_TIE = 1e-9
_COLUMNS = ["run", "row", "state", "same_settings", "gain", "d_efficiency", "se_inflation", "estimable_again"]


def rerun_list(trials: Trials) -> pd.DataFrame:
    """Order the missing trials by the information that each adds to the trials that are left.

    Parameters
    ----------
    trials : Trials
        The trials.

    Returns
    -------
    DataFrame
        A row for each missing trial, the first 64 at most: ``run``; ``row`` of the table, from 1; ``state``;
        ``same_settings``, false where running it again would fail again (a diverged trial: change a level first);
        ``gain``, the rise of log det X'X, NaN where X'X was singular; ``d_efficiency``, (det X'X)^(1/p) after it, as a
        share of the complete design's; ``se_inflation``, the largest of a factor after it, NaN while a factor cannot
        be estimated; ``estimable_again``, the terms that this trial brings back.

    Notes
    -----
    Greedy D-optimality on the main-effects model with blocks (Dykstra 1971, Technometrics 13, 682-688): each trial is
    the one with the largest x'(X'X)^-1 x, since det(X'X + xx') = det(X'X) (1 + x'(X'X)^-1 x). While X'X is singular,
    the limit of a vanishing ridge: first the trial farthest from the row space of X. Equal ones in the order of the
    table. Trials that can succeed as they are come before diverged ones, on which nothing after them should rest.
    """
    lost = lost_runs(trials)
    known = states(trials.frame)
    spelled = labels(trials.frame["run"]) if "run" in trials.frame else [str(i + 1) for i in range(len(trials.frame))]
    diverged = np.array([known[row] == DIVERGED for row in lost.rows], dtype=np.bool_)
    left = lost.matrix[lost.kept]
    progress = _Progress(lost, lost.matrix.T @ lost.matrix, left.T @ left, trials.factor_names)
    rows: list[dict[str, object]] = []
    for group in (~diverged, diverged):
        candidates = np.flatnonzero(group & ~lost.kept)
        while len(candidates) and len(rows) < LONGEST:
            chosen, gain = _best(progress.gram, lost.matrix[candidates])
            picked = int(candidates[chosen])
            candidates = np.delete(candidates, chosen)
            position = int(lost.rows[picked])
            rows.append(
                {
                    "run": spelled[position],
                    "row": position + 1,
                    "state": known[position] or "unknown",
                    "same_settings": bool(not diverged[picked]),
                    "gain": gain,
                    **progress.add(lost.matrix[picked]),
                }
            )
    return pd.DataFrame(rows, columns=_COLUMNS)


class _Progress:
    """The information so far, and what each further trial adds to it."""

    def __init__(self, lost: LostRuns, complete: Array, gram: Array, factors: list[str]) -> None:
        self.gram = gram
        self._names = lost.names
        self._factors = np.isin(lost.names, factors)
        self._complete, self._possible = _log_det(complete), variances(complete)[0]
        self._estimable = variances(gram)[1]

    def add(self, row: Array) -> dict[str, object]:
        """Add a trial, shape (p,); return the columns of the list that tell what is known then."""
        self.gram = self.gram + np.outer(row, row)
        found, estimable = variances(self.gram)
        back = [name for name, now, before in zip(self._names, estimable, self._estimable, strict=True) if now > before]
        self._estimable = estimable
        ratio = np.sqrt(found / self._possible)[self._factors]
        share = math.nan
        if math.isfinite(self._complete):
            share = math.exp((_log_det(self.gram) - self._complete) / len(self._names))
        return {
            "d_efficiency": share,
            "se_inflation": float(ratio.max()) if estimable[self._factors].all() else math.nan,
            "estimable_again": back,
        }


def _best(gram: Array, candidates: Array) -> tuple[int, float]:
    """Return the position of the candidate row that adds most, the first of equal ones, and its gain."""
    values, vectors = np.linalg.eigh(gram)
    alive = values > ZERO * max(float(values[-1]), 1.0)
    turned = candidates @ vectors
    beyond = (turned[:, ~alive] ** 2).sum(axis=1)
    within = (turned[:, alive] ** 2 / values[alive]).sum(axis=1)
    if alive.all():
        chosen = int(np.argmax(within >= within.max() - _TIE))
        return chosen, math.log1p(float(within[chosen]))
    far = beyond >= beyond.max() - _TIE
    return int(np.argmax(far & (within >= within[far].max() - _TIE))), math.nan


def _log_det(gram: Array) -> float:
    """Return log det X'X, -inf where it is singular."""
    values = np.linalg.eigvalsh(gram)
    if values[0] <= ZERO * max(float(values[-1]), 1.0):
        return -math.inf
    return float(np.log(values).sum())
