"""Effects as differences of predictions: what a factor does in natural units, and on the response's original scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import t_quantile
from qim_stats.errors import FormulaError
from qim_stats.model.columns import Source, setting_row
from qim_stats.model.fit import Fit
from qim_stats.model.formula import ModelMatrix, expression_columns, factor_values
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]


def model_row(model: ModelMatrix, trials: Trials, coded: Mapping[str, float]) -> Array:
    """Return the row of the model matrix for one setting of the factors.

    Parameters
    ----------
    model : ModelMatrix
        p columns.
    trials : Trials
        The trials it was built on.
    coded : mapping of factor or dummy to float
        Coded levels, -1 to +1; the others stand at the centre, halfway between what their low and their high level
        enter the model as. Covariates stand at their mean, blocks and other categories at the average of all.

    Returns
    -------
    ndarray of float64, shape (p,)
    """
    numbers = [_number(source, model, trials, coded) for source in model.sources]
    shares = {i: np.full(len(s.labels), 1.0 / len(s.labels)) for i, s in enumerate(model.sources) if s.labels}
    return setting_row(model.columns, numbers, shares)


def effect_rows(model: ModelMatrix, trials: Trials) -> Array:
    """Return for each coefficient the combination of coefficients that is its term's effect.

    Parameters
    ----------
    model : ModelMatrix
        p columns, in any units.
    trials : Trials
        The trials it was built on.

    Returns
    -------
    ndarray of float64, shape (p, p)
        Row j times the coefficients is the effect of term j; NaN for terms that are not made of factors. Its variance
        is sigma² row (X'X)^-1 row'.

    Notes
    -----
    The effect of factors S is 2^(1-|S|) times the sum, over all signs s of these factors, of the product of the signs
    times the prediction there, other factors at the centre: for a single factor the predicted response at high minus at
    low, for a pair half the difference of that between high and low of the other (Box, Hunter and Hunter 2005,
    Statistics for Experimenters, section 5.7). In coded units this is twice the coefficient; in others it is the same
    number whenever the model holds the terms that its interactions contain.
    """
    p = len(model.names)
    rows = np.full((p, p), math.nan)
    for term in model.terms:
        if not term.coded:
            continue
        if model.units == "coded":
            rows[term.start] = 2.0 * np.eye(p)[term.start]
            continue
        total = np.zeros(p)
        for signs in product((-1.0, 1.0), repeat=len(term.variables)):
            total += math.prod(signs) * model_row(model, trials, dict(zip(term.variables, signs, strict=True)))
        rows[term.start] = total * 2.0 ** (1 - len(term.variables))
    return rows


def original_scale(
    fit: Fit, trials: Trials, *, sigma: float | None, df: float | None, confidence: float = 0.95
) -> pd.DataFrame:
    """Tell main effects on the response's own scale, when the model is of a transform of it.

    Parameters
    ----------
    fit : Fit
        A model of ``log(y)``, ``logit(y)`` or the like, or of y itself.
    trials : Trials
        The trials it was fitted to.
    sigma, df : float or None
        The error estimate, on the scale of the model.
    confidence : float
        Of the limits.

    Returns
    -------
    DataFrame, shape (factors, 7)
        ``factor, at_low, at_high, effect, std_error, conf_low, conf_high``, in the response's unit: the prediction at
        low and at high, other factors at the centre, transformed back; their difference; its standard error and limits
        by the delta method. NaN without an error estimate, and all of it for ``rank``, which has no way back.

    Notes
    -----
    A prediction transformed back is the median of the response there when errors are symmetric on the model's scale
    (its mean only for the response itself). Delta method: Oehlert (1992), American Statistician 46, 27-29; limits are
    effect +- t(df) SE, as in R's ``marginaleffects::comparisons``.
    """
    model, inverse, slope = fit.model, fit.model.transform.inverse, fit.model.transform.slope
    held = {name for term in model.terms for name in _columns_of(term.variables, model)}
    rows = []
    for name in (n for n in trials.factor_names if n in held):
        low, high = (model_row(model, trials, {name: level}) for level in (-1.0, 1.0))
        if inverse is None or slope is None:
            rows.append((name, *[math.nan] * 6))
            continue
        at = np.array([low @ fit.coefficients, high @ fit.coefficients])
        means, slopes = inverse(at), slope(at)
        effect = float(means[1] - means[0])
        gradient = slopes[1] * high - slopes[0] * low
        std_error = math.nan if sigma is None else sigma * math.sqrt(float(gradient @ fit.unscaled @ gradient))
        margin = math.nan if df is None else t_quantile((1.0 + confidence) / 2.0, df) * std_error
        rows.append((name, float(means[0]), float(means[1]), effect, std_error, effect - margin, effect + margin))
    return pd.DataFrame(rows, columns=["factor", "at_low", "at_high", "effect", "std_error", "conf_low", "conf_high"])


def _columns_of(variables: tuple[str, ...], model: ModelMatrix) -> list[str]:
    """Return the table columns that a term is made of, those within its arithmetic included."""
    arithmetic = {s.column: list(s.expression.columns()) for s in model.sources if s.expression is not None}
    return [column for variable in variables for column in arithmetic.get(variable, [variable])]


def _number(source: Source, model: ModelMatrix, trials: Trials, coded: Mapping[str, float]) -> float:
    if source.labels:
        return math.nan
    if source.expression is not None:
        levels = {name: np.array([coded.get(name, 0.0)]) for name in trials.coded.columns}
        value = float(np.ravel(source.expression.evaluate(expression_columns(source, trials, levels)))[0])
        if not math.isfinite(value):
            raise FormulaError(
                f"{source.column} is no finite number at the centre of the factors",
                where="formula",
                remedy="write it such that it is",
            )
        return value
    if source.column in trials.coded:
        low, high = factor_values(source.column, np.array([-1.0, 1.0]), trials, model.units)
        return float((low + high) / 2.0 + coded.get(source.column, 0.0) * (high - low) / 2.0)
    return float(source.values.mean())
