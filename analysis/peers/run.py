"""Compare with what people use: python analysis/peers/run.py [FULL.csv ...] [--share 1] [--stale] [--page].

Computes what analysis/peers/comparison.csv lacks, prints the tables and writes docs/peers.md with its plots. Without
names, every analysis/*/full.csv is taken.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd

from peers import cache, page
from peers.comparison import BATCH, pooled, studies, summary
from peers.method import Method
from peers.methods import METHODS
from peers.tables import PeerTable, find_tables, load
from qim_stats.errors import QimError


def main() -> int:
    """Compute, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=Path, help="full tables; by default every analysis/*/full.csv")
    parser.add_argument("--share", type=float, default=1.0, help="of the studies that each method is given")
    parser.add_argument("--again", action="append", default=[], metavar="METHOD", help="compute anew, by name")
    parser.add_argument("--stale", action="store_true", help="compute anew what another version gave")
    parser.add_argument("--only", action="append", default=[], metavar="METHOD", help="compute no others")
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    names = [method.name for method in METHODS]
    unknown = [name for name in [*options.again, *options.only] if name not in names]
    if unknown:
        print(f"peers: {unknown[0]!r} is no method; there are: {', '.join(names)}", file=sys.stderr)
        return 2
    try:
        tables = [load(path) for path in options.tables or find_tables()]
    except QimError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    chosen = [method for method in METHODS if not options.only or method.name in options.only]
    rows = cache.read() if options.page else _computed(tables, chosen, options)
    # The page tells of all tables, whichever were asked for now.
    names = {table.name for table in tables}
    others = [table for table in map(load, find_tables()) if table.name not in names]
    print(page.write(rows, sorted([*tables, *others], key=lambda table: table.name)))
    return 0


def _computed(tables: Sequence[PeerTable], chosen: Sequence[Method], options: argparse.Namespace) -> pd.DataFrame:
    """Return all rows, after computing those that lack; each is kept as soon as it is there."""
    with ProcessPoolExecutor(options.jobs) as pool:
        for table in tables:
            for method in chosen:
                asked = options.stale or method.name in options.again
                if cache.is_stale(cache.read(), table, method) and not asked:
                    print(f"{table.name}, {method.name}: of another version, kept (--stale)", file=sys.stderr)
                else:
                    _extend(pool, table, method, options)
    return cache.read()


def _extend(pool: Executor, table: PeerTable, method: Method, options: argparse.Namespace) -> None:
    """Run the studies that lack."""
    wanted = max(2, round(options.share * method.studies))
    known = cache.there(cache.read(), table, method, options.seed)
    known = known[:0] if method.name in options.again else known
    done = 0 if known.empty else int(known["studies"].min())
    batches = [range(start, min(start + BATCH, wanted)) for start in range(done, wanted, BATCH)]
    if not batches:
        return
    count = len(batches)
    parts = list(pool.map(studies, [table] * count, [method.name] * count, batches, [options.seed] * count))
    found = pd.concat(parts, ignore_index=True)
    print(f"{table.name}, {method.name}: {wanted} studies", file=sys.stderr, flush=True)
    if not found.empty:
        new = summary(found) if known.empty else pooled(known, summary(found))
        cache.write(cache.put(cache.read(), new, table, method, options.seed))


if __name__ == "__main__":
    sys.exit(main())
