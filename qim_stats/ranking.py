"""The ranking of factors by the size of their main effects, with what is known and not known of the order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.rank_intervals import EffectUncertainty, RankIntervals, rank_intervals, top_probabilities

Array = npt.NDArray[np.float64]
TOPS = (1, 3)
_ZERO = 1e-12  # effects below this share of the response's SD are rounding error
_TIE = 1e-10  # differences of |effect| below this share of the largest are rounding error


def rank_factors(
    fit: Fit,
    error: ErrorEstimate,
    terms: pd.DataFrame,
    factors: list[str],
    *,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Rank the factors of a model by |main effect|.

    Parameters
    ----------
    fit : Fit
        The model.
    error : ErrorEstimate
        Behind the standard errors.
    terms : DataFrame
        As of ``term_table``.
    factors : list of str
        The k factors whose main effects are in the model.
    confidence : float
        Of the effects' limits, and of all rank intervals together.
    seed : int
        Of the simulations.

    Returns
    -------
    DataFrame, shape (k, 13)
        Sorted by rank: ``factor, rank, rank_low, rank_high, tied_with, effect, std_error, conf_low, conf_high,
        importance, p_value, p_adjusted, p_top``. Rank 1 has the largest |effect|, equal ones share the better rank.
        Without an error estimate the intervals are 1..k and what needs one is NaN.
    """
    rows = terms.set_index("term").loc[factors]
    effects = rows["effect"].to_numpy(dtype=np.float64)
    effects = np.where(np.abs(effects) > _ZERO * np.std(fit.y), effects, 0.0)
    intervals, p_top = _order(fit, error, factors, effects, confidence=confidence, seed=seed)
    apart = intervals.larger | intervals.larger.T
    tied = [[b for j, b in enumerate(factors) if j != i and not apart[i, j]] for i in range(len(factors))]
    total = float(effects @ effects)
    table = pd.DataFrame(
        {
            "factor": factors,
            "rank": ranks(effects),
            "rank_low": intervals.low,
            "rank_high": intervals.high,
            "tied_with": tied,
            "effect": effects,
            "std_error": 2.0 * rows["std_error"].to_numpy(),
            "conf_low": 2.0 * rows["conf_low"].to_numpy(),
            "conf_high": 2.0 * rows["conf_high"].to_numpy(),
            "importance": effects**2 / total if total > 0.0 else np.nan,
            "p_value": rows["p_value"].to_numpy(),
            "p_adjusted": rows["p_adjusted"].to_numpy(),
            "p_top": p_top,
        }
    )
    return table.sort_values("rank", kind="stable").reset_index(drop=True)


def ranks(effects: Array) -> npt.NDArray[np.int64]:
    """Rank effects by size.

    Parameters
    ----------
    effects : ndarray of float64, shape (k,)
        In any unit.

    Returns
    -------
    ndarray of int64, shape (k,)
        1 for the largest |effect|; effects equal up to rounding share the better rank.
    """
    magnitude = np.abs(effects)
    order = np.argsort(-magnitude, kind="stable")
    answer = np.empty(len(effects), dtype=np.int64)
    tolerance = _TIE * float(magnitude.max(initial=0.0))
    for place, i in enumerate(order):
        before = order[place - 1]
        tie = place > 0 and magnitude[before] - magnitude[i] <= tolerance
        answer[i] = answer[before] if tie else place + 1
    return answer


def _order(
    fit: Fit, error: ErrorEstimate, factors: list[str], effects: Array, *, confidence: float, seed: int
) -> tuple[RankIntervals, list[dict[str, float | None]]]:
    """Return what is known of the order: no claim and no probability without an error estimate."""
    k = len(factors)
    if error.sigma is None or error.df is None:
        return RankIntervals(np.zeros((k, k), dtype=np.bool_), 0.0), [{str(top): None for top in TOPS} for _ in factors]
    at = [fit.model.names.index(name) for name in factors]
    known = EffectUncertainty(
        effects=effects,
        covariance=4.0 * error.sigma**2 * fit.unscaled[np.ix_(at, at)],
        df=error.df,
        contrasts=len(error.contrasts) if error.null is not None else None,
    )
    shares = top_probabilities(known, TOPS, seed=seed)
    p_top: list[dict[str, float | None]] = [{str(top): float(shares[top][i]) for top in TOPS} for i in range(k)]
    return rank_intervals(known, confidence=confidence, seed=seed), p_top
