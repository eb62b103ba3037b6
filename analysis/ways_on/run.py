"""Compare ways to begin, to go on and to stop: python analysis/ways_on/run.py [TABLE ...] [--studies 12] [--page].

Replays them on the recorded full factorials of up to 8 factors, prints the tables, and writes docs/ways-on.md and
comparison.csv. With names, only those tables are computed and the others kept.
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
from validation.results import check_folders
from validation.tables import ARTIFICIAL, Validated, all_tables, check_locked, read_list

from qim_stats.errors import QimError
from ways_on import page
from ways_on.comparison import SETTLE, WAYS, ceiling, measure

MOST_FACTORS = 8  # beyond, each study takes half a minute


def main(words: Sequence[str] | None = None) -> int:
    """Compute, print, write."""
    options = _options(words)
    try:
        listed = read_list()
        check_locked(listed)
        if options.studies < 4:
            raise QimError(f"{options.studies} studies tell no share", where="--studies", remedy="give 4 or more")
        check_folders({"--results": options.results, "--docs": options.docs})
        tables = all_tables(listed, options.tables or [table.name for table in listed.tables])
    except QimError as error:
        print(f"ways on: {error}", file=sys.stderr)
        return 2
    path = options.results / page.FILE
    rows = page.read(path)
    for table in [] if options.page else tables:
        if table.full.k > MOST_FACTORS or table.role == ARTIFICIAL:
            why = ARTIFICIAL if table.role == ARTIFICIAL else f"{table.full.k} factors"
            print(f"{table.name}: {why}, left out", file=sys.stderr)
            continue
        rows = page.put(rows, _measured(table, options), table)
        rows.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    text = page.text(page.read(path), all_tables(listed))
    (options.docs / page.PAGE).write_text(text, encoding="utf-8")
    print(text)
    return 0


def _measured(table: Validated, options: argparse.Namespace) -> pd.DataFrame:
    began = monotonic()
    ways = [way for way in (*WAYS, SETTLE) if way.possible(table.full.k)]
    parts = [ceiling(table, options.seed)]
    parts += [measure(table, way, options.studies, options.seed, options.jobs) for way in ways]
    print(f"{table.name}: {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return pd.concat(parts, ignore_index=True)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="names of tables; by default all that are recorded")
    parser.add_argument("--studies", type=int, default=12, help="of each way, on each table")
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=page.FOLDER, help="where comparison.csv is")
    parser.add_argument("--docs", type=Path, default=page.DOCS, help="where the page goes")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
