"""Judging a study more than once: what a look at the data costs in confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qim_stats.errors import QimError, TrialsError

STAGES = "stages"
"""The key of a table's design metadata that counts its stages: 1 for the first runs, 1 more for each follow-up."""

STAGE_TRIALS = "stage_trials"
"""The key that lists how many rows of the table each stage has, in order."""


def look_confidence(confidence: float, looks: int) -> float:
    """Return the confidence at which each of several looks at a growing study must be judged.

    Parameters
    ----------
    confidence : float
        That all claims of all looks together are to have, between 0 and 1.
    looks : int
        How often the study is judged in all, this time included; the number of its stages.

    Returns
    -------
    float
        1 - (1 - confidence) / looks.

    Raises
    ------
    QimError
        If the confidence is not between 0 and 1, or there is no look.

    Notes
    -----
    The chance that any of L looks makes a false claim is at most the sum of the chances of each (Bonferroni; Miller
    1981, Simultaneous Statistical Inference, section 1.3), whatever the dependence between them and whatever rule said
    to go on or to stop, as long as no more than L looks are taken. With L looks so far, claims made at an earlier look
    stand if they hold at this level too. Group-sequential boundaries (Pocock 1977; O'Brien and Fleming 1979) would ask
    for less, but for a plan of all looks that is fixed before the first.
    Posterior probabilities condition on all the data, so no rule for stopping changes them (Berger and Wolpert 1988,
    The Likelihood Principle, section 4.2); what they assume, they still assume.
    """
    if not 0.0 < confidence < 1.0:
        raise QimError(f"{confidence:g} is not between 0 and 1", where="--confidence", remedy="give 0.95, for one")
    if looks < 1:
        raise QimError(f"{looks} looks cannot be", where="looks", remedy="give 1 or more")
    return 1.0 - (1.0 - confidence) / looks


def looks_of(design: Mapping[str, Any]) -> int:
    """Return how many stages a table's design metadata count; 1 where they do not say.

    Parameters
    ----------
    design : mapping
        ``Metadata.design``.

    Returns
    -------
    int
        1 or more.

    Raises
    ------
    TrialsError
        If the count is not a whole number from 1.
    """
    stages = design.get(STAGES, 1)
    if isinstance(stages, bool) or not isinstance(stages, int) or stages < 1:
        raise TrialsError(
            f"the design's stages are {stages!r}, not a whole number from 1",
            where="metadata",
            remedy="mend the entry: 1 for the first runs, 1 more for each follow-up",
        )
    return stages


def stage_sizes(design: Mapping[str, Any], rows: int) -> list[int] | None:
    """Return how many rows of a table each of its stages has.

    Parameters
    ----------
    design : mapping
        ``Metadata.design``.
    rows : int
        Of the table.

    Returns
    -------
    list of int or None
        In order, with the sum ``rows``; None where there are several stages and nothing says which rows are whose, or
        what is said does not make up the table, as when rows were added by hand.

    Raises
    ------
    TrialsError
        If the count of stages is no number.
    """
    stages = looks_of(design)
    sizes = design.get(STAGE_TRIALS, [rows] if stages == 1 else None)
    whole = isinstance(sizes, list) and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
    return list(sizes) if whole and len(sizes) == stages and sum(sizes) == rows else None
