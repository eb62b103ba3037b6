"""Does screening before tuning pay? python analysis/peers/tuning.py [FULL.csv ...] [--share 1] [--seed 0].

Computes what analysis/peers/tuning.csv lacks; `python analysis/peers/run.py` writes it into docs/peers.md.
"""

from __future__ import annotations

import argparse
import os
import sys
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
from peers.tables import PeerTable, find_tables, load
from peers.tuning_spaces import Space, perceptron_space, table_space
from peers.tuning_strategies import STRATEGIES, Strategy, trials_to_target
from qim_stats.errors import QimError

BUDGET = 128
REPEATS = 200  # on a table
REAL_REPEATS = 20  # on the real space, where every trial is trained
Where = PeerTable | tuple[str, float, float]
_PART = 5  # repeats of a task
_QUARTILES = {"first_quartile": 25.0, "median": 50.0, "third_quartile": 75.0}


def main() -> int:
    """Compute what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", type=Path, help="full tables; by default every analysis/*/full.csv")
    parser.add_argument("--share", type=float, default=1.0, help="of the repeats")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    try:
        tables = [load(path) for path in options.tables or find_tables()]
    except QimError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    with ProcessPoolExecutor(options.jobs) as pool:
        for table in tables:
            _compute(pool, table, table_space(table), max(4, round(options.share * REPEATS)), options.seed)
        for name in RANGES:
            best = reference(name, pool, options.seed)
            where = (name, best.mean, best.sd)
            _compute(pool, where, perceptron_space(*where), max(4, round(options.share * REAL_REPEATS)), options.seed)
    return 0


def _compute(pool: Executor, where: Where, space: Space, repeats: int, seed: int) -> None:
    """Add the rows of a space that are not there yet, each as soon as it is known."""
    # The ranks of a screening are this project's, the samplers Optuna's.
    version = f"{versions_of(OURS[0])}, optuna {metadata.version('optuna')}"
    for strategy in STRATEGIES:
        rows = tuning_page.read()
        if strategy.kept >= space.k or tuning_page.is_there(rows, space, strategy, repeats):
            continue
        numbers = [range(start, min(start + _PART, repeats)) for start in range(0, repeats, _PART)]
        parts = list(
            pool.map(_repeats, [where] * len(numbers), [strategy] * len(numbers), numbers, [seed] * len(numbers))
        )
        found = np.concatenate(parts)
        keys = {"space": space.name, "strategy": strategy.name, "target": space.target, "good": space.good}
        new = pd.DataFrame([keys | told(found)])
        tuning_page.put(rows, new.assign(budget=BUDGET, seed=seed, version=version))
        print(f"{space.name}, {strategy.name}: {repeats} repeats", file=sys.stderr, flush=True)


def told(found: np.ndarray) -> dict[str, float]:
    """Return repeats, the share that reached the target with its Monte Carlo error, and quartiles (infinite: never)."""
    share = float(np.isfinite(found).mean())
    # The quartile is one of the repeats: halfway to infinity is no number.
    quartiles = {name: float(np.percentile(found, at, method="lower")) for name, at in _QUARTILES.items()}
    error = float(np.sqrt(share * (1.0 - share) / len(found)))
    return {"repeats": len(found), "reached": share, "reached_error": error, **quartiles}


def _repeats(where: Where, strategy: Strategy, numbers: range, seed: int) -> np.ndarray:
    space = table_space(where) if isinstance(where, PeerTable) else perceptron_space(*where)
    return np.array(
        [
            trials_to_target(space, strategy, BUDGET, np.random.Generator(np.random.PCG64([seed, number])))
            for number in numbers
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
