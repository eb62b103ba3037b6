"""Does screening before tuning pay? python analysis/peers/tuning.py [FULL.csv ...] [--share 1] [--stale].

Computes what analysis/peers/tuning.csv lacks; rows of another version are told, and kept until asked for.
`python analysis/peers/run.py` writes it into docs/peers.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from peers import tuning_page
from peers.cache import versions_of
from peers.methods import OURS
from peers.perceptron import RANGES
from peers.reference import reference
from peers.screening_memory import ScreeningMemory
from peers.tables import PeerTable, find_tables, load
from peers.tuning_spaces import Space, perceptron_space, table_space
from peers.tuning_strategies import STRATEGIES, Strategy, trials_to_target
from qim_stats.errors import QimError

BUDGET = 128
REPEATS = 40  # on a table
REAL_REPEATS = 5  # on the real space, where every trial is trained
Where = PeerTable | tuple[str, float, float]
_QUARTILES = {"first_quartile": 25.0, "median": 50.0, "third_quartile": 75.0}


def main(words: Sequence[str] | None = None) -> int:
    """Compute what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=Path, help="full tables; by default every analysis/*/full.csv")
    parser.add_argument("--share", type=float, default=1.0, help="of the repeats")
    parser.add_argument("--again", action="append", default=[], metavar="SPACE", help="compute anew, by name")
    parser.add_argument("--stale", action="store_true", help="compute anew what another version gave")
    parser.add_argument("--only", action="append", default=[], metavar="SPACE", help="compute no others")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(words)
    try:
        tables = [load(path) for path in options.tables or find_tables()]
    except QimError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    there = [*(table.name for table in tables), *RANGES]
    unknown = [name for name in [*options.again, *options.only] if name not in there]
    if unknown:
        print(f"peers: {unknown[0]!r} is no space; there are: {', '.join(there)}", file=sys.stderr)
        return 2
    chosen = options.only or there
    with ProcessPoolExecutor(options.jobs) as pool:
        for table in tables:
            if table.name in chosen:
                _compute(pool, table, table_space(table), _repeats_of(REPEATS, options), options)
        for name in RANGES:
            if name in chosen:
                best = reference(name, pool, options.seed)
                where = (name, best.mean, best.sd)
                _compute(pool, where, perceptron_space(*where), _repeats_of(REAL_REPEATS, options), options)
    return 0


def _repeats_of(full: int, options: argparse.Namespace) -> int:
    return max(4, round(options.share * full))


def _compute(pool: Executor, where: Where, space: Space, repeats: int, options: argparse.Namespace) -> None:
    """Add the rows of a space that are not there yet, each as soon as it is known."""
    rows = tuning_page.read()
    missing = []
    for strategy in STRATEGIES:
        if strategy.kept >= space.k:
            continue
        stale = tuning_page.is_stale(rows, space, strategy, version_of(strategy))
        if space.name in options.again or (stale and options.stale):
            missing.append(strategy)
        elif stale:
            print(f"{space.name}, {strategy.name}: of another version, kept (--stale)", file=sys.stderr)
        elif not tuning_page.is_there(rows, space, strategy, repeats):
            missing.append(strategy)
    # Those that begin with the same screening share what is computed of it.
    for screening in dict.fromkeys(one.screening for one in missing):
        alike = [one for one in missing if one.screening == screening]
        tasks = [where] * repeats, [alike] * repeats, range(repeats), [options.seed] * repeats
        for strategy, found in zip(alike, np.array(list(pool.map(_reached, *tasks))).T, strict=True):
            keys = {"space": space.name, "strategy": strategy.name, "target": space.target, "good": space.good}
            new = pd.DataFrame([keys | told(found)]).assign(budget=BUDGET, seed=options.seed)
            tuning_page.put(tuning_page.read(), new.assign(version=version_of(strategy)))
            print(f"{space.name}, {strategy.name}: {repeats} repeats", file=sys.stderr, flush=True)


def version_of(strategy: Strategy) -> str:
    """Return the versions of what a strategy is made of: Optuna's samplers, and our ranks where factors are held."""
    ours = versions_of(OURS[0]) if strategy.kept else f"qim-stats {metadata.version('qim-stats')}"
    return f"{ours}, optuna {metadata.version('optuna')}"


def told(found: np.ndarray) -> dict[str, float]:
    """Return repeats, the share that reached the target with its Monte Carlo error, and quartiles (infinite: never)."""
    share = float(np.isfinite(found).mean())
    # The quartile is one of the repeats: halfway to infinity is no number.
    quartiles = {name: float(np.percentile(found, at, method="lower")) for name, at in _QUARTILES.items()}
    error = float(np.sqrt(share * (1.0 - share) / len(found)))
    return {"repeats": len(found), "reached": share, "reached_error": error, **quartiles}


def _reached(where: Where, strategies: Sequence[Strategy], number: int, seed: int) -> list[float]:
    """Return the trials that each strategy takes, in one repeat."""
    space = table_space(where) if isinstance(where, PeerTable) else perceptron_space(*where)
    memory = ScreeningMemory()
    return [
        trials_to_target(space, strategy, BUDGET, np.random.Generator(np.random.PCG64([seed, number])), memory)
        for strategy in strategies
    ]


if __name__ == "__main__":
    sys.exit(main())
