"""A screening design against the full factorial of the same factors: how right its ranking was, and what it saved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from qim_stats.alerts import listed
from qim_stats.analysis import Analysis
from qim_stats.errors import TrialsError
from qim_stats.factors import Factor, same_level
from qim_stats.failures import too_many_failed
from qim_stats.plain import plain
from qim_stats.ranks.ranking import ranks
from qim_stats.trials import Trials, words
from qim_stats.trials.states import DIVERGED

_TOPS = (1, 3, 5)


@dataclass(frozen=True)
class Validation:
    """How a screening analysis compares with the truth.

    Parameters
    ----------
    truth : DataFrame, shape (k, 3)
        ``factor, effect, rank`` from the full factorial, by rank.
    screen : DataFrame, shape (k, 13)
        The screening analysis' ranking.
    agreement : dict
        ``kendall_tau, spearman_rho, top1, top3, top5, sign_agreement, pairs_resolved, pairs_right,
        rank_interval_coverage``.
    cost : dict
        ``screen_trials, full_trials, screen_seconds, full_seconds, trials_ratio, seconds_ratio``.
    """

    truth: pd.DataFrame
    screen: pd.DataFrame
    agreement: dict[str, Any]
    cost: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values, with None for what cannot be had."""
        return {
            "truth": plain(self.truth),
            "screen": plain(self.screen),
            "agreement": plain(self.agreement),
            "cost": plain(self.cost),
        }


def validate(screen: Analysis, full: Analysis) -> Validation:
    """Compare a screening analysis with one of a full factorial.

    Parameters
    ----------
    screen : Analysis
        Of the few trials.
    full : Analysis
        Of a table in which each of the 2^k combinations of levels has a usable trial.

    Returns
    -------
    Validation
        The main effects of the full factorial are the truth.

    Raises
    ------
    TrialsError
        If the responses, factors or levels differ, or combinations are missing from the full table.
    """
    _check_same(screen, full)
    check_full(full.trials)
    estimated = screen.ranking().set_index("factor")
    names = [name for name in full.trials.factor_names if name in estimated.index]
    effects = _main_effects(full.trials)[names]
    truth = pd.DataFrame({"factor": names, "effect": effects.to_numpy(), "rank": ranks(effects.to_numpy())})
    return Validation(
        truth=truth.sort_values("rank", kind="stable").reset_index(drop=True),
        screen=screen.ranking(),
        agreement=_agreement(estimated.loc[names], truth.set_index("factor")),
        cost=_cost(screen.trials, full.trials),
    )


def check_same_factors(screen: Collection[str], full: Collection[str]) -> None:
    """Refuse two tables of different factors.

    Parameters
    ----------
    screen, full : collection of str
        The factors' names.

    Raises
    ------
    TrialsError
        Naming those that only one of them has.
    """
    alone = [f"{name!r} only in the screen" for name in screen if name not in full]
    alone += [f"{name!r} only in the full table" for name in full if name not in screen]
    if alone:
        raise TrialsError(f"the factors differ: {listed(alone)}", remedy="name the common ones with --factors")


def _main_effects(trials: Trials) -> pd.Series:
    """Return the main effects of a full factorial: over its cells, mean at high minus mean at low.

    Replicates are averaged first. Were each trial counted instead, unequal replicates would let interactions leak in.
    """
    names = trials.factor_names
    cells = trials.coded[names].astype(int).assign(**{"\0y": trials.y}).groupby(names, sort=True)["\0y"].mean()
    coded = np.array(cells.index.to_list(), dtype=np.float64).reshape(len(cells), len(names))
    return pd.Series(2.0 * (coded.T @ cells.to_numpy()) / len(cells), index=names)


def _check_same(screen: Analysis, full: Analysis) -> None:
    if (screen.response, screen.direction) != (full.response, full.direction):
        raise TrialsError(
            f"the screen is about {screen.response!r} ({screen.direction}) and the full table about "
            f"{full.response!r} ({full.direction})",
            remedy="name one response and direction for both",
        )
    ours = {f.name: f for f in screen.trials.factors}
    theirs = {f.name: f for f in full.trials.factors}
    check_same_factors(list(ours), list(theirs))
    if set(screen.ranking()["factor"]) != set(ours):
        failed = too_many_failed(screen.trials)
        raise TrialsError(
            "the screen does not rank every factor" + (": more than a third of its runs failed" if failed else ""),
            where=screen.trials.source,
            remedy="analyze it to see which runs to repeat" if failed else "use its main-effects formula",
        )
    for name, factor in ours.items():
        if not _same_levels(factor, theirs[name]):
            raise TrialsError(
                f"factor {name!r} has the levels {factor.low!r}, {factor.high!r} in the screen and "
                f"{theirs[name].low!r}, {theirs[name].high!r} in the full table",
                remedy="compare studies of the same levels",
            )


def _same_levels(one: Factor, other: Factor) -> bool:
    return same_level(one.low, other.low) and same_level(one.high, other.high)


def check_full(trials: Trials) -> None:
    """Refuse a table in which a combination of levels has no usable trial.

    Parameters
    ----------
    trials : Trials
        Of k factors.

    Raises
    ------
    TrialsError
        Telling how many of the 2^k combinations are missing, and the first of them.
    """
    k = len(trials.factors)
    seen = {tuple(row) for row in trials.coded[trials.factor_names].astype(int).to_numpy().tolist() if 0 not in row}
    missing = 2**k - len(seen)
    if not missing:
        return
    absent = (cell for cell in product((-1, 1), repeat=k) if cell not in seen)
    told = []
    for cell, _ in zip(absent, range(3), strict=False):
        levels = (f"{f.name} = {f.decode(c)}" for f, c in zip(trials.factors, cell, strict=True))
        told.append(f"({', '.join(levels)})")
    more = f" and {missing - len(told)} more" if missing > len(told) else ""
    remedy = "run the missing combinations first"
    if any(lost.state == DIVERGED for lost in trials.set_aside):
        remedy += ", or score the diverged trials with --diverged-as"
    raise TrialsError(
        f"the table is not a full factorial: {missing} of {2**k} combinations have no usable trial, "
        f"{', '.join(told)}{more}",
        where=trials.source,
        remedy=remedy,
    )


def _agreement(screen: pd.DataFrame, truth: pd.DataFrame) -> dict[str, Any]:
    """Compare two tables indexed by the same k factors in the same order."""
    from scipy import stats

    k = len(truth)
    seen, true = screen["effect"].to_numpy(np.float64), truth["effect"].to_numpy(np.float64)
    rank, true_rank = screen["rank"].to_numpy(np.int64), truth["rank"].to_numpy(np.int64)
    tau, rho = None, None
    if len(np.unique(rank)) > 1 and len(np.unique(true_rank)) > 1:
        tau = float(stats.kendalltau(rank, true_rank).statistic)
        rho = float(stats.spearmanr(rank, true_rank).statistic)
    tops = {f"top{n}": bool(((rank <= n) == (true_rank <= n)).all()) if n < k else None for n in _TOPS}
    names = list(screen.index)
    tied = list(screen["tied_with"])
    resolved = [(i, j) for i, j in combinations(range(k), 2) if names[j] not in tied[i]]
    right = [(rank[i] - rank[j]) * (true_rank[i] - true_rank[j]) > 0 for i, j in resolved]
    low, high = screen["rank_low"].to_numpy(np.int64), screen["rank_high"].to_numpy(np.int64)
    return {
        "kendall_tau": tau,
        "spearman_rho": rho,
        **tops,
        "sign_agreement": float(np.mean(np.sign(seen) == np.sign(true))),
        "pairs_resolved": len(resolved),
        "pairs_right": int(sum(right)),
        "rank_interval_coverage": float(np.mean((low <= true_rank) & (true_rank <= high))),
    }


def _cost(screen: Trials, full: Trials) -> dict[str, Any]:
    ours, theirs = _spent(screen), _spent(full)
    seconds = None if ours[1] is None or not theirs[1] else ours[1] / theirs[1]
    return {
        "screen_trials": ours[0],
        "full_trials": theirs[0],
        "screen_seconds": ours[1],
        "full_seconds": theirs[1],
        "trials_ratio": ours[0] / theirs[0],
        "seconds_ratio": seconds,
    }


def _spent(trials: Trials) -> tuple[int, float | None]:
    """Return the trials that were run, failed ones included, and their seconds; None when any is unknown."""
    frame = trials.frame
    if "state" in frame:
        frame = frame[words(frame["state"]).str.lower() != "pending"]
    if "seconds" not in frame:
        return len(frame), None
    seconds = pd.to_numeric(frame["seconds"], errors="coerce").to_numpy(dtype=np.float64)
    return len(frame), float(seconds.sum()) if np.isfinite(seconds).all() else None
