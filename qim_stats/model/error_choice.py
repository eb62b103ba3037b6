"""Which error estimate a study offers, chosen from its design and model alone, never from its responses."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from qim_stats.errors import TrialsError
from qim_stats.model.fit import Fit
from qim_stats.model.foldover_error import FoldoverPairs, find_pairs
from qim_stats.model.pure_error import Cells, find_cells
from qim_stats.screening.combined_error import CombinedError, combine_errors
from qim_stats.screening.contrasts import Contrasts, find_contrasts
from qim_stats.screening.lenth import MIN_CONTRASTS
from qim_stats.screening.pseudo_errors import PSE_NAMES, PseMethod
from qim_stats.trials import Trials

ErrorSource = Literal["residual", "pure", "foldover", "pse", "combined", "none"]
ErrorChoice = Literal["auto", "residual", "pure", "foldover", "pse", "combined"]
PURE_DF = 4  # pure error is taken by itself from here on: t(4) limits are 1.4 times the normal ones, t(3) 1.6 times
FOLDOVER_DF = 3
_BY_NATURE = "this is a full factorial, in which every run has its mirror: --error foldover takes it"
_INTERACTIONS = "interactions that the model leaves out count as error"


class ErrorCandidates:
    """The error estimates that a design and a model offer.

    Parameters
    ----------
    fit : Fit
        The model; its responses are not looked at.
    trials : Trials
        The design.
    no_pse : str or None
        Why there is no pseudo standard error, as a clause; None if there is one.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error to combine with pure error.
    """

    def __init__(self, fit: Fit, trials: Trials, no_pse: str | None, method: PseMethod) -> None:
        self.fit = fit
        self.trials = trials
        self.no_pse = no_pse
        self.method = method

    @cached_property
    def cells(self) -> Cells:
        """The trials grouped by levels and block, for pure error."""
        return find_cells(self.trials)

    @cached_property
    def pairs(self) -> FoldoverPairs | str:
        """The mirrored runs of a foldover, or why there are too few."""
        return find_pairs(self.cells, self.fit.model.matrix)

    @cached_property
    def is_full(self) -> bool:
        """Whether every combination of levels is there, so that runs have mirrors without any foldover."""
        levels = self.trials.coded[self.trials.factor_names].to_numpy(dtype=np.float64)
        levels = levels[(levels != 0.0).any(axis=1)]  # centre points aside
        k = levels.shape[1]
        if len(levels) < 2**k or not (np.abs(levels) == 1.0).all():
            return False
        return bool(len(np.unique((levels > 0.0) @ 2 ** np.arange(k))) == 2**k)

    @cached_property
    def combined(self) -> CombinedError | str:
        """Pseudo and pure error, or why they cannot be combined.

        The contrasts are the orthogonal ones of the design, else the model's coefficients of factors with their
        correlation (Edwards and Mee 2008).
        """
        if not self.cells.df:
            return "no two usable trials share all factor levels and the block"
        contrasts = find_contrasts(self.trials)
        if isinstance(contrasts, Contrasts):
            names, weights = contrasts.names, contrasts.matrix
        else:
            names, weights = _coefficients(self.fit)
        if len(names) < MIN_CONTRASTS:
            return f"{len(names)} contrasts are too few (at least {MIN_CONTRASTS})"
        return combine_errors(names, weights, self.cells.df, self.method)


def choose_error(choice: ErrorChoice, offered: ErrorCandidates, *, formula_given: bool) -> tuple[ErrorSource, str]:
    """Choose where the error estimate comes from.

    Parameters
    ----------
    choice : {"auto", "residual", "pure", "foldover", "pse", "combined"}
        What was asked for.
    offered : ErrorCandidates
        What there is.
    formula_given : bool
        Whether the user wrote the model. ``"auto"`` then takes the residual if there is one, as R's lm, else the pseudo
        standard error. In the default model of main effects it takes the first of: pure error with 4 degrees of freedom
        or more; foldover error with 3 or more, unless it is a full factorial, whose interactions a formula can
        hold; pseudo and pure error combined if all residual degrees of freedom are
        those of replicates and of the curvature that centre points show; the residual; the pseudo standard error.

    Returns
    -------
    tuple of str and str
        The source, ``"none"`` if there is no honest one, and the reason in plain words.

    Raises
    ------
    TrialsError
        If an estimate was asked for by name and the design cannot give it.
    """
    if offered.fit.weights is not None and choice not in ("auto", "residual"):
        raise TrialsError(
            "with weights the only error estimate is the residual", where=f"--error {choice}", remedy="say --error auto"
        )
    if choice != "auto":
        return choice, _asked(choice, offered)
    df = offered.fit.df_resid
    if formula_given or offered.fit.weights is not None:
        if df:
            return "residual", f"The model leaves residual degrees of freedom: {_residual(offered)}"
        return _last_resort(offered)
    return _automatic(offered)


def _automatic(offered: ErrorCandidates) -> tuple[ErrorSource, str]:
    df, pure_df, combined = offered.fit.df_resid, offered.cells.df, None
    if pure_df >= PURE_DF:
        why = f"no interaction is in them, as it would be in the residual ({df} degrees of freedom)"
        return "pure", f"The trials are replicated: {_pure(offered)} {why}."
    pairs = _BY_NATURE if offered.is_full else offered.pairs
    no_pure = f"{pure_df} from replicates, where {PURE_DF} are wanted" if pure_df else "no replicates"
    if isinstance(pairs, FoldoverPairs) and pairs.df >= FOLDOVER_DF:
        why = f"Not pure error ({no_pure}), nor the residual ({df} degrees of freedom), where {_INTERACTIONS}."
        return "foldover", f"The design is a foldover: {_foldover(pairs)} {why}"
    no_foldover = f"{pairs.df}, where {FOLDOVER_DF} are wanted" if isinstance(pairs, FoldoverPairs) else pairs
    if pure_df and pure_df + _curvature(offered) >= df:
        combined = offered.combined
    if isinstance(combined, CombinedError):
        why = f"Not pure error alone ({no_pure})."
        return "combined", f"The model leaves no more than replicates and curvature: {_combined(combined)} {why}"
    if df:
        why = f"Not pure error ({no_pure}), nor foldover error ({no_foldover})."
        return "residual", f"The model leaves residual degrees of freedom: {_residual(offered)} {why}"
    return _last_resort(offered)


def _last_resort(offered: ErrorCandidates) -> tuple[ErrorSource, str]:
    """Return the choice for a model that leaves no degrees of freedom."""
    if offered.no_pse is None:
        return "pse", f"The model leaves no residual degrees of freedom. {_pseudo(offered)}"
    reason = f"The model fits every trial exactly, and there is no pseudo standard error either: {offered.no_pse}."
    return "none", reason


def _asked(choice: ErrorChoice, offered: ErrorCandidates) -> str:
    """Return the reason of a source asked for by name, or refuse it."""
    problem, remedy = None, "say --error auto"
    if choice == "residual" and not offered.fit.df_resid:
        problem = "the model leaves no residual degrees of freedom"
        remedy = "leave a term out of the formula, or say --error pse"
    elif choice == "pure" and not offered.cells.df:
        problem = "no two usable trials share all factor levels and the block, so there is no pure error"
        remedy = "replicate some runs with new seeds, or say --error auto"
    elif choice == "foldover" and isinstance(offered.pairs, str):
        problem = f"there is no foldover error: {offered.pairs}"
    elif choice == "pse" and offered.no_pse is not None:
        problem = f"there is no pseudo standard error: {offered.no_pse}"
    elif choice == "combined" and isinstance(offered.combined, str):
        problem = f"pseudo and pure error cannot be combined: {offered.combined}"
    if problem is not None:
        raise TrialsError(problem, where=f"--error {choice}", remedy=remedy)
    if choice == "residual":
        return f"Residual error was asked for: {_residual(offered)}"
    if choice == "pure":
        return f"Pure error was asked for: {_pure(offered)[:-1]}."
    if isinstance(offered.pairs, FoldoverPairs) and choice == "foldover":
        return f"Foldover error was asked for: {_foldover(offered.pairs)}"
    if isinstance(offered.combined, CombinedError) and choice == "combined":
        return f"Pseudo and pure error were asked for: {_combined(offered.combined)}"
    return f"A pseudo standard error was asked for. {_pseudo(offered)}"


def _residual(offered: ErrorCandidates) -> str:
    return f"{offered.fit.df_resid} of {offered.fit.n - 1}; {_INTERACTIONS}."


def _pure(offered: ErrorCandidates) -> str:
    return f"{offered.cells.df} degrees of freedom from trials at the same levels and block;"


def _foldover(pairs: FoldoverPairs) -> str:
    left = "main effects" + (" and a shift between blocks" if pairs.block_shift else "")
    pure = f", and {pairs.cells.df} from replicates" if pairs.cells.df else ""
    return (
        f"{pairs.fake_df} degrees of freedom from what {left} leave of the differences of {len(pairs.first)} pairs of "
        f"mirrored runs{pure}, free of all two-factor interactions."
    )


def _pseudo(offered: ErrorCandidates) -> str:
    name = PSE_NAMES[offered.method]
    return f"{name} pseudo standard error of the contrasts stands in; it supposes that most of them are inert."


def _combined(combined: CombinedError) -> str:
    scale = combined.scale
    return (
        f"pure error is combined with {PSE_NAMES[scale.method]} pseudo standard error of {scale.m} contrasts, which "
        f"supposes that most of them are inert; {scale.pure_df} + {scale.m}/3 degrees of freedom."
    )


def _curvature(offered: ErrorCandidates) -> int:
    """Return the degrees of freedom, 0 or 1, that the mean of centre points adds to the residual of main effects."""
    return int((offered.cells.levels == 0.0).any())


def _coefficients(fit: Fit) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    """Return the coefficients of terms made of factors, and the weights of the trials in each."""
    at = [c for term in fit.model.terms if term.coded for c in range(term.start, term.stop)]
    return tuple(fit.model.names[c] for c in at), fit.model.matrix @ fit.unscaled[:, at]
