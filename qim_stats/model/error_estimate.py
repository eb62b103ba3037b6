"""The error estimate behind every standard error: chosen from the design, then computed from the responses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.model.error_choice import ErrorCandidates, ErrorChoice, ErrorSource, choose_error
from qim_stats.model.fit import Fit
from qim_stats.model.foldover_error import FoldoverPairs
from qim_stats.model.formula import default_formula
from qim_stats.screening.combined_error import CombinedError
from qim_stats.screening.lenth import Lenth
from qim_stats.screening.lenth_null import LenthNull, NoiseScale
from qim_stats.screening.pseudo_errors import PSE_NAMES, PseMethod
from qim_stats.trials import Trials

__all__ = ["EXACT", "ErrorChoice", "ErrorEstimate", "ErrorSource", "error_df", "estimate_error", "sigmas"]

Array = npt.NDArray[np.float64]
EXACT = 1e-10  # an error estimate below this share of the response's SD is rounding error
_LABELS: dict[ErrorSource, str] = {
    "residual": "residual error",
    "pure": "pure error",
    "foldover": "foldover error",
    "pse": "pseudo standard error",
    "combined": "pseudo and pure error",
    "none": "no error estimate",
}
_EXACTLY: dict[ErrorSource, str] = {
    "residual": "The model fits the trials to rounding error, so the residuals say nothing about noise.",
    "pure": "The replicates agree exactly, so they say nothing about noise.",
    "foldover": "The main effects fit the mirrored runs to rounding error, so they say nothing about noise.",
    "combined": "The replicates agree exactly and most contrasts are zero, so they say nothing about noise.",
}


@dataclass(frozen=True)
class ErrorEstimate:
    """An error estimate, or the reason why there is none.

    Parameters
    ----------
    source : {"residual", "pure", "foldover", "pse", "combined", "none"}
        Where it comes from.
    sigma : float or None
        Standard deviation of one trial, in the response's unit.
    df : float or None
        Its degrees of freedom; m/3 for a pseudo standard error.
    reason : str
        Why this source and none of the others, in sentences.
    null : LenthNull or None
        Where a pseudo standard error takes part, the simulated distribution of the t-ratios of its contrasts.
    contrasts : frozenset of str
        Where a pseudo standard error takes part, the terms that are among its contrasts.
    scale : NoiseScale or None
        Where a pseudo standard error takes part, how sigma follows from contrasts: for simulations.
    """

    source: ErrorSource
    sigma: float | None
    df: float | None
    reason: str
    null: LenthNull | None = None
    contrasts: frozenset[str] = frozenset()
    scale: NoiseScale | None = None

    @property
    def label(self) -> str:
        """The source as a phrase, such as "pure error" or "Lenth's pseudo standard error"."""
        if self.source == "pse" and self.scale is not None:
            return f"{PSE_NAMES[self.scale.method]} {_LABELS['pse']}"
        return _LABELS[self.source]


def estimate_error(
    choice: ErrorChoice,
    fit: Fit,
    trials: Trials,
    lenth: Lenth | str,
    *,
    formula_given: bool | None = None,
    method: PseMethod = "lenth",
    seed: int = 0,
) -> ErrorEstimate:
    """Choose and compute the error estimate.

    Parameters
    ----------
    choice : {"auto", "residual", "pure", "foldover", "pse", "combined"}
        ``"auto"`` chooses from the design and the model as ``choose_error`` tells, and never looks at the responses.
    fit : Fit
        The model, and the responses.
    trials : Trials
        The design.
    lenth : Lenth or str
        The pseudo standard error, or why there is none, as a clause.
    formula_given : bool, optional
        Whether the user wrote the model; by default, whether its formula is another one than the default.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error to combine with pure error.
    seed : int
        Of simulated null distributions.

    Returns
    -------
    ErrorEstimate
        With source ``"none"`` when nothing honest is to be had.

    Raises
    ------
    TrialsError
        If an estimate was asked for by name and the trials cannot give it.
    """
    if formula_given is None:
        formula_given = fit.model.formula != default_formula(trials)
    no_pse = lenth if isinstance(lenth, str) else None
    offered = ErrorCandidates(fit, trials, no_pse, method if isinstance(lenth, str) else lenth.method)
    source, reason = choose_error(choice, offered, formula_given=formula_given)
    if source == "none":
        return ErrorEstimate("none", None, None, reason)
    if source == "pse" and isinstance(lenth, Lenth):
        terms = frozenset(lenth.effects["term"])
        scale = NoiseScale(lenth.m, lenth.method)
        return ErrorEstimate("pse", lenth.sigma, scale.df, reason, lenth.null, terms, scale)
    sigma = fit.sigma if source == "residual" else float(sigmas(source, offered, fit.y[None, :])[0])
    if sigma is None or not math.isfinite(sigma):
        return ErrorEstimate("none", None, None, _EXACTLY[source])
    combined = offered.combined if source == "combined" else None
    if isinstance(combined, CombinedError):
        terms = frozenset(combined.names)
        return ErrorEstimate("combined", sigma, combined.scale.df, reason, combined.null(seed), terms, combined.scale)
    return ErrorEstimate(source, sigma, error_df(source, offered), reason)


def sigmas(source: ErrorSource, offered: ErrorCandidates, y: Array) -> Array:
    """Estimate the standard deviation of one trial for many responses of one design.

    Parameters
    ----------
    source : {"residual", "pure", "foldover", "combined"}
        As chosen by ``choose_error``.
    offered : ErrorCandidates
        The design and the model.
    y : ndarray of float64, shape (sets, n)
        Responses.

    Returns
    -------
    ndarray of float64, shape (sets,)
        In the response's unit; NaN where it is zero up to rounding.
    """
    if source == "residual":
        projector = offered.fit.unscaled @ offered.fit.model.matrix.T
        left = y - (y @ projector.T) @ offered.fit.model.matrix.T
        squares = (left * left).sum(axis=1)
    elif source == "foldover" and isinstance(offered.pairs, FoldoverPairs):
        squares = offered.pairs.sum_of_squares(y)
    else:
        squares = offered.cells.sum_of_squares(y)
    if source == "combined" and isinstance(offered.combined, CombinedError):
        found = offered.combined.sigma(y, squares / offered.cells.df)
    else:
        found = np.sqrt(squares / error_df(source, offered))
    return np.where(found > EXACT * y.std(axis=1), found, np.nan)


def error_df(source: ErrorSource, offered: ErrorCandidates) -> float:
    """Return the degrees of freedom of an error estimate that is a sum of squares: residual, pure or foldover."""
    if source == "foldover" and isinstance(offered.pairs, FoldoverPairs):
        return float(offered.pairs.df)
    return float(offered.fit.df_resid if source == "residual" else offered.cells.df)
