"""Speed of replays, as studies a second, beside what each study costs when it is analyzed by itself.

The table is a full factorial of 11 factors, 2,048 trials, made from the seed. `raw` on twelve Plackett-Burman runs is
compared with `qim_stats.analyze` on a few of the very same studies, one by one. Run `python benchmarks/replays.py`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

import qim_stats as qs
from qim_stats.replays.full_table import settings

ALONE = 5  # studies analyzed one by one


def main() -> int:
    """Print seconds of the replays, round by round, and the ratio to analyses one by one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--factors", type=int, default=11, help="2^factors trials (default 11)")
    parser.add_argument("--replays", type=int, default=10_000, help="studies (default 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="how many rounds (default 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the table (default 1)")
    args = parser.parse_args()
    table = full_table(args.factors, args.seed)
    names = [name for name in table.columns if name != "y"]
    ours, ratios = [], []
    for number in range(args.rounds):
        seconds = timed(
            lambda: qs.replay(
                table,
                designs=["pb12"],
                estimators=["raw"],
                replays=args.replays,
                response="y",
                direction="maximize",
                factors=names,
            )
        )
        alone = timed(lambda: one_by_one(table, names)) / ALONE
        ours.append(seconds)
        ratios.append(alone * args.replays / seconds)
        print(
            f"round {number + 1}: {args.replays} replays in {seconds:.2f} s; one analysis alone {alone:.3f} s; "
            f"{ratios[-1]:.0f} times as fast",
            flush=True,
        )
    print(f"median {statistics.median(ours):.2f} s, worst {max(ours):.2f} s; ratio {statistics.median(ratios):.0f}")
    return 0


def full_table(factors: int, seed: int) -> pd.DataFrame:
    """Return a full factorial with a few effects, interactions and noise."""
    rng = np.random.Generator(np.random.PCG64([seed]))
    x = settings(np.arange(2**factors), factors).astype(np.float64)
    y = x @ rng.normal(size=factors) + 0.5 * x[:, 0] * x[:, 1] - 0.3 * x[:, 1] * x[:, 2] + rng.normal(size=len(x))
    return pd.DataFrame(x.astype(int), columns=[f"f{i + 1}" for i in range(factors)]).assign(y=y)


def one_by_one(table: pd.DataFrame, names: list[str]) -> None:
    """Analyze a few studies of twelve runs as a user would."""
    design = qs.plackett_burman([qs.Factor(name, -1, 1) for name in names], runs=12)
    rng = np.random.Generator(np.random.PCG64(2))
    for _ in range(ALONE):
        order = rng.permutation(len(names))
        rows = design.coded[names].to_numpy()[:, order]
        study = pd.DataFrame(rows, columns=names).merge(table, on=names)
        qs.analyze(study, response="y", direction="maximize", factors=names).tidy()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
