"""The answer that ``analyze`` prints, as an estimator: what a user reads, both layers of evidence included."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import QimError
from qim_stats.factors import Factor
from qim_stats.ranks.bounds import RankBounds
from qim_stats.replays.estimators import Estimates

Array = npt.NDArray[np.float64]
_RESPONSE = "response"


def analyzed(x: Array, y: Array) -> Estimates:
    """Rank factors as ``analyze`` does, study by study.

    Parameters
    ----------
    x, y
        As of ``Estimator``.

    Returns
    -------
    Estimates
        Scores are k - rank. Simultaneous intervals are the printed ones (nominal 95 %), marginal ones the alias-aware
        layer's; a pair's probability is that of ``pairs``. A study that ``analyze`` refuses has no scores and claims
        nothing.

    Notes
    -----
    Takes about as long as an analysis does, for each study.
    """
    s, _, k = x.shape
    score, sign = np.full((s, k), np.nan), np.zeros((s, k))
    p_larger, p_top3 = np.full((s, k, k), 0.5), np.full((s, k), np.nan)
    marginal, simultaneous = (RankBounds(np.ones((s, k), np.int64), np.full((s, k), k)) for _ in range(2))
    for i in range(s):
        rows, pairs = _answer(x[i], y[i])
        for row in rows:
            at = int(row["factor"])
            score[i, at] = k - row["rank"]
            sign[i, at] = np.sign(row["effect"]) if row["effect"] is not None else 0.0
            p_top3[i, at] = (row["p_top"] or {}).get("3", np.nan)
            simultaneous.low[i, at], simultaneous.high[i, at] = row["rank_low"], row["rank_high"]
            own = row["alias_aware"] or {"marginal_low": row["rank_low"], "marginal_high": row["rank_high"]}
            marginal.low[i, at], marginal.high[i, at] = own["marginal_low"], own["marginal_high"]
        for pair in pairs:
            one, other, p = int(pair["factor"]), int(pair["other"]), pair["p_larger"]
            if p is not None and np.isfinite(p):
                p_larger[i, one, other], p_larger[i, other, one] = p, 1.0 - p
    return Estimates(score, sign, p_larger, p_top3, None, marginal, simultaneous)


def _answer(x: Array, y: Array) -> tuple[list[dict[Any, Any]], list[dict[Any, Any]]]:
    """Return the rows of ``ranking`` and of ``pairs``, factors named by their place; none where there is no answer."""
    from qim_stats.analyze_trials import analyze

    names = [str(i) for i in range(x.shape[1])]
    table = pd.DataFrame(x.astype(np.int64), columns=names).assign(**{_RESPONSE: y})
    factors = [Factor(name, -1, 1) for name in names]
    try:
        found = analyze(table, response=_RESPONSE, direction="maximize", factors=factors)
        return found.ranking().to_dict("records"), found.pairs().to_dict("records")
    except QimError:
        return [], []
