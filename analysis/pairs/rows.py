"""What is replayed for the page on many studies, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
FIXED = ("pb12+foldover", "frac32")
CHOSEN = ("pb12..24", "pb12..32")
MEASURES = ("calibration_error", "p_top3", "claimed_top3", "settled", "settled_right")
COLUMNS = (
    *("table", "role", "factors", "design", "studies"),
    *(column for name in MEASURES for column in (name, f"{name}_error")),
    "answers",
)


def read(path: Path = FOLDER / "pairs.csv") -> pd.DataFrame:
    """Return what is known, none where there is no file: ``COLUMNS``."""
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, dtype={"answers": str}).reindex(columns=list(COLUMNS))


def put(rows: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return rows with new ones in place of those of the same table and design."""
    there = set(zip(new["table"], new["design"], strict=True))
    kept = [key not in there for key in zip(rows["table"], rows["design"], strict=True)]
    return pd.concat([rows[kept], new], ignore_index=True) if any(kept) else new


def in_order(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return rows in the order of these tables, whichever was computed first."""
    places = {name: place for place, name in enumerate(names)}
    return rows.sort_values("table", key=lambda tables: tables.map(places), kind="stable", ignore_index=True)
