"""Which factors make trials fail: a row per factor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.failures.firth import FirthFit, fit_firth
from qim_stats.failures.fisher import fisher_exact
from qim_stats.failures.outcomes import Outcomes
from qim_stats.model.multiplicity import adjust_p_values


def factor_table(found: Outcomes, *, confidence: float = 0.95) -> tuple[pd.DataFrame, str | None]:
    """Test each factor for an effect on failing.

    Parameters
    ----------
    found : Outcomes
        m trials of k factors.
    confidence : float
        Of the limits of the odds ratios.

    Returns
    -------
    table : DataFrame, k rows
        ``factor``; ``failed_low``, ``failed_high``: failed trials of all at that level, as "2/6"; ``odds_ratio``,
        ``conf_low``, ``conf_high``: of failing at high against low, the other factors held (Firth's fit of all main
        effects); ``p_value``: Fisher's exact test of the factor alone; ``p_adjusted``: the same after Holm over the k
        factors; ``p_firth``: penalized likelihood ratio test with the others held; ``coefficient``: log odds per
        coded unit, so ``odds_ratio`` = exp(2 x ``coefficient``). What cannot be had is NaN.
    reason : str or None
        Why there is no Firth fit, if there is none.
    """
    coded = found.coded.to_numpy(dtype=np.float64)
    fit = fit_firth(np.column_stack([np.ones(len(coded)), coded]), found.failed, confidence=confidence)
    rows = []
    for number, name in enumerate(found.coded.columns, start=1):
        low, high = (count(found, coded[:, number - 1] == side) for side in (-1.0, 1.0))
        rows.append(
            {
                "factor": str(name),
                "failed_low": f"{low[0]}/{low[1]}",
                "failed_high": f"{high[0]}/{high[1]}",
                **_odds(fit, number),
                "p_value": fisher_exact(*low, *high),
            }
        )
    table = pd.DataFrame(rows)
    p_values = table["p_value"].to_numpy(dtype=np.float64)
    adjusted, known = np.full(len(p_values), np.nan), ~np.isnan(p_values)
    adjusted[known] = adjust_p_values(p_values[known], "holm")
    order = ["factor", "failed_low", "failed_high", "odds_ratio", "conf_low", "conf_high", "p_value", "p_adjusted"]
    return table.assign(p_adjusted=adjusted)[[*order, "p_firth", "coefficient"]], fit if isinstance(fit, str) else None


def count(found: Outcomes, where: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the failed and all trials of a part."""
    return int((found.failed & where).sum()), int(where.sum())


def _odds(fit: FirthFit | str, number: int) -> dict[str, float]:
    """Return the Firth columns; a change from low to high is two coded units."""
    keys = ("odds_ratio", "conf_low", "conf_high", "p_firth", "coefficient")
    if isinstance(fit, str):
        return dict.fromkeys(keys, float("nan"))
    columns = (fit.coefficients, fit.conf_low, fit.conf_high)
    odds = [float(np.exp(2.0 * column[number])) for column in columns]
    return dict(zip(keys, [*odds, float(fit.p_values[number]), float(fit.coefficients[number])], strict=True))
