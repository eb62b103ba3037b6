"""The page on claims, and on first threes, in many studies."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from validation.claims import CALIBRATED
from validation.goals import GOALS, Verdict, judge
from validation.tables import ARTIFICIAL
from validation.work import CEILING

from pairs.rows import CHOSEN, FIXED
from qim_stats.replays.measures import SETTLED

_SURE = 2.0  # Monte Carlo errors
_ALLOWED = {
    trials: next(goal for goal in GOALS if goal.name == f"first three right, {trials} trials") for trials in (24, 32)
}
"""Goals on how far below the noise ceiling the share of right first threes may be, by trials."""
_DESIGNS = dict(zip(_ALLOWED, zip(FIXED, CHOSEN, strict=True), strict=True))
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

{top_cells}

### Claims of {settled:g} or more

Share of them that contradict nothing known, and of how many studies.

{settled_lines}

{settled_cells}

## Against the noise ceiling

The share in which the three contradict nothing known, less what trial noise alone allows a balanced design of as many
trials (the noise ceiling, as [replays.md](replays.md) defines it), in studies that choose their trials: rows 1 and 2 of
[validation.md](validation.md), which has a few dozen studies. Chosen trials may come above it: they go where they tell
most.

{ceiling_lines}

Fixed designs of as many trials are right about as often: choosing is for stopping early, and at 32 trials for somewhat
narrower intervals ([ways-on.md](ways-on.md)). Means over the real tables:

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
        ceiling_lines="\n".join(_beside_ceiling(gaps, trials) for trials in _ALLOWED),
        mean_lines="\n".join(_in_the_mean(rows, gaps, trials) for trials in _ALLOWED),
        ceiling_cells=_ceiling_cells(gaps),
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
    worst = said_too_much(rows).groupby("table", sort=False).head(1)
    told = (
        f"- Clearly more than {CALIBRATED} too much is said on {len(worst)} of {rows['table'].nunique()} {kind} tables"
    )
    names = [
        f"{row['table']} ({row['design']}, {row['more']:.2f} ± {row['p_top3_error']:.2f} too much)"
        for row in worst.to_dict("records")
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
    error = (share * (1.0 - share) / counts[share.index]) ** 0.5
    return pd.DataFrame({"claims": counts[share.index], "right": share, "error": error})


def _held(kind: str, rows: pd.DataFrame) -> str:
    """Say how many of the claims that settle the first three came true, and where clearly fewer than they say."""
    found = sure_claims(rows)
    few = found[SETTLED - found["right"] > _SURE * found["error"]]
    share = (found["right"] * found["claims"]).sum() / max(found["claims"].sum(), 1.0)
    told = f"- On {kind} tables {100 * share:.0f} % of {found['claims'].sum():.0f}"
    names = [f"{name} ({row['right']:.2f} of {row['claims']:.0f})" for name, row in few.iterrows()]
    return f"{told}; clearly fewer than {SETTLED:g} on {', '.join(names)}." if names else f"{told}."


def against_ceiling(rows: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Hold the first three of studies that choose their trials against the noise ceiling.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    measured : DataFrame
        As of ``text``.

    Returns
    -------
    DataFrame
        By table and number of ``trials``: ``role``, ``right`` with its Monte Carlo ``error``, the ``ceiling``, the
        ``gap`` between them, negative below it, and the ``verdict`` by the goal. No row where no ceiling is known.
    """
    ceilings = measured[measured["design"] == CEILING].set_index(["table", "trials"])["p_top3"]
    found = []
    for trials, goal in _ALLOWED.items():
        for row in rows[rows["design"] == f"pb12..{trials}"].to_dict("records"):
            ceiling = float(ceilings.get((row["table"], trials), float("nan")))
            gap, error = row["p_top3"] - ceiling, row["p_top3_error"]
            verdict = judge(gap, error, goal.limit, at_least=True)
            who = {"table": row["table"], "role": row["role"], "trials": trials}
            found.append(
                {**who, "right": row["p_top3"], "error": error, "ceiling": ceiling, "gap": gap, "verdict": verdict}
            )
    columns = ["table", "role", "trials", "right", "error", "ceiling", "gap", "verdict"]
    return pd.DataFrame(found, columns=columns).dropna(subset=["ceiling"]).reset_index(drop=True)


def _beside_ceiling(gaps: pd.DataFrame, trials: int) -> str:
    """Say on how many real tables the goal is met or missed, and on how many the ceiling is passed."""
    own = gaps[(gaps["trials"] == trials) & (gaps["role"] != ARTIFICIAL)]
    counts = own["verdict"].value_counts()
    missed = own[own["verdict"] == Verdict.NOT_MET].sort_values("gap")
    names = ", ".join(f"{row['table']} ({row['gap']:+.2f} ± {row['error']:.2f})" for row in missed.to_dict("records"))
    above, clearly = (int((own["gap"] > least).sum()) for least in (0.0, _SURE * own["error"]))
    return (
        f"- At {trials} trials {_ALLOWED[trials].wanted} on {counts.get(Verdict.MET, 0)} of {len(own)} real tables; "
        f"clearly less on {names or 'none'}; too close to tell on {counts.get(Verdict.UNSURE, 0)}. "
        f"Above the ceiling on {above}, clearly so on {clearly}."
    )


def right_in_the_mean(rows: pd.DataFrame, trials: int) -> pd.DataFrame:
    """Return the mean over the real tables of the share with the first three right.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    trials : int
        24 or 32.

    Returns
    -------
    DataFrame
        By design of so many trials, the fixed one first: ``right`` with its Monte Carlo ``error``.
    """
    real = rows[rows["role"] != ARTIFICIAL]
    found = {}
    for design in _DESIGNS[trials]:
        own = real[real["design"] == design]
        error = float((own["p_top3_error"] ** 2).sum() ** 0.5 / max(len(own), 1))
        found[design] = {"right": float(own["p_top3"].mean()), "error": error}
    return pd.DataFrame.from_dict(found, orient="index")


def _in_the_mean(rows: pd.DataFrame, gaps: pd.DataFrame, trials: int) -> str:
    means = right_in_the_mean(rows, trials)
    ceiling = gaps.loc[(gaps["trials"] == trials) & (gaps["role"] != ARTIFICIAL), "ceiling"].mean()
    told = [f"`{design}` {row['right']:.2f} ± {row['error']:.2f}" for design, row in means.iterrows()]
    return f"- {trials} trials: {', '.join(told)}; the noise ceiling {ceiling:.2f}."


def _ceiling_cells(gaps: pd.DataFrame) -> str:
    heads = [f"ceiling, {trials} | chosen | gap" for trials in _ALLOWED]
    lines = [f"| table | role | {' | '.join(heads)} |", "|" + (2 + 3 * len(heads)) * "---|"]
    for (table, role), own in gaps.groupby(["table", "role"], sort=False):
        by = own.set_index("trials")
        cells = [_gap_cells(by.loc[trials]) if trials in by.index else " |  | " for trials in _ALLOWED]
        lines.append(f"| {table} | {role} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gap_cells(row: pd.Series) -> str:
    return f"{row['ceiling']:.2f} | {row['right']:.2f} ± {row['error']:.2f} | {row['gap']:+.2f}"


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
