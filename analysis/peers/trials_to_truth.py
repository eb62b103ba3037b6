"""Trials to truth: the fewest trials from which a method has the first three right in 85 % of studies, and stays so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

SHARE = 0.85
_SURE = 2.0  # Monte Carlo errors


@dataclass(frozen=True)
class TrialsToTruth:
    """The answer for one method on one table.

    Parameters
    ----------
    trials : float or None
        Mean trials used at that budget; None where no budget tried will do.
    most : float
        Mean trials used at the largest budget tried.
    sure : bool
        Whether the share there, and that at the next smaller budget, are further from 85 % than two Monte Carlo errors.
    """

    trials: float | None
    most: float
    sure: bool

    def __str__(self) -> str:
        """Return it as a cell of a table: ``~`` where another draw of the studies might say otherwise."""
        shown = f"> {self.most:.0f}" if self.trials is None else f"{self.trials:.0f}"
        return shown if self.sure else f"~ {shown}"


def trials_to_truth(rows: pd.DataFrame) -> TrialsToTruth | None:
    """Find the trials to truth.

    Parameters
    ----------
    rows : DataFrame
        Of one method and table: ``budget, trials, studies, top3``.

    Returns
    -------
    TrialsToTruth or None
        None where the method was had with no budget.
    """
    if rows.empty:
        return None
    trials, share, studies = _pooled(rows.sort_values("budget"))
    # Of a share of 0 or 1 the error is that of one study more or less.
    error = np.sqrt(np.maximum(share * (1.0 - share), 1.0 / studies) / studies)
    clear = np.abs(share - SHARE) > _SURE * error
    wrong = np.flatnonzero(share < SHARE)
    if len(wrong) and wrong[-1] == len(share) - 1:
        return TrialsToTruth(None, float(trials[-1]), bool(clear[-1]))
    at = int(wrong[-1]) + 1 if len(wrong) else 0
    sure = bool(clear[at:].all()) and (at == 0 or bool(clear[at - 1]))
    return TrialsToTruth(float(trials[at]), float(trials[-1]), sure)


def _pooled(rows: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Return trials, shares and studies, those of budgets of which as many trials were used together.

    A fixed design that two budgets allow is one design: to stay right at both would be asked of it twice.
    """
    right = rows.assign(right=rows["top3"] * rows["studies"]).groupby("trials", sort=False)[["right", "studies"]].sum()
    trials, studies = (np.asarray(values, dtype=np.float64) for values in (right.index, right["studies"]))
    return trials, right["right"].to_numpy(dtype=np.float64) / studies, studies
