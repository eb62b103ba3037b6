"""What other scales of the response gain and cost, on every recorded table that the method was made with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from validation.tables import DEVELOPMENT, UNLOCKED, Validated

AS_IS, ONE_SCALE = "as it is", "one scale"
TEXT = """With other scales of the response ([ranks.md](ranks.md)) interactions that are in the scale are not
taken for the net's own. By the first three right, that gains most on {gain}, and costs most on
{cost}. Studies where they are right, of {studies} a cell, as it is and with the response as given
alone, on all recorded tables that the method was made with; numbers in
[caution_scales.csv](../analysis/validation/caution_scales.csv):

{cells}

On mnist_pipeline scales that stretch the lower end have nearly all the probability, and three factors that interact
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
    right = rows.pivot_table(index=["table", "design"], columns="prior", values="p_top3", sort=False)
    gain = right[AS_IS] - right[ONE_SCALE]
    lines = ["| table | design | as it is | one scale |", "|---|---|---|---|"]
    for (table, design), own in right.iterrows():
        lines.append(f"| {table} | {design} | {own[AS_IS]:.2f} | {own[ONE_SCALE]:.2f} |")
    for design, own in right.groupby("design", sort=False):
        lines.append(f"| mean | {design} | {own[AS_IS].mean():.2f} | {own[ONE_SCALE].mean():.2f} |")
    most, least = gain.idxmax(), gain.idxmin()
    return TEXT.format(
        gain=f"{most[0]} (`{most[1]}`)",
        cost=f"{least[0]} (`{least[1]}`)",
        studies=int(rows["studies"].iloc[0]),
        cells="\n".join(lines),
    )
