"""Runs that estimate all main effects while two-factor interactions may be there: the Bayesian D criterion.

DuMouchel and Jones (1994), A simple Bayesian modification of D-optimal designs to reduce dependence on an assumed
model, Technometrics 36, 37-47: the mean, blocks and main effects are primary terms with a flat prior, two-factor
interactions potential ones with prior standard deviation tau = 1 in units of sigma; the determinant of X'X + K/tau^2 is
made as large as can be, K being 1 for potential terms and 0 for the others. As there (section 3), primary columns span
-1 to 1 and potential columns have a range of 1, orthogonal to the primary ones over all settings.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
TAU = 1.0
_ROUNDS = 10  # of exchanges
_DIGITS = 9  # beyond which two runs differ by rounding alone


def model_rows(settings: Array, blocks: Array) -> Array:
    """Return model rows: the mean, block columns, main effects, then two-factor interactions of range 1.

    Parameters
    ----------
    settings : ndarray of float64, shape (r, k)
        Coded -1/0/+1.
    blocks : ndarray of float64, shape (r, b)
        Block columns.

    Returns
    -------
    ndarray of float64, shape (r, 1 + b + k + k (k - 1) / 2)
        The rows.
    """
    pairs = [0.5 * settings[:, i] * settings[:, j] for i, j in combinations(range(settings.shape[1]), 2)]
    return np.column_stack([np.ones(len(settings)), blocks, settings, *pairs])


def best_d_runs(done: Array, candidates: Array, runs: int, *, primary: int) -> Indices:
    """Choose the runs that make the determinant largest, by a greedy start and Fedorov's exchanges.

    Parameters
    ----------
    done : ndarray of float64, shape (n, p)
        Model rows of the trials so far.
    candidates : ndarray of float64, shape (c, p)
        Model rows to choose from, each as often as it serves.
    runs : int
        How many.
    primary : int
        How many of the first columns are primary terms.

    Returns
    -------
    ndarray of intp, shape (runs,)
        Positions among the candidates.

    Notes
    -----
    Adding a row x multiplies the determinant by 1 + x'M^-1 x, taking it away by 1 - x'M^-1 x (Fedorov 1972, Theory of
    Optimal Experiments). A primary term that the trials so far leave open has the prior precision 1e-6, so that there
    is a determinant from the start.
    """
    prior = np.full(done.shape[1], TAU**-2)
    prior[:primary] = 1e-6
    information = done.T @ done + np.diag(prior)
    chosen: list[int] = []
    for _ in range(runs):
        best = _largest(candidates, information)
        chosen.append(best)
        information += np.outer(candidates[best], candidates[best])
    for _ in range(_ROUNDS):
        changed = False
        for place, row in enumerate(chosen):
            rest = information - np.outer(candidates[row], candidates[row])
            best = _largest(candidates, rest)
            gained = _variance(candidates[[best, row]], rest)
            if gained[0] > gained[1] * (1.0 + 10.0**-_DIGITS):
                chosen[place], changed = best, True
                information = rest + np.outer(candidates[best], candidates[best])
        if not changed:
            break
    return np.array(chosen, dtype=np.intp)


def _variance(rows: Array, information: Array) -> Array:
    return np.asarray((rows * np.linalg.solve(information, rows.T).T).sum(axis=1), dtype=np.float64)


def _largest(candidates: Array, information: Array) -> int:
    variance = _variance(candidates, information)
    return int(np.argmax(variance >= variance.max() * (1.0 - 10.0**-_DIGITS)))
