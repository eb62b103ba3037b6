"""Whether probabilities keep their word, in many studies: python analysis/pairs/run.py [TABLE ...] [--page].

docs/validation.md judges every design by a few dozen studies, some of whose calibration error is chance: in each bin of
claims the share that comes true differs from what is said, even where all keep their word. Here each recorded and each
artificial table is replayed often enough to tell .05 from that. Writes docs/pairs.md and pairs.csv; computes what that
lacks, or has from another version of the method, table by table.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
from peers.answers import fingerprint
from validation.claims import CALIBRATED
from validation.results import check_folders
from validation.tables import ANALYSIS, ARTIFICIAL, Validated, all_tables, read_list
from validation.work import AWARE, measured_rows, replayed

from qim_stats.errors import QimError
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.measures import SETTLED

FOLDER = Path(__file__).parent
DOCS = ANALYSIS.parent / "docs"
FIXED = ("pb12+foldover", "frac32")
CHOSEN = ("pb12..24", "pb12..32")
SEED = 1
"""Other studies than those of docs/validation.md, whose seed is 0."""
MEASURES = ("calibration_error", "p_top3", "claimed_top3", "settled", "settled_right")
COLUMNS = (
    *("table", "role", "factors", "design", "studies"),
    *(column for name in MEASURES for column in (name, f"{name}_error")),
    "answers",
)
_USUAL = 9  # factors up to which an answer takes a fraction of a second
_MANY, _FEW = (200, 200), (60, 16)  # studies of fixed designs and of those that choose; beyond that
_SURE = 2.0  # Monte Carlo errors
HEAD = """# Claims in many studies

Made by `python analysis/pairs/run.py`; numbers in [pairs.csv](../analysis/pairs/pairs.csv). Row 7 of
[validation.md](validation.md) judges claims P(i before j) in every design by a few dozen studies, and some of the
calibration error of so few is chance. Here are other, more studies of the same tables: {fixed} of each fixed design and
{chosen} of those that choose their trials, fewest with more than {usual} factors, by the probabilities of the
alias-aware ranks, as [replays.md](replays.md) defines calibration. Wanted: at most {limit}.

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
"""


def main(words: Sequence[str] | None = None) -> int:
    """Compute, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="names of tables; by default all")
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--share", type=float, default=1.0, help="of the studies")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=FOLDER, help="where pairs.csv is")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes")
    options = parser.parse_args(words)
    try:
        check_folders({"--results": options.results, "--docs": options.docs})
        if options.share <= 0.0:
            raise QimError("no study is a share of nothing", where="--share", remedy="give more than 0, such as 0.1")
        tables = all_tables(read_list(), options.tables)
    except QimError as error:
        print(f"pairs: {error}", file=sys.stderr)
        return 2
    path = options.results / "pairs.csv"
    for table in [] if options.page else tables:
        rows = read(path)
        missing = missing_designs(rows, table, options.share)
        for designs in (FIXED, CHOSEN):
            asked = [design for design in designs if design in missing]
            if asked:
                began = monotonic()
                new = measured(table, asked, studies_of(table, asked[0], options.share), options.jobs)
                rows = put(rows, new)
                rows.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
                print(f"{table.name}, {', '.join(asked)}: {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    told = text(in_order(read(path), [table.name for table in all_tables(read_list())]))
    (options.docs / "pairs.md").write_text(told, encoding="utf-8")
    print(told)
    return 0


def read(path: Path = FOLDER / "pairs.csv") -> pd.DataFrame:
    """Return what is known, none where there is no file: ``COLUMNS``."""
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path, dtype={"answers": str}).reindex(columns=list(COLUMNS))


def studies_of(table: Validated, design: str, share: float = 1.0) -> int:
    """Return how many studies a design gets on a table: fewer where an answer takes longer."""
    fixed, chosen = _MANY if table.full.k <= _USUAL else _FEW
    return max(2, round(share * (fixed if design in FIXED else chosen)))


def missing_designs(rows: pd.DataFrame, table: Validated, share: float = 1.0) -> list[str]:
    """Return the designs that a table lacks, or has by another version of the method or in another number of studies.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    table : Validated
        Which.
    share : float
        Of the usual number of studies.
    """
    own = rows[(rows["table"] == table.name) & (rows["answers"] == fingerprint()) & rows["claimed_top3"].notna()]
    there = set(zip(own["design"], own["studies"], strict=True))
    return [design for design in (*FIXED, *CHOSEN) if (design, studies_of(table, design, share)) not in there]


def measured(table: Validated, designs: Sequence[str], studies: int, jobs: int) -> pd.DataFrame:
    """Replay designs on a table.

    Parameters
    ----------
    table : Validated
        Which.
    designs : sequence of str
        As of ``qs.replay``.
    studies, jobs : int
        As there.

    Returns
    -------
    DataFrame
        ``COLUMNS``, a row per design.
    """
    rows = measured_rows(replayed(table, designs, {AWARE: alias_aware}, studies, SEED, jobs), SEED)
    rows = rows[rows["design"].isin(designs)]
    who = {"table": table.name, "role": table.role, "factors": table.full.k, "studies": studies}
    return rows.assign(**who, answers=fingerprint())[list(COLUMNS)]


def put(rows: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return rows with new ones in place of those of the same table and design."""
    there = set(zip(new["table"], new["design"], strict=True))
    kept = [key not in there for key in zip(rows["table"], rows["design"], strict=True)]
    return pd.concat([rows[kept], new], ignore_index=True) if any(kept) else new


def in_order(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return rows in the order of these tables, whichever was computed first."""
    places = {name: place for place, name in enumerate(names)}
    return rows.sort_values("table", key=lambda tables: tables.map(places), kind="stable", ignore_index=True)


def text(rows: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``.
    """
    artificial = rows["role"] == ARTIFICIAL
    by_kind = (("real", rows[~artificial]), ("artificial", rows[artificial]))
    lines = [_reading(kind, own) for kind, own in by_kind]
    return HEAD.format(
        fixed=_studies(rows, FIXED),
        chosen=_studies(rows, CHOSEN),
        usual=_USUAL,
        limit=CALIBRATED,
        lines="\n".join(line for line in lines if line),
        cells=_cells(rows, _error_cell),
        top_lines="\n".join(_said_too_much(kind, own) for kind, own in by_kind if len(own)),
        top_cells=_cells(rows, _top_cell),
        settled=SETTLED,
        settled_lines="\n".join(_held(kind, own) for kind, own in by_kind if len(own)),
        settled_cells=_cells(rows, _settled_cell),
    )


def _studies(rows: pd.DataFrame, designs: Sequence[str]) -> str:
    """Say how many studies some designs have, from the fewest to the most."""
    counts = sorted(set(rows.loc[rows["design"].isin(designs), "studies"]))
    return " to ".join(str(count) for count in dict.fromkeys([*counts[:1], *counts[-1:]])) or "none"


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


if __name__ == "__main__":
    sys.exit(main())
