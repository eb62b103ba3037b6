"""The ways to spend a number of further runs, the simplest first: which runs each takes, or why it cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.factors import Factor
from qim_stats.followup.bayesian_d import best_d_runs, model_rows
from qim_stats.followup.candidates import all_settings, run_settings, unrun
from qim_stats.followup.cost import Prices
from qim_stats.followup.foresight import best_runs, best_set, foresee
from qim_stats.followup.knowledge import Knowledge
from qim_stats.followup.md_runs import MOST, md_runs

Array = npt.NDArray[np.float64]
METHODS = ("foldover", "replicates", "semifold", "bayesian-d", "md", "posterior")
"""From the simplest to tell and to analyze; of options that gain as much the first is chosen."""


@dataclass(frozen=True)
class Request:
    """What further runs are asked for.

    Parameters
    ----------
    known : Knowledge
        The trials so far.
    settings : ndarray of float64, shape (m, k)
        Setting of each run of the design so far, runs without a response included, in the coordinates of ``known``.
    omega : ndarray of float64, shape (k, k)
        What an error in the half effects costs the goal.
    runs : int
        How many further runs.
    factors : tuple of Factor
        In the coordinates of ``known``: low is -1 there.
    seed : int
        Of candidates that are sampled.
    prices : Prices
        What runs cost.
    """

    known: Knowledge
    settings: Array
    omega: Array
    runs: int
    factors: tuple[Factor, ...]
    seed: int
    prices: Prices

    def cost(self, rows: Array) -> Array:
        """Return what runs at these settings cost, shape (rows,)."""
        return self.prices.of(self.known.given(rows))


@dataclass(frozen=True)
class Option:
    """A way to spend the runs.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    rows : ndarray of float64, shape (runs, k), or None
        Settings in canonical coordinates; None where the option cannot be had.
    words : str
        What the runs are, or why there are none.
    """

    method: str
    rows: Array | None
    words: str


def find_option(method: str, asked: Request) -> Option:
    """Choose the runs of one method.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    asked : Request
        What is asked for.

    Returns
    -------
    Option
        The runs, or why they cannot be had.
    """
    return _FINDERS[method](asked)


def _foldover(asked: Request) -> Option:
    needed = len(asked.settings)
    if not len(unrun(-asked.settings, asked.settings)):
        return Option("foldover", None, "the mirror of every setting has been run already")
    if asked.runs != needed:
        return Option("foldover", None, f"a full foldover takes {needed} runs, one for each run so far")
    return Option("foldover", -asked.settings, "every run so far with all levels changed")


def _replicates(asked: Request) -> Option:
    done = run_settings(asked.known)
    if not len(done):
        return Option("replicates", None, "no trial has all its levels at low or high")
    at = best_runs(foresee(asked.known, done), asked.omega, asked.runs, again=True, cost=asked.cost(done))
    return Option("replicates", done[np.sort(at)], f"{len(set(at.tolist()))} of the settings so far, again")


def _semifold(asked: Request) -> Option:
    """Take the best of all semifolds: the runs at one level of a factor, mirrored in all factors or in one.

    Mee and Peralta (2000), Semifolding 2^(k-p) designs, Technometrics 42, 122-134.
    """
    base = asked.settings
    halves: list[tuple[str, Array]] = []
    for place, factor in enumerate(asked.factors):
        for level in (-1, 1):
            half = base[base[:, place] == level]
            if len(half) != asked.runs:
                continue
            which = f"the runs with {factor.name!r} at {factor.decode(level)!s}"
            halves.append((f"{which}, all levels changed", -half))
            for other, changed in enumerate(asked.factors):
                turned = half.copy()
                turned[:, other] *= -1.0
                halves.append((f"{which}, that of {changed.name!r} changed", turned))
    fresh = [(words, rows) for words, rows in halves if len(unrun(rows, base))]
    if not halves:
        sizes = sorted({int((base[:, i] == s).sum()) for i in range(base.shape[1]) for s in (-1.0, 1.0)})
        told = " or ".join(map(str, sizes)) if len(sizes) < 4 else f"{sizes[0]} to {sizes[-1]}"
        return Option("semifold", None, f"a semifold takes {told} runs, those at one level of a factor")
    if not fresh:
        return Option("semifold", None, "each semifold repeats settings that have been run")
    stacked = np.vstack([rows for _, rows in fresh])
    settings, at = np.unique(stacked, axis=0, return_inverse=True)
    sets = np.asarray(at, dtype=np.intp).reshape(len(fresh), asked.runs)
    words, rows = fresh[best_set(foresee(asked.known, settings), asked.omega, sets, asked.cost(settings))]
    return Option("semifold", rows, words)


def _bayesian_d(asked: Request) -> Option:
    known = asked.known
    candidates = all_settings(known, asked.seed)
    zeros = np.zeros((len(known.y), 1))
    b = known.nuisance.shape[1]
    done = model_rows(known.x, np.column_stack([known.nuisance, zeros]))
    new = np.column_stack([np.zeros((len(candidates), b)), np.ones(len(candidates))])
    primary = 1 + b + 1 + known.x.shape[1]
    at = best_d_runs(done, model_rows(candidates, new), asked.runs, primary=primary)
    return Option("bayesian-d", candidates[np.sort(at)], "best for main effects if two-factor interactions are small")


def _md(asked: Request) -> Option:
    candidates = all_settings(asked.known, asked.seed, most=MOST)
    at = md_runs(asked.known, candidates, asked.runs)
    if isinstance(at, str):
        return Option("md", None, at)
    return Option("md", candidates[np.sort(at)], "tell the ten likeliest Box-Meyer models apart")


def _posterior(asked: Request) -> Option:
    candidates = unrun(all_settings(asked.known, asked.seed), asked.settings)
    if len(candidates) < asked.runs:
        left = "no setting is" if not len(candidates) else f"only {len(candidates)} settings are"
        return Option("posterior", None, f"{left} left that has not been run")
    cost = asked.cost(candidates)
    at = best_runs(foresee(asked.known, candidates), asked.omega, asked.runs, again=False, cost=cost)
    return Option("posterior", candidates[np.sort(at)], "new settings that tell most about the goal")


_FINDERS: dict[str, Callable[[Request], Option]] = {
    "foldover": _foldover,
    "replicates": _replicates,
    "semifold": _semifold,
    "bayesian-d": _bayesian_d,
    "md": _md,
    "posterior": _posterior,
}
