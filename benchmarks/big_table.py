"""A big table, as a paired ratio: `analyze` on 65,536 trials of 16 factors against R's lm and anova on the same file.

The model has all main effects and two-factor interactions, 137 coefficients. Each side is a whole process, start-up and
reading of the CSV included, its answer written as text: `python -m qim_stats analyze ... --json`, and `Rscript` with
`read.csv`, `lm`, `summary`, `anova`. The table is made from the seed. Run `python benchmarks/big_table.py`.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

RSCRIPT = """
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
for (name in setdiff(names(d), "y")) d[[name]] <- ifelse(d[[name]] == 2, 1, -1)
m <- lm(as.formula(arguments[2]), d)
print(summary(m)$coefficients, digits = 17)
print(anova(m), digits = 17)
"""


def main() -> int:
    """Print seconds and peak memory of each side, pair by pair, and the ratio of times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="how many pairs (default 7)")
    parser.add_argument("--factors", type=int, default=16, help="2^factors trials (default 16)")
    parser.add_argument("--seed", type=int, default=1, help="of the table (default 1)")
    args = parser.parse_args()
    ratios, work, memory = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        table, script = Path(scratch) / "trials.csv", Path(scratch) / "model.R"
        names = write_table(table, args.factors, args.seed)
        script.write_text(RSCRIPT)
        formula = f"y ~ ({' + '.join(names)})^2"
        ours = [sys.executable, "-m", "qim_stats", "analyze", str(table), "--response", "y", "--direction", "maximize",
                "--formula", formula, "--json", str(Path(scratch) / "out.json")]  # fmt: skip
        theirs = ["Rscript", "--vanilla", str(script), str(table), formula]
        print(f"{2**args.factors} trials of {args.factors} factors, all two-factor interactions")
        measure(ours)  # byte code and file cache
        for pair in range(args.pairs):
            (seconds, cpu, peak), (r_seconds, r_cpu, r_peak) = measure(ours), measure(theirs)
            ratios.append(seconds / r_seconds)
            work.append(cpu / r_cpu)
            memory.append(peak)
            print(
                f"pair {pair + 1}: analyze {seconds:.2f} s ({cpu:.2f} s of CPU), {peak:.0f} MB; R {r_seconds:.2f} s "
                f"({r_cpu:.2f}), {r_peak:.0f} MB; ratio {ratios[-1]:.3f}, of CPU {work[-1]:.3f}",
                flush=True,
            )
    print(
        f"analyze / R: median {statistics.median(ratios):.3f}, worst {max(ratios):.3f}; of CPU, which other load "
        f"disturbs less, {statistics.median(work):.3f}; peak {max(memory):.0f} MB"
    )
    return 0


def write_table(path: Path, factors: int, seed: int) -> list[str]:
    """Write a full factorial with a few effects and noise; return the factors' names."""
    rng = np.random.Generator(np.random.PCG64([seed]))
    names = [f"f{i + 1}" for i in range(factors)]
    levels = np.array(list(itertools.product([1, 2], repeat=factors)))
    y = levels[:, 0] - 0.5 * levels[:, 1] + 0.3 * levels[:, 0] * levels[:, -1] + rng.standard_normal(len(levels))
    pd.DataFrame(levels, columns=names).assign(y=y).to_csv(path, index=False)
    return names


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return its seconds, its CPU seconds over all threads, and its peak resident memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with status {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000.0


if __name__ == "__main__":
    sys.exit(main())
