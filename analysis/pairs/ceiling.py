"""The first three of many studies held against what trial noise allows, and chosen trials against fixed designs."""

from __future__ import annotations

import pandas as pd
from validation.goals import GOALS, Verdict, judge
from validation.tables import ARTIFICIAL
from validation.work import CEILING

from pairs.rows import CHOSEN, FIXED

_SURE = 2.0  # Monte Carlo errors
ALLOWED = {
    trials: next(goal for goal in GOALS if goal.name == f"first three right, {trials} trials") for trials in (24, 32)
}
"""Goals on how far below the noise ceiling the share of right first threes may be, by trials."""
_DESIGNS = dict(zip(ALLOWED, zip(FIXED, CHOSEN, strict=True), strict=True))


def against_ceiling(rows: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Hold the first three of studies that choose their trials against the noise ceiling.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    measured : DataFrame
        As of ``validation.results.Results.rows``; the noise ceilings among them are held against.

    Returns
    -------
    DataFrame
        By table and number of ``trials``: ``role``, ``right`` with its Monte Carlo ``error``, the ``ceiling``, the
        ``gap`` between them, negative below it, and the ``verdict`` by the goal. No row where no ceiling is known.
    """
    ceilings = measured[measured["design"] == CEILING].set_index(["table", "trials"])["p_top3"]
    found = []
    for trials, goal in ALLOWED.items():
        for row in rows[rows["design"] == _DESIGNS[trials][-1]].to_dict("records"):
            ceiling = float(ceilings.get((row["table"], trials), float("nan")))
            gap, error = row["p_top3"] - ceiling, row["p_top3_error"]
            verdict = judge(gap, error, goal.limit, at_least=True)
            who = {"table": row["table"], "role": row["role"], "trials": trials}
            found.append(
                {**who, "right": row["p_top3"], "error": error, "ceiling": ceiling, "gap": gap, "verdict": verdict}
            )
    columns = ["table", "role", "trials", "right", "error", "ceiling", "gap", "verdict"]
    return pd.DataFrame(found, columns=columns).dropna(subset=["ceiling"]).reset_index(drop=True)


def beside_ceiling(gaps: pd.DataFrame, trials: int) -> str:
    """Say on how many real tables the goal is met or missed, and on how many the ceiling is passed."""
    own = gaps[(gaps["trials"] == trials) & (gaps["role"] != ARTIFICIAL)]
    counts = own["verdict"].value_counts()
    missed = own[own["verdict"] == Verdict.NOT_MET].sort_values("gap")
    names = ", ".join(f"{row['table']} ({row['gap']:+.2f} ± {row['error']:.2f})" for row in missed.to_dict("records"))
    above, clearly = (int((own["gap"] > least).sum()) for least in (0.0, _SURE * own["error"]))
    return (
        f"- At {trials} trials {ALLOWED[trials].wanted} on {counts.get(Verdict.MET, 0)} of {len(own)} real tables; "
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


def more_by_choosing(rows: pd.DataFrame, trials: int) -> pd.Series:
    """Return by real table how much more often the first three are right with chosen trials than with fixed ones.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    trials : int
        24 or 32.
    """
    real = rows[rows["role"] != ARTIFICIAL]
    fixed, chosen = (real[real["design"] == design].set_index("table")["p_top3"] for design in _DESIGNS[trials])
    return (chosen - fixed).dropna()


def in_the_mean(rows: pd.DataFrame, gaps: pd.DataFrame, trials: int) -> str:
    """Say how often fixed and chosen trials are right in the mean over the real tables, and how far apart on one."""
    means = right_in_the_mean(rows, trials)
    ceiling = gaps.loc[(gaps["trials"] == trials) & (gaps["role"] != ARTIFICIAL), "ceiling"].mean()
    told = [f"`{design}` {row['right']:.2f} ± {row['error']:.2f}" for design, row in means.iterrows()]
    more = more_by_choosing(rows, trials)
    span = f"{more.min():+.2f} ({more.idxmin()}) to {more.max():+.2f} ({more.idxmax()})" if len(more) else "unknown"
    return f"- {trials} trials: {', '.join(told)}; the noise ceiling {ceiling:.2f}. By choosing, from {span}."


def ceiling_cells(gaps: pd.DataFrame) -> str:
    """Return the table of all gaps, as of ``against_ceiling``."""
    heads = [f"ceiling, {trials} | chosen | gap" for trials in ALLOWED]
    lines = [f"| table | role | {' | '.join(heads)} |", "|" + (2 + 3 * len(heads)) * "---|"]
    for (table, role), own in gaps.groupby(["table", "role"], sort=False):
        by = own.set_index("trials")
        cells = [_gap_cells(by.loc[trials]) if trials in by.index else " |  | " for trials in ALLOWED]
        lines.append(f"| {table} | {role} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gap_cells(row: pd.Series) -> str:
    return f"{row['ceiling']:.2f} | {row['right']:.2f} ± {row['error']:.2f} | {row['gap']:+.2f}"
