"""What other scales of the response gain and cost, on every recorded table that the method was made with."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.replays.aware import DRAWS
from qim_stats.replays.estimators import Estimates
from qim_stats.screening.walsh_mixture import walsh_design
from qim_stats.screening.walsh_prior import WalshPrior
from validation.tables import DEVELOPMENT, UNLOCKED, Validated

Array = npt.NDArray[np.float64]
AS_IS, SCALES_ALIKE, ONE_SCALE = "as it is", "scales alike", "one scale"
FIRMER = {"given 0.99": WalshPrior(p_given=0.99), "given 0.999": WalshPrior(p_given=0.999)}
"""Priors between those two that believe in the response as given, by name."""
CORRECTED = "corrected"
COMPARED = (SCALES_ALIKE, AS_IS, *FIRMER, ONE_SCALE, CORRECTED)
"""From the least belief in the response as given to the most; and another way out."""
TEXT = """With other scales of the response ([ranks.md](ranks.md)) interactions that are in the scale are not taken for
the net's own. The second version took all scales for equally probable (`scales alike`); as it is the response as given
has 0.95 beforehand, so that another scale needs evidence; `given 0.99` and `given 0.999` ask for more of it.
`corrected` is as it is, and adds to the main effects those that least squares find in what the mean function leaves of
the trials. Beside the response as given alone, by the first three right, scales gain most on
{gain}, and cost most on {cost}. Studies where the three are right,
of {studies} a cell, on all recorded tables that the method was made with; numbers in
[caution_scales.csv](../analysis/validation/caution_scales.csv):

{cells}

{firmer}"""
COST = """On mnist_pipeline scales that stretch the lower end have much of the probability, and three factors that
interact there are shrunken by a tenth each: enough to change who is third. What other ways change of the share there,
both designs together, and in the mean of all tables: {ways}. What is gained there is lost on others."""


def made_with(tables: Sequence[Validated]) -> list[Validated]:
    """Return the recorded tables that may have been used in making the method.

    Parameters
    ----------
    tables : sequence of Validated
        Any.
    """
    return [table for table in tables if table.role in (DEVELOPMENT, UNLOCKED)]


def told(rows: pd.DataFrame) -> str:
    """Return where the first three are right more often, and less, because other scales are tried.

    Parameters
    ----------
    rows : DataFrame
        ``table, design, prior, studies, p_top3``, of ``COMPARED``.
    """
    right = rows.pivot_table(index=["table", "design"], columns="prior", values="p_top3", sort=False)[list(COMPARED)]
    gain = right[AS_IS] - right[ONE_SCALE]
    lines = [f"| table | design | {' | '.join(COMPARED)} |", "|" + (2 + len(COMPARED)) * "---|"]
    for (table, design), own in right.iterrows():
        lines.append(f"| {table} | {design} | " + " | ".join(f"{share:.2f}" for share in own) + " |")
    for design, own in right.groupby("design", sort=False):
        lines.append(f"| mean | {design} | " + " | ".join(f"{share:.2f}" for share in own.mean()) + " |")
    most, least = gain.idxmax(), gain.idxmin()
    return TEXT.format(
        gain=f"{most[0]} (`{most[1]}`)",
        cost=f"{least[0]} (`{least[1]}`)",
        studies=int(rows["studies"].iloc[0]),
        cells="\n".join(lines),
        firmer=_firmer(right),
    )


def _firmer(right: pd.DataFrame) -> str:
    """Say what the ways between as it is and one scale gain on the table that scales cost most, and in the mean."""
    change = right[[*FIRMER, CORRECTED]].sub(right[AS_IS], axis=0)
    own = change.loc[(right[AS_IS] - right[ONE_SCALE]).idxmin()[0]].mean()
    mean = change.mean()
    # Rounded first, and 0 added, so that no zero has a minus.
    ways = ", ".join(f"`{name}` {own[name]:+.2f} and {round(mean[name], 2) + 0.0:+.2f}" for name in change)
    return textwrap.fill(" ".join(COST.format(ways=ways).split()), 120, break_on_hyphens=False)


def corrected(x: Array, y: Array) -> Estimates:
    """Rank factors by the posterior's main effects and what its mean function leaves of them in the trials.

    Parameters
    ----------
    x, y
        As of ``Estimator``.

    Returns
    -------
    Estimates
        Scores and signs. Were a scale wrong, what it gets wrong of main effects would be left in the trials; the spread
        of the draws stays as it is.

    Raises
    ------
    ValueError
        Where a study has no posterior.
    """
    score, sign = np.empty((len(x), x.shape[2])), np.empty((len(x), x.shape[2]))
    for i, settings in enumerate(x):
        design = walsh_design(settings)
        found = design if isinstance(design, str) else design.functions(y[i], 0, draws=DRAWS)
        if isinstance(found, str):
            raise ValueError(found)
        left = y[i] - found.values[:, found.columns(settings)].mean(axis=0)
        with_mean = np.column_stack([np.ones(len(settings)), settings])
        effects = found.effects + np.linalg.lstsq(with_mean, left, rcond=None)[0][1:]
        score[i], sign[i] = np.abs(effects).mean(axis=0), np.sign(effects.mean(axis=0))
    return Estimates(score, sign)
