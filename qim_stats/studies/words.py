"""What several studies say together, in words."""

from __future__ import annotations

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.studies.concordance import Concordance


def combination_words(table: pd.DataFrame, agreement: Concordance | None, studies: int, confidence: float) -> str:
    """Say whether the studies rank the factors alike, which factors keep their rank, and which do not.

    Parameters
    ----------
    table : DataFrame
        As of ``Combination.factors``.
    agreement : Concordance or None
        Of the rankings.
    studies : int
        How many there are.
    confidence : float
        A claim needs a p-value below 1 - confidence.

    Returns
    -------
    str
        One to four sentences.
    """
    alpha = 1.0 - confidence
    parts = []
    if agreement is None:
        parts.append("There is no order to compare.")
    elif agreement.p_permutation < alpha:
        parts.append(
            f"The {studies} studies rank the factors more alike than chance would (Kendall's W {agreement.w:.2f}, "
            f"p {_p(agreement.p_permutation)})."
        )
    else:
        parts.append(
            f"Whether the {studies} studies rank the factors alike cannot be told (Kendall's W {agreement.w:.2f}, "
            f"p {_p(agreement.p_permutation)})."
        )
    for status, words in (
        ("keeps", "Of the same rank within two places in every study"),
        ("moves", "Of different rank in different studies (their intervals do not overlap)"),
    ):
        names = table.loc[table["status"] == status, "factor"].tolist()
        if names:
            parts.append(f"{words}: {listed(names)}.")
    if not (table["status"] != "open").any():
        parts.append("Of no factor can it be told whether it keeps its rank.")
    shared = table.loc[table["p_adjusted"] < alpha, "factor"].tolist()
    if shared:
        parts.append(f"An effect common to the studies is certain for {listed(shared)}.")
    differ = table.loc[table["q_p_value"] < alpha, "factor"].tolist()
    if differ:
        parts.append(f"Effects that differ between studies by more than noise: {listed(differ)}.")
    return " ".join(parts)


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
