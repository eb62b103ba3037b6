"""Many virtual studies of one method on one table, scored by the measures of the replays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from peers.method import BUDGETS
from peers.methods import METHODS
from peers.tables import PeerTable
from qim_stats.replays.ceiling import noise_ceiling
from qim_stats.replays.estimators import Estimates
from qim_stats.replays.measures import score_studies

BATCH = 10  # studies of a task
MEASURES = ("top3", "kendall_tau", "top3_capture")
"""As in the replays: the first three right as a set, tau-b over all factors, share of the best possible effect."""


def budgets_of(table: PeerTable) -> tuple[int, ...]:
    """Return the budgets that are less than the whole table."""
    return tuple(budget for budget in BUDGETS if budget < table.full.cells)


def ceiling(table: PeerTable, budgets: Sequence[int]) -> pd.DataFrame:
    """Return what noise alone allows at each budget, as in the replays: ``trials, p_top3, kendall_tau, ...``."""
    return noise_ceiling(table.lookup.world, table.truth, budgets, seed=0)


def studies(table: PeerTable, name: str, numbers: Sequence[int], seed: int) -> pd.DataFrame:
    """Run virtual studies.

    Parameters
    ----------
    table : PeerTable
        Where trials are looked up.
    name : str
        Of the method.
    numbers : sequence of int
        Numbers of the studies. Study i draws from ``PCG64([seed, i])`` whatever the method, so that those on random
        rows see the same rows.
    seed : int
        Of everything.

    Returns
    -------
    DataFrame
        A row per study and budget that the method can be had with: ``budget, trials`` and the measures.
    """
    method = next(method for method in METHODS if method.name == name)
    budgets = budgets_of(table)
    parts = []
    for number in numbers:
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        found = method.study(table.lookup, budgets, rng)
        had = found.used > 0
        values = score_studies(Estimates(found.score[had]), table.truth, rng)
        columns = {"budget": np.array(budgets)[had], "trials": found.used[had]}
        parts.append(pd.DataFrame(columns | {name: values[name] for name in MEASURES}))
    return pd.concat(parts, ignore_index=True)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Average studies.

    Parameters
    ----------
    found : DataFrame
        Of ``studies``.

    Returns
    -------
    DataFrame
        A row per budget: ``budget, trials`` (mean), ``studies``, and each measure with its Monte Carlo standard error.
    """
    groups = found.groupby("budget", sort=True)
    table = groups["trials"].mean().to_frame()
    table["studies"] = groups.size()
    for measure in MEASURES:
        table[measure] = groups[measure].mean()
        table[f"{measure}_error"] = groups[measure].std(ddof=0) / np.sqrt(table["studies"])
    return table.reset_index()


def pooled(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Join summaries of different studies of the same method and table.

    Parameters
    ----------
    one, other : DataFrame
        Of ``summary``, with the same budgets.

    Returns
    -------
    DataFrame
        What ``summary`` says of all studies at once, up to rounding.
    """
    first, second = (part.set_index("budget") for part in (one, other))
    n, m = first["studies"], second["studies"]
    joined = ((n * first["trials"] + m * second["trials"]) / (n + m)).rename("trials").to_frame()
    joined["studies"] = n + m
    for measure in MEASURES:
        mean = (n * first[measure] + m * second[measure]) / (n + m)
        # Mean squares about zero add up; the error is the root of the variance over the number of studies.
        squares = sum(
            part["studies"] * (part["studies"] * part[f"{measure}_error"] ** 2 + part[measure] ** 2)
            for part in (first, second)
        )
        joined[measure] = mean
        joined[f"{measure}_error"] = np.sqrt(np.maximum(squares / (n + m) - mean**2, 0.0) / (n + m))
    return joined.reset_index()
