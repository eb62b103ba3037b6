"""The Combination: the factors of several studies side by side, as data frames first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from qim_stats.alerts import Alert
from qim_stats.analysis import Analysis
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json
from qim_stats.studies.concordance import Concordance

SCHEMA = 1


@dataclass(frozen=True)
class Combination:
    """Several studies of the same k factors; made by ``qim_stats.studies``.

    Parameters
    ----------
    analyses : mapping of str to Analysis
        The m studies by name.
    table : DataFrame, shape (k, 17)
        What ``factors()`` returns.
    agreement : Concordance or None
        Kendall's W; None for a single factor.
    text : str
        What can be said of all studies together, in one to four sentences.
    alerts : tuple of Alert
        What to know beside the numbers.
    method : mapping
        Every option used, seed.
    """

    analyses: Mapping[str, Analysis]
    table: pd.DataFrame
    agreement: Concordance | None
    text: str
    alerts: tuple[Alert, ...]
    method: Mapping[str, Any]

    def factors(self) -> pd.DataFrame:
        """Return a row per factor, by the sum of its ranks.

        Returns
        -------
        DataFrame, shape (k, 17)
            ``factor, combined_rank, rank_sum, rank_best, rank_worst, status, same_sign, effect, std_error, conf_low,
            conf_high, p_value, p_adjusted, q, q_p_value, i2, tau``; from ``effect`` on over the studies that have an
            error estimate, NaN with fewer than two of them. ``status`` is ``"moves"`` when the rank intervals of two
            studies do not overlap, ``"keeps"`` when the intervals of all studies lie within two neighbouring places,
            else ``"open"``.
        """
        return self.table.copy()

    def studies(self) -> pd.DataFrame:
        """Return a row per study and factor.

        Returns
        -------
        DataFrame, shape (m k, 8)
            ``study, factor, rank, rank_low, rank_high, effect, std_error, importance``.
        """
        columns = ["factor", "rank", "rank_low", "rank_high", "effect", "std_error", "importance"]
        frames = [a.ranking()[columns].assign(study=name) for name, a in self.analyses.items()]
        return pd.concat(frames, ignore_index=True)[["study", *columns]]

    def to_dict(self) -> dict[str, Any]:
        """Return the combination as plain values, with None for what cannot be had.

        Returns
        -------
        dict
            Keys ``schema, studies, factors, concordance, verdict, alerts, method``.
        """
        ranks = self.studies()
        told = [
            {
                "study": name,
                "source": a.trials.source,
                "n": a.trials.n,
                "set_aside": len(a.trials.set_aside),
                "error_source": a.error_source,
                "significant": list(a.verdict.significant),
                "ranking": ranks[ranks["study"] == name].drop(columns="study"),
            }
            for name, a in self.analyses.items()
        ]
        agreement = None
        if self.agreement is not None:
            keys = ("w", "chi2", "df", "p_value", "p_permutation")
            agreement = {key: getattr(self.agreement, key) for key in keys}
        answer = {
            "schema": SCHEMA,
            "studies": told,
            "factors": self.table,
            "concordance": agreement,
            "verdict": {"text": self.text},
            "alerts": [{"code": a.code, "severity": a.severity, "message": a.message} for a in self.alerts],
            "method": self.method,
        }
        return {key: plain(value) for key, value in answer.items()}

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the combination as JSON; the file is replaced atomically.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        write_text(path, to_json(self.to_dict()))

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the combination as a self-contained HTML report; the file is replaced atomically.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        from qim_stats.report.combined import render_combination

        write_text(path, render_combination(self))
