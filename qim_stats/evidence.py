"""What else the trials say of a model: its aliases, what would overturn it, other models, what missing trials cost.

Each piece is made when it is first asked for. One that cannot be had is the reason why, as a clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.failures import FailureReport, LostRuns, failure_verdict, lost_runs, rerun_list, se_inflation
from qim_stats.looks import look_confidence, looks_of
from qim_stats.model.alias_matrix import AliasMatrix, alias_matrix, coded_model
from qim_stats.model.aliasing import alias_status, fit_aliases, new_aliases
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.model.lack_of_fit import Curvature, LackOfFit, curvature, lack_of_fit
from qim_stats.model.predicted_effects import original_scale
from qim_stats.model.tipping_point import tipping_points
from qim_stats.options import AnalysisOptions
from qim_stats.screening.box_meyer import BoxMeyer, block_columns, box_meyer
from qim_stats.screening.box_meyer_sensitivity import PriorSensitivity, prior_sensitivity
from qim_stats.screening.model_search import ModelSearch, search_models
from qim_stats.screening.model_search_null import SearchTest, search_p_value
from qim_stats.screening.omnibus import GlobalTest, global_test
from qim_stats.screening.permutation import PermutationTest, permutation_test
from qim_stats.trials import Trials
from qim_stats.trials.states import labels
from qim_stats.waiting import Progress

Array = npt.NDArray[np.float64]
MANY_TRIALS = 2_048
"""Above so many trials nothing is weighed model by model: the effects themselves are known."""

_ALIASES_SHOWN = 20
_TOO_MANY = f"more than {MANY_TRIALS:,} trials tell effects apart without weighing models"


@dataclass(frozen=True)
class Evidence:
    """The pieces of evidence beside effects and ranks; made by ``qim_stats.analyze``.

    Parameters
    ----------
    trials : Trials
        The data.
    fit : Fit
        The model.
    error : ErrorEstimate
        Behind its standard errors.
    terms : DataFrame
        As of ``term_table``.
    options : AnalysisOptions
        How it was analyzed.
    """

    trials: Trials
    fit: Fit
    error: ErrorEstimate
    terms: pd.DataFrame
    options: AnalysisOptions

    @property
    def coded(self) -> pd.DataFrame:
        """Coded levels of the k factors in the usable trials, shape (n, k)."""
        return self.trials.coded[self.trials.factor_names]

    def gather(self, progress: Progress) -> None:
        """Make the pieces that may take long, telling how many of them are there."""
        slow = ("box_meyer", "sensitivity", "models", "models_test", "permutation")
        for done, piece in enumerate(slow):
            progress("other models, permutations", done / len(slow))
            getattr(self, piece)

    @property
    def looks(self) -> int:
        """How often the study is looked at, this time included."""
        if self.options.looks is not None:
            return self.options.looks
        return 1 if self.trials.metadata is None else looks_of(self.trials.metadata.design)

    @property
    def claim_confidence(self) -> float:
        """Confidence at which this look claims significance and orders, so that all looks together keep the nominal."""
        return look_confidence(self.options.confidence, self.looks)

    @cached_property
    def aliases(self) -> AliasMatrix:
        """How much of each two-factor interaction outside the model goes into each effect."""
        if self.fit.model.units != "coded":
            return alias_matrix(coded_model(self.coded, blocks=self.trials.blocks), self.coded)
        return fit_aliases(self.fit, self.coded)

    @cached_property
    def alias_table(self) -> pd.DataFrame:
        """Whether each effect is clear or confounded, and with what: ``term, status, largest, count, aliased_with``."""
        return alias_status(self.aliases, limit=_ALIASES_SHOWN)

    @cached_property
    def tipping(self) -> pd.DataFrame:
        """The smallest single interaction that would overturn each claim, as of ``tipping_points``."""
        rows = self.terms.set_index("term")
        effects = rows["effect"].dropna()
        margins = 2.0 * (rows["estimate"] - rows["conf_low_simultaneous"])
        return tipping_points(self.aliases, effects, margins=margins)

    @cached_property
    def box_meyer(self) -> BoxMeyer | str:
        """Posterior probabilities that factors are active (Box and Meyer 1993)."""
        if self.trials.n > MANY_TRIALS:
            return _TOO_MANY
        names = self.trials.factor_names
        return box_meyer(self.coded.to_numpy(), self.fit.y, names, self.options.box_meyer, blocks=self._blocks)

    @cached_property
    def sensitivity(self) -> PriorSensitivity | str:
        """How these probabilities depend on the priors."""
        if isinstance(self.box_meyer, str):
            return self.box_meyer
        names = self.trials.factor_names
        return prior_sensitivity(self.coded.to_numpy(), self.fit.y, names, self.options.box_meyer, blocks=self._blocks)

    @cached_property
    def models(self) -> ModelSearch | str:
        """The best models of main effects and two-factor interactions by AICc, with heredity."""
        if self.trials.n > MANY_TRIALS:
            return _TOO_MANY
        return search_models(self.coded.to_numpy(), self.fit.y, self.trials.factor_names, blocks=self._blocks)

    @cached_property
    def models_test(self) -> SearchTest | str:
        """Whether the best of so many models stands out from what permuted responses give."""
        if isinstance(self.models, str):
            return self.models
        return search_p_value(
            self.coded.to_numpy(),
            self.fit.y,
            self.trials.factor_names,
            blocks=self._blocks,
            seed=self.options.seed,
        )

    @cached_property
    def anything(self) -> GlobalTest | str:
        """Whether anything stands out: one test of all terms made of factors together."""
        return global_test(self.fit, self.error)

    @cached_property
    def permutation(self) -> PermutationTest | str:
        """The same question, and one per effect, by exchanging trials under the null hypothesis."""
        if self.trials.n > MANY_TRIALS:
            return f"more than {MANY_TRIALS:,} trials need no permutation test"
        return permutation_test(self.fit, self.trials, seed=self.options.seed)

    @cached_property
    def lack_of_fit(self) -> LackOfFit:
        """The residual split into lack of fit and pure error."""
        return lack_of_fit(self.fit, self.trials)

    @cached_property
    def curvature(self) -> Curvature:
        """Whether centre points lie off the model of the corners."""
        centre = (self.coded == 0.0).all(axis=1).to_numpy(dtype=np.bool_)
        # A residual holds the very curvature that is asked for; then the model with curvature added gives the error.
        free = self.error.source in ("pure", "foldover")
        return curvature(self.fit, centre, sigma=self.error.sigma if free else None, df=self.error.df if free else None)

    @cached_property
    def original_scale(self) -> pd.DataFrame | None:
        """Main effects in the response's own unit, when the model is of a transform of it."""
        if self.fit.model.transform.name == "identity":
            return None
        return original_scale(
            self.fit, self.trials, sigma=self.error.sigma, df=self.error.df, confidence=self.options.confidence
        )

    @cached_property
    def failures(self) -> FailureReport | None:
        """Which levels make trials fail; None when none failed."""
        return failure_verdict(self.trials, confidence=self.options.confidence)

    @cached_property
    def lost(self) -> LostRuns:
        """The complete design of the table, and which of its rows are left."""
        return lost_runs(self.trials)

    @cached_property
    def se_inflation(self) -> pd.DataFrame:
        """How much wider standard errors are for the missing runs."""
        return se_inflation(self.lost.matrix, self.lost.kept, self.lost.names)

    @cached_property
    def rerun(self) -> pd.DataFrame:
        """The missing trials, in the order in which to run them again."""
        return rerun_list(self.trials)

    @cached_property
    def new_aliases(self) -> pd.DataFrame | None:
        """What the missing runs have mixed up that the complete design keeps apart; None when no run is missing."""
        lost = self.lost
        if lost.kept.all() or len(lost.rows) > MANY_TRIALS:
            return None
        complete = self.trials.all_coded.loc[lost.rows, self.trials.factor_names]
        blocks = None
        if self.trials.block is not None:
            blocks = np.array(labels(self.trials.frame.loc[lost.rows, self.trials.block]))
        before, after = (
            alias_matrix(
                coded_model(complete[rows], blocks=None if blocks is None else blocks[rows].tolist()), complete[rows]
            ).coefficients
            for rows in (np.ones(len(lost.rows), dtype=np.bool_), lost.kept)
        )
        return new_aliases(before, after)

    @property
    def _blocks(self) -> Array | None:
        return None if self.trials.blocks is None else block_columns(self.trials.blocks)
