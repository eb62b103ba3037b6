"""Tail areas and quantiles of t and F, from scipy.special: loading scipy.stats takes longer than an analysis."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Array = npt.NDArray[np.float64]


def t_two_sided(statistic: Array, df: float) -> Array:
    """Return P(|T| >= |statistic|) for Student's t, elementwise; df need not be whole."""
    return np.asarray(2.0 * special.stdtr(df, -np.abs(statistic)), dtype=np.float64)


def t_quantile(probability: float, df: float) -> float:
    """Return the quantile of Student's t; df need not be whole."""
    return float(special.stdtrit(df, probability))


def f_upper(statistic: float, df_numerator: float, df_denominator: float) -> float:
    """Return P(F >= statistic) for the F distribution."""
    return float(special.fdtrc(df_numerator, df_denominator, statistic))


def chi2_upper(statistic: float, df: float) -> float:
    """Return P(X >= statistic) for the chi² distribution."""
    return float(special.chdtrc(df, statistic))
