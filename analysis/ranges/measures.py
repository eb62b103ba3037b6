"""What is kept of a case's trials: effects with standard errors, cost, noise of each response and between them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from cases import Case
from factorial.truth import noise_of, truth

RESPONSES = ("log_loss", "accuracy", "brier", "log(log_loss)", "train_loss")
"""The first is the one that cases are compared by."""


def with_responses(table: pd.DataFrame) -> pd.DataFrame:
    """Add the responses that are made of others."""
    return table.assign(**{"log(log_loss)": np.log(table["log_loss"])})


def effect_rows(full: pd.DataFrame, again: pd.DataFrame, case: Case) -> list[dict[str, str | float]]:
    """Return a row for each factor and response: levels, effect, standard error by trial noise.

    Parameters
    ----------
    full, again : DataFrame
        The full factorial, and more trials of some of its runs.
    case : Case
        The case.
    """
    full, again = with_responses(full), with_responses(again)
    rows: list[dict[str, str | float]] = []
    for response in RESPONSES:
        found = truth(full, case.factors, response, noise_of([full, again], response))
        rows += [
            {
                "case": case.name,
                "response": response,
                "factor": factor.name,
                "low": str(factor.low),
                "high": str(factor.high),
                "effect": effect,
                "std_error": found.std_error,
            }
            for factor, effect in zip(case.factors, found.effects, strict=True)
        ]
    return rows


def case_row(full: pd.DataFrame, again: pd.DataFrame, case: Case) -> dict[str, str | float]:
    """Return what a case fixed and cost, its best and its median response, and its noise.

    Correlations are of the noise: between the deviations of trials from the mean of their run.
    """
    every = with_responses(pd.concat([full, again], ignore_index=True))
    within = every[list(RESPONSES)] - every.groupby("run")[list(RESPONSES)].transform("mean")
    correlation = np.corrcoef(within.loc[every["run"].isin(again["run"])].to_numpy().T)
    return {
        "case": case.name,
        "kind": case.kind,
        "changed": case.changed,
        **case.fixed,
        "trials": len(full),
        "diverged": int((full["state"] != "done").sum()),
        "seconds": round(float(full["seconds"].sum()), 1),
        "best_log_loss": float(full["log_loss"].min()),
        "median_log_loss": float(full["log_loss"].median()),
        **{f"noise {name}": noise_of([every], name)[0] for name in RESPONSES},
        **{
            f"noise correlation {RESPONSES[i]}, {RESPONSES[j]}": float(correlation[i, j])
            for i, j in combinations(range(len(RESPONSES)), 2)
        },
    }
