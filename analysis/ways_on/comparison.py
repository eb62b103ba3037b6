"""What is compared, on one table: ways to begin, to go on and to stop, all ranked by the same posterior."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from validation.tables import Validated
from validation.work import AWARE, measured_rows, replayed

from qim_stats.replays.aware import alias_aware
from qim_stats.replays.ceiling import noise_ceiling

AT = (24, 32)
"""Trials at which ways are compared."""
SEMIFOLD = 18
CEILING = "noise ceiling"
_LEAST_NOCONF, _MOST_NOCONF = 6, 8  # factors of a no-confounding design
MEASURES = (
    "trials",
    "p_top3",
    "top3_capture",
    "kendall_tau",
    "coverage_simultaneous",
    "width_simultaneous",
    "settled",
    "settled_right",
)


@dataclass(frozen=True)
class Way:
    """A way to spend trials.

    Parameters
    ----------
    word : str
        As of docs/replays.md, with ``{}`` for the trials in all where it goes on.
    means : str
        What it is, in words.
    share : float
        Of the studies that others are given, where each takes longer.
    at : tuple of int
        Trials at which it is looked at, if it goes on.
    """

    word: str
    means: str
    share: float = 1.0
    at: tuple[int, ...] = AT

    @property
    def words(self) -> list[str]:
        """The designs it is looked at."""
        return [self.word.format(n) for n in self.at] if "{}" in self.word else [self.word]

    def possible(self, k: int) -> bool:
        """Return whether there is such a design for k factors."""
        return not self.word.startswith("noconf") or _LEAST_NOCONF <= k <= _MOST_NOCONF


WAYS = (
    Way("pb12..{}", "PB12, then fours chosen by the posterior (`augment --method posterior`)"),
    Way("pb12..{}/random", "PB12, then fours of rows not run yet"),
    Way("pb12..{}/replicates", "PB12, then fours of its own rows again, chosen by the posterior"),
    Way("pb12..{}/d-optimal", "PB12, then fours by DuMouchel and Jones's Bayesian D"),
    Way("pb12..{}/md", "PB12, then fours by Meyer, Steinberg and Box's model discrimination"),
    Way("pb12+semifold", "PB12 and the half of its foldover where a factor is high: 18 trials, told with 24"),
    Way("pb12+foldover", "PB12 and its foldover"),
    Way("pb12+foldover..{}", "PB12 and its foldover, then fours chosen by the posterior", at=(32,)),
    Way("frac16..{}", "16 runs of resolution IV, then fours chosen by the posterior"),
    Way("noconf16..{}", "a no-confounding design of 16 runs, then fours chosen by the posterior"),
    Way("random16..{}", "16 random rows, then fours chosen by the posterior"),
    Way("frac32", "a fraction of 32 runs"),
)
SETTLE = Way("pb12..48/settle", "the loop of `run --until`, which also ends at a tie that 48 trials cannot settle", 0.5)


def measure(table: Validated, way: Way, studies: int, seed: int, jobs: int) -> pd.DataFrame:
    """Replay one way on one table.

    Parameters
    ----------
    table : Validated
        Which.
    way : Way
        How trials are spent.
    studies : int
        How many.
    seed : int
        Of everything drawn.
    jobs : int
        Processes.

    Returns
    -------
    DataFrame
        A row per number of trials looked at: ``design, replays``, and ``MEASURES`` each with its ``_error``.
    """
    found = replayed(table, way.words, {AWARE: alias_aware}, max(2, round(way.share * studies)), seed, jobs)
    return measured_rows(found, seed)[["design", "replays", *MEASURES, *(f"{name}_error" for name in MEASURES)]]


def ceiling(table: Validated, seed: int) -> pd.DataFrame:
    """Return what noise alone allows a balanced design, a row for each of ``AT``."""
    found = noise_ceiling(table.world, table.truth, AT, seed)
    return found[["trials", "p_top3", "top3_capture", "kendall_tau"]].assign(design=CEILING)
