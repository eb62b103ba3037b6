"""Analysis of variance of type II and III, as R's ``car::Anova``; type I, the sequential one, is ``fit.anova``."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import f_upper
from qim_stats.errors import FormulaError
from qim_stats.model.columns import build_matrix
from qim_stats.model.fit import Fit, anova
from qim_stats.model.formula import Term
from qim_stats.model.least_squares import solve

Array = npt.NDArray[np.float64]
AnovaType = Literal["I", "II", "III"]


def anova_table(fit: Fit, kind: AnovaType = "I") -> pd.DataFrame:
    """Analyze the variance of a fit.

    Parameters
    ----------
    fit : Fit
        The fit.
    kind : {"I", "II", "III"}
        ``"I"``: each term after those before it. ``"II"``: each term after all that do not contain it. ``"III"``: each
        term after all others, the intercept included; categories (blocks) then have sum-to-zero contrasts, as factors
        coded -1/+1 have by themselves, so that a main effect is the average over blocks.

    Returns
    -------
    DataFrame
        ``term, df, sum_sq, mean_sq, statistic, p_value``; the last row is ``Residuals``, against whose mean square all
        terms are tested. NaN where no residual degree of freedom is left.

    Raises
    ------
    FormulaError
        For types II and III when the fit has dropped aliased terms: what "all others" are is then undefined, and R's
        car refuses too. For type III when categories cannot be given sum-to-zero contrasts.

    Notes
    -----
    Types: Yates (1934), JASA 29, 51-66 (II is his method of fitting constants, III his weighted squares of means);
    contrasts for III: Fox and Weisberg (2019), An R Companion to Applied Regression, 3rd ed., section 5.3.4.
    """
    if kind == "I":
        return anova(fit)
    if fit.dropped:
        raise FormulaError(
            f"the analysis of variance of type {kind} has no meaning with aliased terms ({fit.dropped[0].reason})",
            where="formula",
            remedy="leave these terms out, or ask for type I",
        )
    model = fit.model
    matrix = model.matrix
    if kind == "III" and any(source.labels for source in model.sources):
        matrix = build_matrix(model.columns, model.sources, fit.n, sum_to_zero=True)
    root = np.ones(fit.n) if fit.weights is None else np.sqrt(fit.weights)
    solution = solve(matrix * root[:, None], fit.y * root)
    if solution is None:
        raise FormulaError(
            "with sum-to-zero contrasts the terms are aliased", where="formula", remedy="ask for type I or II"
        )
    triangle: Array = np.asarray(np.linalg.inv(solution.inverse), dtype=np.float64)
    rows = []
    for term in model.terms if kind == "III" else fit.model_terms:
        others = [t for t in model.terms if t is not term and (kind == "III" or not _contains(t, term))]
        before = [c for t in others for c in range(t.start, t.stop)]
        sum_sq = _added(triangle, solution.scores, before, list(range(term.start, term.stop)))
        rows.append(_row(fit, term.name, term.stop - term.start, sum_sq))
    mean_sq = fit.rss / fit.df_resid if fit.df_resid else math.nan
    rows.append(("Residuals", fit.df_resid, fit.rss, mean_sq, math.nan, math.nan))
    return pd.DataFrame(rows, columns=["term", "df", "sum_sq", "mean_sq", "statistic", "p_value"])


def _contains(larger: Term, term: Term) -> bool:
    return set(term.variables) < set(larger.variables)


def _added(triangle: Array, scores: Array, before: list[int], columns: list[int]) -> float:
    """Return by how much columns lower the residual sum of squares when they come after others.

    ``triangle`` is R and ``scores`` Q'y of the model X = QR: what X does to y, in p rows instead of n.
    """
    part = triangle[:, before + columns]
    q, _ = np.linalg.qr(part / np.linalg.norm(part, axis=0))
    added = q[:, len(before) :].T @ scores
    return float(added @ added)


def _row(fit: Fit, name: str, df: int, sum_sq: float) -> tuple[str, int, float, float, float, float]:
    statistic = math.nan if fit.sigma is None else sum_sq / df / fit.sigma**2
    p_value = math.nan if fit.sigma is None else f_upper(statistic, df, fit.df_resid)
    return name, df, sum_sq, sum_sq / df, statistic, p_value
