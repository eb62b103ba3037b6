"""The result of an analysis: data frames first, then the verdict, and the same as JSON or as an HTML report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.analysis_alerts import sensitivity_alerts
from qim_stats.analysis_record import analysis_record
from qim_stats.evidence import Evidence
from qim_stats.model.anova import AnovaType, anova_table
from qim_stats.model.error_choice import ErrorSource
from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit, diagnostics, glance
from qim_stats.model.responses import fit_responses, tidy_responses
from qim_stats.options import AnalysisOptions
from qim_stats.output import write_text
from qim_stats.plain import to_json
from qim_stats.ranks.ranking import Ranking
from qim_stats.screening.box_meyer import BoxMeyer
from qim_stats.screening.lenth import Lenth
from qim_stats.trials import Direction, Trials
from qim_stats.verdict import Verdict
from qim_stats.waiting import Progress


@dataclass(frozen=True)
class Analysis:
    """An analyzed trials table; made by ``qim_stats.analyze``.

    Parameters
    ----------
    trials : Trials
        The data.
    others : tuple of Trials
        The same table with other responses.
    fit : Fit
        The linear model.
    error : ErrorEstimate
        Behind every standard error.
    terms : DataFrame
        What ``tidy()`` returns.
    ranked : Ranking
        The factors by rank, and the pairs.
    pseudo : Lenth or None
        What ``lenth()`` returns.
    evidence : Evidence
        Aliases, tipping points, other models, failures and more, each made when it is asked for.
    verdict : Verdict
        The answer in words.
    alerts : tuple of Alert
        What to know beside the numbers.
    method : mapping
        Every option used, versions, seed.
    options : AnalysisOptions
        The options themselves.
    """

    trials: Trials
    others: tuple[Trials, ...]
    fit: Fit
    error: ErrorEstimate
    terms: pd.DataFrame
    ranked: Ranking
    pseudo: Lenth | None
    evidence: Evidence
    verdict: Verdict
    alerts: tuple[Alert, ...]
    method: Mapping[str, Any]
    options: AnalysisOptions

    @property
    def ranks(self) -> pd.DataFrame:
        """The ranking, as ``ranking()`` returns it."""
        return self.ranked.table

    @property
    def all_alerts(self) -> tuple[Alert, ...]:
        """The alerts, and those on other priors of the ranks, which take a few times as long as the ranking."""
        return (*self.alerts, *sensitivity_alerts(self.ranked))

    def gather(self, progress: Progress) -> None:
        """Make what the JSON and the report need and takes long, telling how much of it is there."""
        self.evidence.gather(progress)
        self.ranked.gather(progress)

    @property
    def response(self) -> str:
        """The response column."""
        return self.trials.response

    @property
    def modelled(self) -> str:
        """What the model is of: the response, or a transform of it, such as ``log(loss)``."""
        return self.fit.model.transform.spell(self.response)

    @property
    def direction(self) -> Direction:
        """Whether more (``"maximize"``) or less (``"minimize"``) of the response is better."""
        return self.trials.direction

    @property
    def formula(self) -> str:
        """The model's formula."""
        return self.fit.model.formula

    @property
    def error_source(self) -> ErrorSource:
        """Where the standard errors come from: residual, pure, pse or none."""
        return self.error.source

    @property
    def confidence(self) -> float:
        """Confidence of limits and intervals."""
        return self.options.confidence

    @property
    def adjust(self) -> str:
        """How p-values were adjusted: holm, bh or none."""
        return self.options.adjust

    @property
    def seed(self) -> int:
        """Seed of everything simulated."""
        return self.options.seed

    def tidy(self) -> pd.DataFrame:
        """Return a row per coefficient.

        Returns
        -------
        DataFrame, shape (p, 10)
            ``term, estimate, std_error, statistic, df, p_value, p_adjusted, conf_low, conf_high, effect``.
        """
        return self.terms.copy()

    def glance(self) -> pd.DataFrame:
        """Return the model in one row.

        Returns
        -------
        DataFrame, shape (1, 11)
            ``n, df_resid, sigma, r_squared, adj_r_squared, f_statistic, f_p_value, log_lik, aic, bic, error_source``.
        """
        row = glance(self.fit, self.error.source)
        numbers = {key: float("nan") if value is None else value for key, value in row.items()}
        return pd.DataFrame([numbers])

    def anova(self, kind: AnovaType | None = None) -> pd.DataFrame:
        """Return the analysis of variance.

        Parameters
        ----------
        kind : {"I", "II", "III"}, optional
            Sequential (as R's ``anova``), or type II or III (as ``car::Anova``); by default the one asked for.

        Returns
        -------
        DataFrame
            ``term, df, sum_sq, mean_sq, statistic, p_value``, last row ``Residuals``.
        """
        return anova_table(self.fit, self.options.anova if kind is None else kind)

    def augment(self) -> pd.DataFrame:
        """Return the usable trials with what the model says of each.

        Returns
        -------
        DataFrame, shape (n, columns + 5)
            The table's columns and ``.fitted, .resid, .std_resid, .hat, .cooksd``, which replace columns of the table
            that have these names.
        """
        rows = self.trials.used
        added = diagnostics(self.fit).set_index(rows.index)
        return pd.concat([rows.drop(columns=added.columns, errors="ignore"), added], axis=1)

    def ranking(self) -> pd.DataFrame:
        """Return the factors by rank.

        Returns
        -------
        DataFrame, shape (k, 18)
            ``factor, rank, rank_low, rank_high, tied_with, effect, std_error, conf_low, conf_high, importance, p_value,
            p_adjusted, p_top, raw_effect, raw_rank, p_sign, sampling, alias_aware``; the limits are those of the
            effect. Empty when too many trials failed.
        """
        return self.ranks.copy()

    def pairs(self) -> pd.DataFrame:
        """Return the pairs of factors.

        Returns
        -------
        DataFrame, shape (k (k - 1) / 2, 5)
            ``factor, other, p_larger, p_larger_sampling, ordered``: the probability that the first has the larger
            effect, with interactions allowed for and without, and whether the order is claimed.
        """
        return self.ranked.pairs.copy()

    def lenth(self) -> Lenth | None:
        """Return Lenth's pseudo standard error with its margins; None, with an alert saying why, if it has none."""
        return self.pseudo

    def box_meyer(self) -> BoxMeyer | None:
        """Return Box and Meyer's posterior probabilities; None, with an alert saying why, if there are none."""
        found = self.evidence.box_meyer
        return None if isinstance(found, str) else found

    def aliases(self) -> pd.DataFrame:
        """Return which effects are clear of two-factor interactions.

        Returns
        -------
        DataFrame
            ``term, status, largest, count, aliased_with``.
        """
        return self.evidence.alias_table.copy()

    def tipping_points(self) -> pd.DataFrame:
        """Return the smallest single interactions that would overturn each effect or rank.

        Returns
        -------
        DataFrame
            As of ``qim_stats.model.tipping_point.tipping_points``.
        """
        return self.evidence.tipping.copy()

    def responses(self) -> pd.DataFrame:
        """Return the coefficients of every response that was asked for, by the same terms.

        Returns
        -------
        DataFrame
            ``response, term, estimate, std_error, statistic, df, p_value, conf_low, conf_high, effect``.
        """
        fits = fit_responses([self.trials, *self.others], self.options.formula)
        return tidy_responses(fits, confidence=self.confidence)

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as plain values, with None for what cannot be had.

        Returns
        -------
        dict
            Keys ``schema, glance, terms, anova, lenth, box_meyer, ranking, verdict, alerts, method``, then ``pairs``
            and the other evidence, as docs/json.md tells.
        """
        return analysis_record(self)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the analysis as JSON.

        Parameters
        ----------
        path : path
            Replaced atomically.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        write_text(path, to_json(self.to_dict()))

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the analysis as a self-contained HTML report.

        Parameters
        ----------
        path : path
            Replaced atomically.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        from qim_stats.report import render

        write_text(path, render(self))
