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
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd
from peers.answers import fingerprint
from validation.results import check_folders
from validation.results import read as read_measured
from validation.tables import ANALYSIS, Validated, all_tables, read_list
from validation.work import AWARE, measured_rows, replayed

from pairs.page import text
from pairs.rows import CHOSEN, COLUMNS, FIXED, FOLDER, in_order, put, read
from qim_stats.errors import QimError
from qim_stats.replays.aware import alias_aware

DOCS = ANALYSIS.parent / "docs"
SEED = 1
"""Other studies than those of docs/validation.md, whose seed is 0."""
STUDIES = 200
"""Of each design on a table."""


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
                new = measured(table, asked, studies_of(options.share), options.jobs)
                rows = put(rows, new)
                rows.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
                print(f"{table.name}, {', '.join(asked)}: {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    known = all_tables(read_list())
    told = text(in_order(read(path), [table.name for table in known]), read_measured().current(known).rows)
    (options.docs / "pairs.md").write_text(told, encoding="utf-8")
    print(told)
    return 0


def studies_of(share: float = 1.0) -> int:
    """Return how many studies each design gets on a table, two at least."""
    return max(2, round(share * STUDIES))


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
    there = set(own.loc[own["studies"] == studies_of(share), "design"])
    return [design for design in (*FIXED, *CHOSEN) if design not in there]


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


if __name__ == "__main__":
    sys.exit(main())
