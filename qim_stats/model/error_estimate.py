"""Where the error behind a standard error comes from: residuals, replicates, a pseudo standard error, or nowhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from qim_stats.errors import TrialsError
from qim_stats.model.fit import Fit
from qim_stats.screening.lenth import Lenth
from qim_stats.screening.lenth_null import LenthNull
from qim_stats.trials import Trials

ErrorSource = Literal["residual", "pure", "pse", "none"]
ErrorChoice = Literal["auto", "residual", "pure", "pse"]
_EXACT = 1e-10


@dataclass(frozen=True)
class ErrorEstimate:
    """An error estimate, or the reason why there is none.

    Parameters
    ----------
    source : {"residual", "pure", "pse", "none"}
        Where it comes from.
    sigma : float or None
        Standard deviation of one trial, in the response's unit.
    df : float or None
        Its degrees of freedom; m/3 for a pseudo standard error.
    reason : str
        Why this source, as a sentence.
    null : LenthNull or None
        For a pseudo standard error, the simulated distribution of its t-ratios.
    contrasts : frozenset of str
        For a pseudo standard error, the terms that are among its contrasts.
    """

    source: ErrorSource
    sigma: float | None
    df: float | None
    reason: str
    null: LenthNull | None = None
    contrasts: frozenset[str] = frozenset()


def estimate_error(choice: ErrorChoice, fit: Fit, trials: Trials, lenth: Lenth | str) -> ErrorEstimate:
    """Choose and compute the error estimate.

    Parameters
    ----------
    choice : {"auto", "residual", "pure", "pse"}
        ``"auto"`` takes the residual if the model leaves degrees of freedom, else the pseudo standard error, else none.
    fit : Fit
        The model.
    trials : Trials
        The data, for replicates.
    lenth : Lenth or str
        The pseudo standard error, or why there is none, as a clause.

    Returns
    -------
    ErrorEstimate
        With source ``"none"`` when nothing honest is to be had.

    Raises
    ------
    TrialsError
        If an estimate was asked for by name and the trials cannot give it.
    """
    if choice == "pure":
        return _pure(trials)
    if choice == "pse":
        if isinstance(lenth, str):
            raise TrialsError(
                f"there is no pseudo standard error: {lenth}", where="--error pse", remedy="say --error auto"
            )
        return _pse(lenth, trials.n, "A pseudo standard error was asked for.")
    if choice == "residual" and not fit.df_resid:
        raise TrialsError(
            "the model leaves no residual degrees of freedom",
            where="--error residual",
            remedy="leave a term out of the formula, or say --error pse",
        )
    if fit.df_resid:
        return _residual(fit, asked=choice == "residual")
    if isinstance(lenth, str):
        reason = f"The model fits every trial exactly, and there is no pseudo standard error either: {lenth}."
        return ErrorEstimate("none", None, None, reason)
    return _pse(lenth, trials.n, "The model leaves no residual degrees of freedom.")


def _residual(fit: Fit, *, asked: bool) -> ErrorEstimate:
    if fit.sigma is None:
        reason = "The model fits the trials to rounding error, so the residuals say nothing about noise."
        return ErrorEstimate("none", None, None, reason)
    why = "Residual error was asked for" if asked else "The model leaves residual degrees of freedom"
    reason = f"{why}: {fit.df_resid} of {fit.n - 1}; interactions that the model leaves out count as error."
    return ErrorEstimate("residual", fit.sigma, float(fit.df_resid), reason)


def _pure(trials: Trials) -> ErrorEstimate:
    cells = trials.coded[trials.factor_names].astype(int)
    keys = cells.assign(**{"\0block": trials.blocks or ["1"] * trials.n})
    grouped = pd.Series(trials.y, index=keys.index).groupby([keys[c] for c in keys.columns])
    df = trials.n - grouped.ngroups
    if df == 0:
        raise TrialsError(
            "no two usable trials share all factor levels and the block, so there is no pure error",
            where="--error pure",
            remedy="replicate some runs with new seeds, or say --error auto",
        )
    residuals = trials.y - grouped.transform("mean").to_numpy()
    sigma = math.sqrt(float(residuals @ residuals) / df)
    if sigma <= _EXACT * float(np.std(trials.y)):
        return ErrorEstimate("none", None, None, "The replicates agree exactly, so they say nothing about noise.")
    reason = f"Pure error was asked for: {df} degrees of freedom from trials at the same levels and block."
    return ErrorEstimate("pure", sigma, float(df), reason)


def _pse(lenth: Lenth, n: int, why: str) -> ErrorEstimate:
    source = f"Lenth's pseudo standard error from {lenth.m} contrasts stands in"
    reason = f"{why} {source}; it supposes that most of them are inert."
    return ErrorEstimate(
        source="pse",
        sigma=lenth.pse * math.sqrt(n) / 2.0,
        df=lenth.m / 3.0,
        reason=reason,
        null=lenth.null,
        contrasts=frozenset(lenth.effects["term"]),
    )
