"""The page on claims, and on first threes, in many studies."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from validation.claims import CALIBRATED
from validation.tables import ARTIFICIAL

from pairs.ceiling import ALLOWED, against_ceiling, beside_ceiling, ceiling_cells, in_the_mean
from pairs.rows import CHOSEN, FIXED
from qim_stats.replays.measures import SETTLED

_SURE = 2.0  # Monte Carlo errors
HEAD = """# Claims in many studies

Made by `python analysis/pairs/run.py`; numbers in [pairs.csv](../analysis/pairs/pairs.csv). Row 7 of
[validation.md](validation.md) judges claims P(i before j) in every design by a few dozen studies, and some of the
calibration error of so few is chance. Here are other, more studies of the same tables: {studies} of each design, fixed
ones and such as choose their trials, by the probabilities of the alias-aware ranks, as [replays.md](replays.md) defines
calibration. Wanted: at most {limit}.

{lines}

{cells}

## The first three

What the same studies say of their first three, in the mean: the probability, and after the stroke the share in which
the three contradict nothing known. Where several factors compete for the third place more come true than are said.

{top_lines}

Clearly: by two Monte Carlo errors, which one design in forty would be by chance that says just so much too much.

{top_cells}

### Claims of {settled:g} or more

Share of them that contradict nothing known, and of how many studies. The two designs of chosen trials are looks at the
same studies: a claim that stands at both counts twice.

{settled_lines}

{settled_cells}

## Against the noise ceiling

The share in which the three contradict nothing known, less what trial noise alone allows a balanced design of as many
trials (the noise ceiling, as [replays.md](replays.md) defines it), in studies that choose their trials: rows 1 and 2 of
[validation.md](validation.md), which has a few dozen studies. Studies may come above it, those of fixed designs too:
the ceiling is of balanced estimates in their own order, and a prior that fits a table knows more.

{ceiling_lines}

In the mean over the real tables fixed designs of as many trials are right as often, on single ones more or less often.
Choosing is for stopping early, and at 32 trials for somewhat narrower intervals ([ways-on.md](ways-on.md)).

{mean_lines}

{ceiling_cells}
"""


def text(rows: pd.DataFrame, measured: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    measured : DataFrame
        Of the same tables, as of ``validation.results.Results.rows``; the noise ceilings among them are told.
    """
    gaps = against_ceiling(rows, measured)
    artificial = rows["role"] == ARTIFICIAL
    by_kind = (("real", rows[~artificial]), ("artificial", rows[artificial]))
    lines = [_reading(kind, own) for kind, own in by_kind]
    return HEAD.format(
        studies=" to ".join(str(count) for count in sorted({*rows["studies"].agg(["min", "max"])})),
        limit=CALIBRATED,
        lines="\n".join(line for line in lines if line),
        cells=_cells(rows, _error_cell),
        top_lines="\n".join(_said_too_much(kind, own) for kind, own in by_kind if len(own)),
        top_cells=_cells(rows, _top_cell),
        settled=SETTLED,
        settled_lines="\n".join(_held(kind, own) for kind, own in by_kind if len(own)),
        settled_cells=_cells(rows, _settled_cell),
        ceiling_lines="\n".join(beside_ceiling(gaps, trials) for trials in ALLOWED),
        mean_lines="\n".join(in_the_mean(rows, gaps, trials) for trials in ALLOWED),
        ceiling_cells=ceiling_cells(gaps),
    )


def _reading(kind: str, rows: pd.DataFrame) -> str:
    """Say on how many tables all designs are within the goal, and where they are not."""
    if rows.empty:
        return ""
    worst = rows.loc[rows.groupby("table", sort=False)["calibration_error"].idxmax()]
    beyond = worst[worst["calibration_error"] > CALIBRATED].sort_values("calibration_error", ascending=False)
    names = [
        f"{row['table']} ({row['design']}, {row['calibration_error']:.3f} ± {row['calibration_error_error']:.3f})"
        for row in beyond.to_dict("records")
    ]
    told = f"- In the worst design at most {CALIBRATED} on {len(worst) - len(beyond)} of {len(worst)} {kind} tables"
    return f"{told}; more on {', '.join(names)}." if names else f"{told}."


def said_too_much(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the designs that clearly say more of their first three than comes true, with how much ``more`` that is.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.

    Returns
    -------
    DataFrame
        Rows that say more than the goal by over two Monte Carlo errors of the share that came true, the worst first.
    """
    more = rows["claimed_top3"] - rows["p_top3"]
    clear = more - CALIBRATED > _SURE * rows["p_top3_error"]
    return rows[clear].assign(more=more[clear]).sort_values("more", ascending=False)


def _said_too_much(kind: str, rows: pd.DataFrame) -> str:
    """Say on which tables more is said of the first three than comes true."""
    much = said_too_much(rows)
    told = f"- Clearly more than {CALIBRATED} too much is said in {len(much)} of {len(rows)} designs on {kind} tables"
    names = [
        f"{row['table']} ({row['design']}, {row['more']:.2f} ± {row['p_top3_error']:.2f} too much)"
        for row in much.to_dict("records")
    ]
    return f"{told}: {', '.join(names)}." if names else f"{told}."


def sure_claims(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the claims that settle the first three, all designs of a table together.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.

    Returns
    -------
    DataFrame
        By table with such a claim: number of ``claims``, the ``right`` share, and its Monte Carlo ``error``.
    """
    claims = (rows["settled"] * rows["studies"]).round()
    right = (claims * rows["settled_right"]).groupby(rows["table"], sort=False).sum()
    counts = claims.groupby(rows["table"], sort=False).sum()
    share = (right / counts)[counts > 0]
    error = ((share * (1.0 - share)).clip(lower=1.0 / counts[share.index]) / counts[share.index]) ** 0.5
    return pd.DataFrame({"claims": counts[share.index], "right": share, "error": error})


def _held(kind: str, rows: pd.DataFrame) -> str:
    """Say how many of the claims that settle the first three came true, and where fewer than they say."""
    found = sure_claims(rows)
    told = f"- On {kind} tables {_share_of(found)}"
    if found.empty:
        return f"{told}."
    told = f"{told}; in the mean over the {len(found)} tables that have any {100 * found['right'].mean():.0f} %."
    few = found[found["right"] < SETTLED].sort_values("right")
    if few.empty:
        return told
    names = [
        f"{name} ({row['right'] * row['claims']:.0f} of {row['claims']:.0f}{_clearly(row)})"
        for name, row in few.iterrows()
    ]
    last = rows[(rows["design"] == CHOSEN[-1]) & rows["table"].isin(few.index)]
    return (
        f"{told} Fewer than {SETTLED:g} on {', '.join(names)}: together {_share_of(few)}, and of those after "
        f"{CHOSEN[-1].partition('..')[2]} chosen trials {_share_of(sure_claims(last))}."
    )


def _clearly(row: pd.Series) -> str:
    return ", clearly" if SETTLED - row["right"] > _SURE * row["error"] else ""


def _share_of(found: pd.DataFrame) -> str:
    """Return how many of all claims came true."""
    claims = float(found["claims"].sum())
    return f"{100 * (found['right'] * found['claims']).sum() / claims:.0f} % of {claims:.0f}" if claims else "none of 0"


def _error_cell(row: pd.Series) -> str:
    return f"{row['calibration_error']:.3f} ± {row['calibration_error_error']:.3f}"


def _top_cell(row: pd.Series) -> str:
    return f"{row['claimed_top3']:.2f} / {row['p_top3']:.2f} ± {row['p_top3_error']:.2f}"


def _settled_cell(row: pd.Series) -> str:
    count = round(row["settled"] * row["studies"])
    return f"{row['settled_right']:.2f} of {count}" if count else "none"


def _cells(rows: pd.DataFrame, cell: Callable[[pd.Series], str]) -> str:
    designs = [*FIXED, *CHOSEN]
    lines = [f"| table | role | {' | '.join(designs)} |", "|" + (2 + len(designs)) * "---|"]
    for (table, role), own in rows.groupby(["table", "role"], sort=False):
        by = own.set_index("design")
        cells = [cell(by.loc[name]) if name in by.index else "" for name in designs]
        lines.append(f"| {table} | {role} | {' | '.join(cells)} |")
    return "\n".join(lines)
