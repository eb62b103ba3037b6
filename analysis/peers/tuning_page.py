"""Whether screening before tuning pays: the rows computed so far, and their section of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from peers.perceptron import RANGES
from peers.tuning_spaces import Space
from peers.tuning_strategies import STRATEGIES, Strategy

FILE = Path(__file__).parent / "tuning.csv"
_SAME = 1e-5  # relative difference between targets that is rounding in the file
ALONE, TOLD, HELD = "TPE, all", "pb12, told to TPE on all", "pb12..24, then TPE on 5"
HEAD = """
## Does it pay?

Made by the same command; numbers in [tuning.csv](../analysis/peers/tuning.csv). Optuna's TPE and its random search,
with their defaults, on all hyperparameters against the same on the three or five that ranked top in a screening, the
others held at the level that was better in it: PB12, or PB12 and twelve trials chosen after it, ranked by the
alias-aware posterior. `told`: nothing is held, and TPE is told of the twelve trials in place of its own random start,
so that they serve both for the ranks and for tuning. Numbers of trials until the best-known response is reached within
the seed noise, **those of the screening included**, out of {budget} at most: median and quartiles over the repeats, `>`
where not reached.

On a table the space is its 2^k corners, the best known its best recorded response, and a setting reaches it whose
recorded response is less than one SD of the difference of two trials away. The perceptron is real and continuous: one
of scikit-learn on its 8x8 digits with {real} hyperparameters, within ranges of someone who knows such nets (narrow) and
of someone who does not (wide), screened at a quarter and three quarters of each range, trained for each trial, judged
by the log loss on held-out images. Its best known comes of a long search
([reference.json](../analysis/peers/reference.json)), and a setting reaches it whose mean over five fresh trials, not
counted, is within one seed SD. Not all of this was laid down beforehand: the wide ranges, the judging by fresh trials
and the SD of the best setting itself came after a first try, narrow and judged by single trials, in which every
strategy was there within about ten trials.

`good`: share of all settings that reach it. Where many do, a few random trials find one, and there is little that a
screening could save. The error of a share of 0 or 100 % is that of one repeat more or less. Rows were made with
{versions}.

{reading}
| space | good | strategy | median | quartiles | reached (%) | repeats |
|---|---|---|---|---|---|---|
{rows}
"""
READING = """Of {spaces} spaces, TPE that is told of the screening is there sooner than TPE alone on {sooner},
as soon on {same}, later on {later}, by the medians: {best} trials fewer at best, on "{where}", {most} more at most; on
the {tables} tables {mean} more in the mean. On "{where}" it reached the best known in {told_there} of {repeats}
repeats, TPE alone in {alone_there}; elsewhere each did in {elsewhere} % of them at least. So the trials of a screening
are hardly lost on tuning, if the tuner is told of them. To hold factors at their better level is a risk: after
24 trials, TPE on the first five reached the best known in {held} of the repeats, and in {least} on "{lowest}".
"""


def read(path: Path = FILE) -> pd.DataFrame:
    """Return the rows of the file, none where there is no file yet."""
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["space", "strategy", "target", "repeats"])


def is_there(rows: pd.DataFrame, space: Space, strategy: Strategy, repeats: int) -> bool:
    """Whether enough repeats towards the same target are among the rows."""
    own = _rows_of(rows, space, strategy)
    return not own.empty and int(own["repeats"].iloc[0]) >= repeats


def is_stale(rows: pd.DataFrame, space: Space, strategy: Strategy, version: str) -> bool:
    """Whether what is among the rows towards the same target was made by another version."""
    own = _rows_of(rows, space, strategy)
    return not own.empty and str(own["version"].iloc[0]) != version


def put(rows: pd.DataFrame, new: pd.DataFrame, path: Path = FILE) -> None:
    """Replace the row of a space and strategy, and write the file whole."""
    one = new.iloc[0]
    kept = rows[~((rows["space"] == one["space"]) & (rows["strategy"] == one["strategy"]))]
    joined = new if kept.empty else pd.concat([kept, new])
    part = path.with_suffix(".part")
    joined.sort_values(["space", "strategy"], kind="stable").to_csv(part, index=False, float_format="%.6g")
    part.replace(path)


def _rows_of(rows: pd.DataFrame, space: Space, strategy: Strategy) -> pd.DataFrame:
    own = rows[(rows["space"] == space.name) & (rows["strategy"] == strategy.name)]
    return own[np.isclose(own["target"].astype(float), space.target, rtol=_SAME)]


def section(path: Path = FILE) -> str:
    """Return the section of the page, empty where nothing is known yet."""
    rows = read(path)
    if rows.empty:
        return ""
    lines = []
    for space in rows["space"].unique():
        for strategy in STRATEGIES:
            own = rows[(rows["space"] == space) & (rows["strategy"] == strategy.name)]
            if own.empty:
                continue
            row = own.iloc[0]
            first, median, third = (
                _trials(row[name], row["budget"]) for name in ("first_quartile", "median", "third_quartile")
            )
            good = "?" if np.isnan(row["good"]) else f"{100 * row['good']:.1f} %"
            error = max(row["reached_error"], 1.0 / row["repeats"])
            reached = f"{100 * row['reached']:.0f} ± {100 * error:.1f}"
            lines.append(
                f"| {space} | {good} | {strategy.name} | {median} | {first} to {third} | {reached} | {row['repeats']} |"
            )
    return HEAD.format(
        budget=int(rows["budget"].max()),
        real=len(RANGES["perceptron, wide"]),
        versions=" and with ".join(sorted(rows["version"].unique())),
        reading=_reading(rows),
        rows="\n".join(lines),
    )


def _reading(rows: pd.DataFrame) -> str:
    """Return in words what the three strategies of most interest come to; empty where one of them is missing."""
    medians, reached = (rows.pivot(index="space", columns="strategy", values=name) for name in ("median", "reached"))
    if not {ALONE, TOLD, HELD} <= set(medians.columns) or medians[[ALONE, TOLD, HELD]].isna().any(axis=None):
        return ""
    # Beyond the budget nothing is known: there a difference is what it is at least.
    medians = medians.clip(upper=rows["budget"].max())
    gained = medians[ALONE] - medians[TOLD]
    where = gained.idxmax()
    tables = gained[~gained.index.isin(RANGES)]
    repeats = rows.set_index(["space", "strategy"])["repeats"]
    there = {name: round(reached.loc[where, name] * repeats[where, name]) for name in (ALONE, TOLD)}
    return READING.format(
        spaces=len(gained),
        sooner=int((gained > 0).sum()),
        same=int((gained == 0).sum()),
        later=int((gained < 0).sum()),
        best=f"{gained.max():.0f}",
        where=where,
        tables=len(tables),
        mean=f"{-tables.mean():.1f}",
        told_there=there[TOLD],
        alone_there=there[ALONE],
        repeats=repeats[where, TOLD],
        elsewhere=f"{100 * reached.drop(index=where)[[ALONE, TOLD]].min(axis=None):.0f}",
        most=f"{-gained.min():.0f}",
        held=f"{100 * reached[HELD].mean():.0f} %",
        least=f"{100 * reached[HELD].min():.0f} %",
        lowest=reached[HELD].idxmin(),
    )


def _trials(count: float, budget: float) -> str:
    return f"{count:.0f}" if np.isfinite(count) else f"> {budget:.0f}"
