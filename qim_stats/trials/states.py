"""What became of each trial: done, failed in one of several ways, or not run yet."""

from __future__ import annotations

import pandas as pd

FAILED_STATES = ("diverged", "failed", "killed", "oom", "timeout")
"""The states of a trial that was run and came to nothing."""
PENDING = "pending"
DIVERGED = "diverged"
DONE = "done"


def words(column: pd.Series) -> pd.Series:
    """Return a column's texts without the blanks around them; empty where there is none."""
    # A column without any text is read as numbers that are missing, which pandas fills with numbers only.
    return column.astype(object).fillna("").astype(str).str.strip()


def states(frame: pd.DataFrame) -> list[str]:
    """Return the state of each row of a trials table.

    Parameters
    ----------
    frame : DataFrame
        One row per trial.

    Returns
    -------
    list of str
        In small letters and without blanks around them; ``"done"`` for all where there is no column ``state``.
    """
    return words(frame["state"]).str.lower().tolist() if "state" in frame else [DONE] * len(frame)


def labels(column: pd.Series) -> list[str]:
    """Spell the values of a column as text, whole numbers without a decimal point."""
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in column.tolist()]
