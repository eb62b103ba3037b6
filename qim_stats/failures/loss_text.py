"""What the missing runs cost, in a sentence or two."""

from __future__ import annotations

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.failures.lost_runs import lost_runs, se_inflation
from qim_stats.trials import Trials


def loss_text(trials: Trials) -> str | None:
    """Tell what the missing runs take from the main-effects model.

    Parameters
    ----------
    trials : Trials
        The trials.

    Returns
    -------
    str or None
        Full sentences; None when no run is missing.
    """
    found = lost_runs(trials)
    if found.kept.all():
        return None
    table = se_inflation(found.matrix, found.kept, found.names)
    table = table[table["term"].isin(trials.factor_names)]
    missing = int((~found.kept).sum())
    return f"{missing} of {len(found.kept)} runs {'is' if missing == 1 else 'are'} missing. {_cost(table)}"


def _cost(table: pd.DataFrame) -> str:
    gone = table.loc[~table["estimable"], "term"].tolist()
    if gone:
        return f"The main effects of {listed([repr(name) for name in gone])} can no longer be estimated."
    table = table.sort_values("se_inflation", ascending=False, kind="stable")
    percent, least = (100.0 * (float(table["se_inflation"].iloc[i]) - 1.0) for i in (0, -1))
    if percent - least < 0.5:
        return f"At the same noise, this widens the standard error of each main effect by {percent:.0f} %."
    return (
        f"At the same noise, this widens the standard errors of the main effects by {least:.0f} to {percent:.0f} %, "
        f"most for {table['term'].iloc[0]!r}."
    )
