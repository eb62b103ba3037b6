"""The page docs/ways-on.md, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from validation import results
from validation.tables import ANALYSIS, Validated
from validation.work import AWARE, STOPPED

from ways_on.comparison import AT, CEILING, MEASURES, SEMIFOLD, SETTLE, WAYS, Way

FOLDER = Path(__file__).parent
DOCS = ANALYSIS.parent / "docs"
FILE = "comparison.csv"
PAGE = "ways-on.md"
COLUMNS = (
    "table",
    "fingerprint",
    "code",
    "design",
    "replays",
    *(c for name in MEASURES for c in (name, f"{name}_error")),
)
HEAD = """# Ways to begin, to go on and to stop

Made by `python analysis/ways_on/run.py`; numbers in full, with their Monte Carlo errors, in
[comparison.csv](../analysis/ways_on/comparison.csv). Virtual studies ([replays.md](replays.md)) on the recorded full
factorials of up to 8 factors, {studies} of each way on each table. All are ranked by the alias-aware posterior, so what
differs is which trials were run. `mean`: over the tables, with its Monte Carlo error. The noise ceiling is that of a
balanced design of so many trials whose interactions are all known.

| design | is |
|---|---|
{ways}
"""
SECTION = """
## {title}

{cells}
"""
STOPPING = """
## Stopping

`@0.9` stops at the first look, from 16 trials on, that gives the first three a probability of 0.9 (the studies of
[validation.md](validation.md)); `/settle` is {means},
{studies} studies a table. Trials on average, share of studies that ended settled, and share of those whose first three
were right (empty: none settled).

{cells}
"""


def read(path: Path) -> pd.DataFrame:
    """Return what was written; nothing where nothing was."""
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, dtype={"fingerprint": str, "code": str})


def put(rows: pd.DataFrame, new: pd.DataFrame, table: Validated) -> pd.DataFrame:
    """Replace the rows of a table."""
    others = rows[rows["table"] != table.name]
    named = new.assign(table=table.name, fingerprint=table.fingerprint, code=results.code())
    named = named.reindex(columns=list(COLUMNS))
    return named if others.empty else pd.concat([others, named], ignore_index=True)


def text(rows: pd.DataFrame, tables: Sequence[Validated]) -> str:
    """Return the page.

    Parameters
    ----------
    rows : DataFrame
        Of ``read``; those of tables that have changed since are left out.
    tables : sequence of Validated
        As they are now.
    """
    prints = {table.name: table.fingerprint for table in tables}
    rows = rows[rows["fingerprint"] == rows["table"].map(prints)]
    names = [table.name for table in tables if (rows["table"] == table.name).any()]
    if not names:
        return HEAD.format(studies="none", ways="")
    studies = rows.loc[~rows["design"].isin([CEILING, *SETTLE.words]), "replays"]
    low, high = int(studies.min()), int(studies.max())
    ways = "\n".join(f"| `{way.word.format('N')}` | {way.means} |" for way in WAYS)
    parts = [HEAD.format(studies=low if low == high else f"{low} to {high}", ways=ways)]
    parts += [_section(rows, names, *one) for one in _SECTIONS]
    ended = int(rows.loc[rows["design"] == SETTLE.word, "replays"].min())
    parts.append(STOPPING.format(means=SETTLE.means, studies=ended, cells=_stops(rows, names)))
    return "".join(parts)


_SECTIONS: tuple[tuple[str, str, int, Callable[[float], str]], ...] = tuple(
    (f"{title}, {n} trials", measure, n, shown)
    for n in AT
    for title, measure, shown in (
        ("First three right (per cent)", "p_top3", lambda value: f"{100 * value:.0f}"),
        ("Capture (per cent)", "top3_capture", lambda value: f"{100 * value:.1f}"),
        ("Width of the 95 % simultaneous intervals (ranks)", "width_simultaneous", lambda value: f"{value:.1f}"),
    )
)


def _section(
    rows: pd.DataFrame, names: Sequence[str], title: str, measure: str, n: int, shown: Callable[[float], str]
) -> str:
    lines = ["| design | " + " | ".join(names) + " | mean |", "|" + (2 + len(names)) * "---|"]
    if measure != "width_simultaneous":
        allowed = rows[(rows["design"] == CEILING) & (rows["trials"] == n)].set_index("table")[measure]
        cells = [shown(allowed[name]) for name in names]
        lines.append("| *noise ceiling* | " + " | ".join([*cells, shown(float(allowed[names].mean()))]) + " |")
    for way in WAYS:
        own = _at(rows, way, n)
        if own.empty:
            continue
        cells = [shown(own[measure][name]) if name in own.index else "" for name in names]
        lines.append(f"| `{own['design'].iloc[0]}` | " + " | ".join([*cells, _mean(own, measure, names, shown)]) + " |")
    return SECTION.format(title=title, cells="\n".join(lines))


def _at(rows: pd.DataFrame, way: Way, n: int) -> pd.DataFrame:
    """Return a way's rows at n trials by table; a semifold, which is less, stands with the first."""
    own = rows[rows["design"].isin(way.words)]
    near = {n, SEMIFOLD} if n == AT[0] else {n}
    return own[own["trials"].isin(near)].set_index("table")


def _mean(own: pd.DataFrame, measure: str, names: Sequence[str], shown: Callable[[float], str]) -> str:
    """Return the mean over the tables and its Monte Carlo error, if all tables have it."""
    if not set(names) <= set(own.index):
        return ""
    error = float(np.sqrt((own[f"{measure}_error"] ** 2).sum())) / len(own)
    return f"{shown(float(own[measure].mean()))} ± {shown(error)}"


def _stops(rows: pd.DataFrame, names: Sequence[str]) -> str:
    lines = ["| table | @0.9: trials | settled | right | /settle: trials | settled | right |", "|" + 7 * "---|"]
    known = results.read().rows
    for name in names:
        cells = []
        for source, design in ((known[known["estimator"] == AWARE], STOPPED), (rows, SETTLE.word)):
            own = source[(source["table"] == name) & (source["design"] == design)]
            cells += _stopped(own.iloc[0]) if len(own) else ["", "", ""]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _stopped(row: pd.Series) -> list[str]:
    right = "" if np.isnan(row["settled_right"]) or row["settled"] == 0.0 else f"{row['settled_right']:.2f}"
    settled = f"{row['settled']:.2f} ± {row['settled_error']:.2f}"
    return [f"{row['trials']:.1f} ± {row['trials_error']:.1f}", settled, right]
