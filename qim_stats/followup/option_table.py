"""The options side by side: what each would tell and cost, and which is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from qim_stats.followup.cost import expected_seconds
from qim_stats.followup.expected_gain import Gain
from qim_stats.followup.options import Option, Request

_CHANCE = 2.0  # standard errors within which two options gain as much
_COLUMNS = (
    "method", "runs", "p_settled", "p_settled_error", "now", "after", "after_error", "gain", "gain_error", "cost",
    "gain_per_cost", "behind", "behind_error", "seconds", "words",
)  # fmt: skip


def option_table(asked: Request, found: Sequence[Option], gains: Mapping[str, Gain], now: float) -> pd.DataFrame:
    """Put the options side by side.

    Parameters
    ----------
    asked : Request
        What was asked for.
    found : sequence of Option
        In the order of the table.
    gains : mapping of str to Gain
        What each option that can be had would tell, by the same simulated futures.
    now : float
        The goal's measure now.

    Returns
    -------
    DataFrame
        As of ``FollowUp.options``.

    Notes
    -----
    ``behind`` is how much less an option gains than the best, for what the best costs: with c the costs and g the
    gains, g_best - g c_best / c, the best being the one with the largest g / c.
    """
    costs = {option.method: float(asked.cost(option.rows).sum()) for option in found if option.rows is not None}
    best = max(gains, key=lambda method: (gains[method].expected - now) / costs[method])
    rows = []
    for option in found:
        row: dict[str, object] = {"method": option.method, "runs": asked.runs, "words": option.words}
        if option.rows is not None:
            gain, cost = gains[option.method], costs[option.method]
            behind = (gains[best].measure - now) - (gain.measure - now) * (costs[best] / cost)
            seconds = expected_seconds(asked.prices.data, asked.known.given(option.rows))
            row |= {
                "p_settled": gain.p_settled,
                "p_settled_error": gain.p_settled_error,
                "now": now,
                "after": gain.expected,
                "after_error": gain.expected_error,
                "gain": gain.expected - now,
                "gain_error": gain.expected_error,
                "cost": cost,
                "gain_per_cost": (gain.expected - now) / cost,
                "behind": float(behind.mean()),
                "behind_error": float(behind.std(ddof=1) / np.sqrt(len(behind))),
                "seconds": None if seconds is None else float(seconds.sum()),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def choose(table: pd.DataFrame) -> str:
    """Return the first, and so the simplest, of the options that are not clearly behind the best."""
    had = table[table["after"].notna()]
    close = had[had["behind"] <= _CHANCE * had["behind_error"]]
    return str(close.iloc[0]["method"])
