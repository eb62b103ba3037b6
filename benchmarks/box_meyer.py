"""Seconds of Box and Meyer's analysis and of the search by AICc in the library, once warm.

The best of several calls on made-up responses, in one process; run `python benchmarks/box_meyer.py`.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from qim_stats.screening.box_meyer import BoxMeyer, box_meyer
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.screening.box_meyer_sensitivity import prior_sensitivity
from qim_stats.screening.model_search import search_models

# runs and factors of the search by AICc
SEARCHES = ((12, 11), (24, 11), (24, 20))
# runs, factors, most factors in a model, highest order of interactions
CASES = ((16, 19, 5, 2), (16, 19, 5, 3), (24, 20, 6, 2), (24, 20, 6, 3), (256, 8, 5, 3))


def main() -> int:
    """Print the seconds of each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="calls of each case (default 5)")
    args = parser.parse_args()
    for runs, k, max_factors, max_order in CASES:
        rng = np.random.Generator(np.random.PCG64([0, runs, k]))
        x = np.sign(rng.standard_normal((runs, k)))
        y = 2.0 * x[:, 0] + x[:, 0] * x[:, 1] + rng.standard_normal(runs)
        names = [f"x{i}" for i in range(k)]
        options = BoxMeyerOptions(max_factors, max_order)
        found = box_meyer(x, y, names, options)
        if not isinstance(found, BoxMeyer):
            raise SystemExit(found)
        seconds = []
        for _ in range(args.repeats):
            began = time.perf_counter()
            box_meyer(x, y, names, options)
            seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
        prior_sensitivity(x, y, names, options)
        grid = time.perf_counter() - began
        print(
            f"{runs} runs, {k} factors, up to {max_factors}, order {max_order}: {found.count:,} models in "
            f"{min(seconds):.3f} s; over the grid of priors {grid:.3f} s",
            flush=True,
        )
    for runs, k in SEARCHES:
        rng = np.random.Generator(np.random.PCG64([1, runs, k]))
        x, y = np.sign(rng.standard_normal((runs, k))), rng.standard_normal(runs)
        began = time.perf_counter()
        searched = search_models(x, y, [f"x{i}" for i in range(k)])
        took = time.perf_counter() - began
        if isinstance(searched, str):
            raise SystemExit(searched)
        print(
            f"{runs} runs, {k} factors, weak heredity, up to {searched.max_terms} terms: "
            f"{searched.count + searched.aliased:,} models by AICc in {took:.3f} s",
            flush=True,
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
