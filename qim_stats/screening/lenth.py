"""Lenth's analysis: an error estimate from the contrasts of an unreplicated design themselves.

Lenth, R. V. (1989), Quick and easy analysis of unreplicated factorials, Technometrics 31, 469-473. It supposes that
most contrasts are inert, so that a median of their absolute values measures noise alone. The same analysis is done with
the other pseudo standard errors of ``pseudo_errors``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.distributions import t_quantile
from qim_stats.screening.contrasts import Contrasts
from qim_stats.screening.lenth_null import LenthNull, null_distribution
from qim_stats.screening.pseudo_errors import PSEUDO_ERRORS, PseMethod

Array = npt.NDArray[np.float64]
MIN_CONTRASTS = 4
EXACT = 1e-10  # a pseudo standard error below this share of the response's SD is rounding error


@dataclass(frozen=True)
class Lenth:
    """Lenth's analysis of m contrasts.

    Parameters
    ----------
    m : int
        Number of contrasts.
    pse : float
        Pseudo standard error of an effect, in the response's unit.
    me_t, sme_t : float
        Margin of error and simultaneous margin of error by Lenth's own t(m/3) approximation; NaN with another pseudo
        standard error, for which it was not made.
    me, sme : float
        The same from the simulated null distribution.
    effects : DataFrame, shape (m, 5)
        ``term, effect, t_ratio`` (effect / PSE) and the simulated ``p_individual, p_simultaneous``.
    rebuilt : tuple of str
        Spare columns that the table did not hold.
    null : LenthNull
        The simulated null distribution.
    trials : int
        Number of trials that each contrast compares, half of them with the other half.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        Which pseudo standard error.
    """

    m: int
    pse: float
    me_t: float
    sme_t: float
    me: float
    sme: float
    effects: pd.DataFrame
    rebuilt: tuple[str, ...]
    null: LenthNull = field(repr=False)
    trials: int
    method: PseMethod = "lenth"

    @property
    def sigma(self) -> float:
        """Standard deviation of one trial that the pseudo standard error of an effect, 2 sigma / sqrt(n), implies."""
        return self.pse * math.sqrt(self.trials) / 2.0


def lenth(
    contrasts: Contrasts, y: Array, *, confidence: float = 0.95, seed: int = 0, method: PseMethod = "lenth"
) -> Lenth | str:
    """Analyze the contrasts of an unreplicated orthogonal design.

    Parameters
    ----------
    contrasts : Contrasts
        m orthogonal columns over n trials.
    y : ndarray of float64, shape (n,)
        The response.
    confidence : float
        Of the margins of error.
    seed : int
        Of the simulated null distribution.
    method : {"lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"}
        Which pseudo standard error.

    Returns
    -------
    Lenth or str
        The reason, as a clause, when there are fewer than 4 contrasts, or the pseudo standard error is zero.

    Notes
    -----
    With gamma = (1 + confidence^(1/m)) / 2, SME_t = t_gamma(m/3) PSE (Lenth 1989, eq. 5).
    """
    effects = contrasts.effects(y)
    m = len(effects)
    if m < MIN_CONTRASTS:
        return f"{m} contrasts are too few (at least {MIN_CONTRASTS})"
    pse = float(PSEUDO_ERRORS[method](effects[None, :])[0])
    if pse <= EXACT * float(np.std(y)):
        return "half or more of the contrasts are zero, which leaves a pseudo standard error of zero"
    null = null_distribution(m, seed, method)
    ratios = effects / pse
    gamma = (1.0 + confidence ** (1.0 / m)) / 2.0
    return Lenth(
        m=m,
        pse=pse,
        me_t=t_quantile((1.0 + confidence) / 2.0, m / 3.0) * pse if method == "lenth" else math.nan,
        sme_t=t_quantile(gamma, m / 3.0) * pse if method == "lenth" else math.nan,
        me=null.margin(confidence) * pse,
        sme=null.simultaneous_margin(confidence) * pse,
        effects=pd.DataFrame(
            {
                "term": list(contrasts.names),
                "effect": effects,
                "t_ratio": ratios,
                "p_individual": null.p_individual(ratios),
                "p_simultaneous": null.p_simultaneous(ratios),
            }
        ),
        rebuilt=contrasts.rebuilt,
        null=null,
        trials=contrasts.trials,
        method=method,
    )
