"""The choices behind an analysis, checked in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from qim_stats.errors import QimError
from qim_stats.factors import nearest
from qim_stats.model.anova import AnovaType
from qim_stats.model.error_choice import ErrorChoice
from qim_stats.model.fit import Aliased
from qim_stats.model.formula import Units
from qim_stats.model.multiplicity import Adjustment
from qim_stats.model.transform import TRANSFORMS
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.screening.pseudo_errors import PseMethod

Robust = Literal["none", "hc3"]
_MOST_CONFIDENCE = 0.9999


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How a trials table is analyzed.

    Parameters
    ----------
    formula : str, optional
        The model; by default the main effects, with blocks first when there are several.
    units : {"coded", "natural", "log"}
        How numeric factors enter the model.
    transform : str
        ``"identity"``, ``"log"``, ``"log2"``, ``"log10"``, ``"sqrt"``, ``"logit"`` or ``"rank"``, of the response.
    weights : str, optional
        A column of positive weights.
    aliased : {"refuse", "drop"}, optional
        What to do with terms that the trials cannot tell apart. By default they are refused, except that the
        default model leaves out what missing runs have taken.
    error : {"auto", "residual", "pure", "foldover", "pse", "combined"}
        Where the error estimate shall come from.
    pse : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        The pseudo standard error.
    robust : {"none", "hc3"}
        ``"hc3"`` for standard errors that allow for unequal error variances.
    adjust : {"holm", "bh", "max-t", "none"}
        How p-values are adjusted over the terms made of factors.
    anova : {"I", "II", "III"}
        The type of the analysis of variance.
    confidence : float
        Of limits, intervals and claims, from 0.5 to below 1.
    looks : int, optional
        How often the study is analyzed in all, this time included; by default as often as its metadata say that runs
        were added, and once. Significance and orders are then judged at (1 - confidence) / looks.
    box_meyer : BoxMeyerOptions
        Models and priors of Box and Meyer's posterior probabilities.
    diverged_as : float, optional
        The response that diverged trials were given when the table was read.
    seed : int
        Of everything simulated.

    Raises
    ------
    QimError
        If a choice is not among those there are; the message names the option.
    """

    formula: str | None = None
    units: Units = "coded"
    transform: str = "identity"
    weights: str | None = None
    aliased: Aliased | None = None
    error: ErrorChoice = "auto"
    pse: PseMethod = "lenth"
    robust: Robust = "none"
    adjust: Adjustment = "holm"
    anova: AnovaType = "I"
    confidence: float = 0.95
    looks: int | None = None
    box_meyer: BoxMeyerOptions = field(default_factory=BoxMeyerOptions)
    diverged_as: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        choices: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
            ("--units", self.units, get_args(Units)),
            ("--transform", self.transform, tuple(TRANSFORMS)),
            ("--aliased", self.aliased or "refuse", get_args(Aliased)),
            ("--error", self.error, get_args(ErrorChoice)),
            ("--pse", self.pse, get_args(PseMethod)),
            ("--robust", self.robust, get_args(Robust)),
            ("--adjust", self.adjust, get_args(Adjustment)),
            ("--anova", self.anova, get_args(AnovaType)),
        )
        for option, value, known in choices:
            if value not in known:
                remedy = nearest(value, known) if isinstance(value, str) else "one of " + ", ".join(known)
                raise QimError(f"{value!r} is not a choice", where=option, remedy=remedy)
        if not 0.5 <= self.confidence <= _MOST_CONFIDENCE:
            problem = f"{self.confidence!r} is not between 0.5 and 1"
            if _MOST_CONFIDENCE < self.confidence < 1.0:
                problem = f"{self.confidence!r} is more than {_MOST_CONFIDENCE}, beyond what 20,000 draws can tell"
            raise QimError(problem, where="--confidence", remedy="give 0.95, for example")
        if self.looks is not None and (isinstance(self.looks, bool) or self.looks < 1):
            raise QimError(f"{self.looks!r} looks are too few", where="--looks", remedy="give 1 or more")
        if isinstance(self.seed, bool) or self.seed < 0:
            raise QimError(f"{self.seed!r} is negative", where="--seed", remedy="give 0 or a positive whole number")

    def record(self) -> dict[str, Any]:
        """Return the options as plain values, for the record that an analysis keeps."""
        given = self.box_meyer
        priors = {"max_factors": given.max_factors, "max_order": given.max_order, "p": given.p, "g": given.g}
        names = ("units", "transform", "weights", "aliased", "error", "pse", "robust", "adjust", "anova")
        return {
            **{name: getattr(self, name) for name in names},
            "box_meyer": priors,
            "diverged_as": self.diverged_as,
            "confidence": self.confidence,
            "seed": self.seed,
        }
