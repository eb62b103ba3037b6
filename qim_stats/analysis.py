"""The result of an analysis: data frames first, then the verdict, and the same as JSON or as an HTML report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.model.error_estimate import ErrorEstimate, ErrorSource
from qim_stats.model.fit import Fit, anova, diagnostics, glance
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json
from qim_stats.screening.lenth import Lenth
from qim_stats.trials import Direction, Trials
from qim_stats.verdict import Verdict

SCHEMA = 1


@dataclass(frozen=True)
class Analysis:
    """An analyzed trials table; made by ``qim_stats.analyze``.

    Parameters
    ----------
    trials : Trials
        The data.
    fit : Fit
        The linear model.
    error : ErrorEstimate
        Behind every standard error.
    terms, ranks : DataFrame
        What ``tidy()`` and ``ranking()`` return.
    pseudo : Lenth or None
        What ``lenth()`` returns.
    verdict : Verdict
        The answer in words.
    alerts : tuple of Alert
        What to know beside the numbers.
    method : mapping
        Every option used, versions, seed.
    """

    trials: Trials
    fit: Fit
    error: ErrorEstimate
    terms: pd.DataFrame
    ranks: pd.DataFrame
    pseudo: Lenth | None
    verdict: Verdict
    alerts: tuple[Alert, ...]
    method: Mapping[str, Any]

    @property
    def response(self) -> str:
        """The response column."""
        return self.trials.response

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
        return float(self.method["confidence"])

    @property
    def adjust(self) -> str:
        """How p-values were adjusted: holm, bh or none."""
        return str(self.method["adjust"])

    @property
    def seed(self) -> int:
        """Seed of everything simulated."""
        return int(self.method["seed"])

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

    def anova(self) -> pd.DataFrame:
        """Return the sequential (type I) analysis of variance.

        Returns
        -------
        DataFrame
            ``term, df, sum_sq, mean_sq, statistic, p_value``, last row ``Residuals``.
        """
        return anova(self.fit)

    def augment(self) -> pd.DataFrame:
        """Return the usable trials with what the model says of each.

        Returns
        -------
        DataFrame, shape (n, columns + 5)
            The table's columns and ``.fitted, .resid, .std_resid, .hat, .cooksd``, which replace columns of the table
            that have these names.
        """
        rows = self.trials.frame.loc[self.trials.usable]
        added = diagnostics(self.fit).set_index(rows.index)
        return pd.concat([rows.drop(columns=added.columns, errors="ignore"), added], axis=1)

    def ranking(self) -> pd.DataFrame:
        """Return the factors by rank.

        Returns
        -------
        DataFrame, shape (k, 13)
            ``factor, rank, rank_low, rank_high, tied_with, effect, std_error, conf_low, conf_high, importance, p_value,
            p_adjusted, p_top``; the limits are those of the effect.
        """
        return self.ranks.copy()

    def lenth(self) -> Lenth | None:
        """Return Lenth's pseudo standard error with its margins; None, with an alert saying why, if it has none."""
        return self.pseudo

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as plain values, with None for what cannot be had.

        Returns
        -------
        dict
            Keys ``schema, glance, terms, anova, lenth, box_meyer, ranking, verdict, alerts, method``.
        """
        lenth = self.pseudo
        pseudo = None
        if lenth is not None:
            pseudo = {key: getattr(lenth, key) for key in ("m", "pse", "me_t", "sme_t", "me", "sme", "effects")}
        answer = {
            "schema": SCHEMA,
            "glance": glance(self.fit, self.error.source),
            "terms": self.terms,
            "anova": self.anova(),
            "lenth": pseudo,
            "box_meyer": None,
            "ranking": self.ranks,
            "verdict": {
                "text": self.verdict.text,
                "significant": self.verdict.significant,
                "undecided": self.verdict.undecided,
                "next": self.verdict.next,
            },
            "alerts": [{"code": a.code, "severity": a.severity, "message": a.message} for a in self.alerts],
            "method": self.method,
        }
        return {key: plain(value) for key, value in answer.items()}

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
