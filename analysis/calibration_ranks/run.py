"""Calibrate the rank intervals: python analysis/calibration_ranks/run.py [--studies 2000] [--jobs 2] [--seed 0].

Prints the table and writes it to docs/calibration-ranks.md and analysis/calibration_ranks/coverage.csv.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
from simulated_studies import CONFIDENCE, SCENARIOS, Study, coverage, designs

ROOT = Path(__file__).parents[2]
BATCH = 250
HEAD = """# Calibration of the rank intervals

Made by `python analysis/calibration_ranks/run.py --studies {studies}`; numbers in full in
[coverage.csv](../analysis/calibration_ranks/coverage.csv). {studies:,} simulated studies of 8 factors a row, at 95 %.

**Truth.** Unless said otherwise 3 of 8 factors are active, with normal half effects of standard deviation 1; the other
main effects are exactly zero. Equal effects share the better rank, as in `validate`. Noise: standard deviation of a
trial, in the same unit.

| studies | interactions |
|---|---|
| no effects | none, and no main effects |
| main effects | none |
| interactions | of active factors: two-factor SD 0.5, three-factor SD 0.25 |
| large interactions | of active factors: two-factor SD 1, three-factor SD 0.5 |
| dense | all 8 factors active, all two-factor SD 0.15 |
| stray, heavy tails | breaks the assumptions: 3 interactions of any two factors, active or not, SD 1; noise t(3) |

**Columns.** Share of studies (%) in which the intervals hold *all* 8 true ranks at once: `S` the sampling layer alone,
with the error estimate that `analyze` takes by default (residual; for the folded design foldover); `reported` the
alias-aware joint intervals, which must reach 95; `split` the same if effects that are exactly zero were in truth minute
and different. `marginal`: share of true ranks, so split, in the alias-aware intervals of each rank by itself. Widths:
mean number of ranks in an interval of S / reported; 8 means that nothing is known. `ordered`: share of studies that
claim any order (with no effects: at most 5); `right`: share of the claimed orders that are. Monte Carlo standard error
of a share of 95: {error:.2f}.

"""
TAIL = """
**What it shows.** Lowest shares over the rows: {lowest}.
On null data an order is claimed in {null:.2f} % of the studies at most.
"""
COLUMNS = {"sampling": "S", "reported": "reported", "split": "split", "marginal": "marginal"}
WIDTHS = ("sampling", "reported")


def main() -> None:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tasks = [
        (design, scenario, start, min(start + BATCH, options.studies), options.seed)
        for design in range(3)
        for scenario in range(len(SCENARIOS))
        for start in range(0, options.studies, BATCH)
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        parts = list(_told(pool.map(_task, tasks), len(tasks)))
    table = summary(pd.concat(parts, ignore_index=True))
    table.to_csv(Path(__file__).parent / "coverage.csv", index=False)
    page = text(table, options.studies)
    (ROOT / "docs" / "calibration-ranks.md").write_text(page, encoding="utf-8")
    print(page)


def summary(studies: pd.DataFrame) -> pd.DataFrame:
    """Return a row per design and scenario: means over its studies, and their number."""
    groups = studies.groupby(["design", "studies", "noise"], sort=False)
    return groups.mean().assign(n=groups.size()).reset_index()


def text(table: pd.DataFrame, studies: int) -> str:
    """Return the page."""
    lines = [
        f"| design | studies | noise | {' | '.join(COLUMNS.values())} | widths | ordered | right |",
        "|" + (6 + len(COLUMNS)) * "---|",
    ]
    for row in table.to_dict("records"):
        shares = " | ".join(f"{100 * row[c]:.1f}" for c in COLUMNS)
        widths = " / ".join(f"{row['width_' + c]:.1f}" for c in WIDTHS)
        right = "-" if np.isnan(row["orders_right"]) else f"{100 * row['orders_right']:.1f}"
        first = f"{row['design']} | {row['studies']} | {row['noise']:g}"
        lines.append(f"| {first} | {shares} | {widths} | {100 * row['ordered']:.1f} | {right} |")
    head = HEAD.format(studies=studies, error=100 * float(np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / studies)))
    least = {c: 100 * table[c].min() for c in COLUMNS}
    null = 100 * table.loc[table["studies"] == "no effects", "ordered"].max()
    lowest = ", ".join(f"{name} {least[column]:.1f} %" for column, name in COLUMNS.items())
    return head + "\n".join(lines) + "\n" + TAIL.format(lowest=lowest, null=null)


@lru_cache(maxsize=1)
def _designs() -> list[Study]:
    return designs()


def _task(task: tuple[int, int, int, int, int]) -> pd.DataFrame:
    design, scenario, start, stop, seed = task
    study, truth = _designs()[design], SCENARIOS[scenario]
    found = coverage(study, truth, range(start, stop), seed)
    return found.assign(design=study.name, studies=truth.name, noise=truth.noise)


def _told(parts: Iterable[pd.DataFrame], total: int) -> Iterator[pd.DataFrame]:
    for done, part in enumerate(parts, start=1):
        print(f"\r{done} of {total} batches", end="", file=sys.stderr, flush=True)
        yield part
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
