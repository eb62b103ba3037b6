"""What other scales of the response gain and cost, on every recorded table that the method was made with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from validation.tables import DEVELOPMENT, UNLOCKED, Validated

AS_IS, SCALES_ALIKE, ONE_SCALE = "as it is", "scales alike", "one scale"
COMPARED = (AS_IS, SCALES_ALIKE, ONE_SCALE)
TEXT = """With other scales of the response ([ranks.md](ranks.md)) interactions that are in the scale are not taken for
the net's own. The second version took all scales for equally probable; as it is the response as given has 0.95
beforehand, so that another scale needs evidence. Beside the response as given alone, by the first three right,
scales gain most on {gain},
and cost most on {cost}. Studies where
the three are right, of {studies} a cell, on all recorded tables that the method was made with; numbers in
[caution_scales.csv](../analysis/validation/caution_scales.csv):

{cells}

On mnist_pipeline scales that stretch the lower end have much of the probability, and three factors that interact
there are shrunken by a tenth each: enough to change who is third."""


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
        ``table, design, prior, studies, p_top3``, of the two priors named here.
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
    )
