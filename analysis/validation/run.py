"""Hold the method against its goals: python analysis/validation/run.py [TABLE ...] [--artificial] [--share 1] [--page].

Replays every recorded full factorial, or with ``--artificial`` the artificial ones, or those that are named; prints the
goals with what was found, and writes docs/validation.md with its figures, results.csv and calibration.csv. What was
found of other tables is kept. Results of a table that is or was locked are computed once, after the freeze, and kept
from then on.
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

from qim_stats.errors import QimError
from validation import page
from validation.results import FOLDER, Results, check_folders, read, read_alone, read_earlier, write
from validation.tables import ARTIFICIAL, LOCKED, UNLOCKED, TableList, Validated, all_tables, check_locked, read_list
from validation.work import budget_of, measure

ONCE = (LOCKED, UNLOCKED)
"""Roles of tables whose results are computed once for a version of the method."""


def main(words: Sequence[str] | None = None) -> int:
    """Compute, print, write."""
    options = _options(words)
    try:
        listed = read_list()
        check_locked(listed)
        if options.share <= 0.0:
            raise QimError("no study is a share of nothing", where="--share", remedy="give more than 0, such as 0.1")
        check_folders({"--results": options.results, "--docs": options.docs})
        tables = all_tables(listed)
        wanted = {table.name for table in _asked(all_tables(listed, options.tables), options)}
        again = {table.name for table in all_tables(listed, options.again)} if options.again else set()
    except QimError as error:
        print(f"validate: {error}", file=sys.stderr)
        return 2
    _tell_missing(listed, tables)
    results = read(options.results).current(tables)
    for table in [] if options.page else [table for table in tables if table.name in wanted]:
        if table.role in ONCE and table.name not in again and (results.rows["table"] == table.name).any():
            print(f"{table.name}: {table.role}, and computed once: kept (--again {table.name})", file=sys.stderr)
            continue
        results = _extended(results, table, options).of([one.name for one in tables])
        write(results, options.results)
    # What is told is what was written, to its last digit, now or when only the page is made.
    results = read(options.results).current(tables)
    alone = read_alone(tables, options.results)
    page.write(results, listed, read_earlier(), alone, options.docs)
    print(page.UNKNOWN if results.rows.empty else page.goals_section(results, alone))
    return 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="names of tables; by default all that are recorded")
    parser.add_argument("--artificial", action="store_true", help="the artificial tables instead of the recorded")
    parser.add_argument("--share", type=float, default=1.0, help="of the studies that each table is given")
    parser.add_argument(
        "--again", action="append", default=[], metavar="TABLE", help="a table that is or was locked, to compute anew"
    )
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=FOLDER, help="where results.csv and calibration.csv are")
    parser.add_argument("--docs", type=Path, default=page.DOCS, help="where the page goes")
    return parser.parse_args(words)


def _asked(tables: Sequence[Validated], options: argparse.Namespace) -> list[Validated]:
    """Return the tables to compute: those named, else all of one kind."""
    return [table for table in tables if options.tables or (table.role == ARTIFICIAL) == options.artificial]


def _tell_missing(listed: TableList, tables: Sequence[Validated]) -> None:
    there = {table.name for table in tables}
    for table in listed.tables:
        if table.name not in there:
            why = "locked until the freeze" if listed.waits(table) else "not recorded"
            print(f"{table.name}: {why}, left out", file=sys.stderr)


def _extended(results: Results, table: Validated, options: argparse.Namespace) -> Results:
    began = monotonic()
    new = measure(table, budget_of(table).times(options.share), options.seed, options.jobs)
    print(f"{table.name}: {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return results.put(table, new)


if __name__ == "__main__":
    sys.exit(main())
