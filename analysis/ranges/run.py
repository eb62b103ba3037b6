"""Run every case in full: python analysis/ranges/run.py [--jobs N]. About a quarter of an hour on two free cores.

Writes effects.csv (case, factor, response) and cases.csv (case: trials, cost, noise) after each case, and goes on where
it stopped: remove the two to begin anew. `compare.py` compares the cases.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

# One thread a trial: repeatable sums, and one trial for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "digits_mlp"))

import pandas as pd
from cases import REPEATED, Case, cases
from factorial.tables import FullStudy, full_rows, replicate_rows, run_trials
from measures import case_row, effect_rows
from perceptron import provenance, train

from qim_stats.factors import Level

FOLDER = Path(__file__).parent
SEED = 7_000


def train_with(fixed: Mapping[str, int], levels: Mapping[str, Level], seed: int) -> Mapping[str, float]:
    """Train once with what the case fixes."""
    return train({**levels, **fixed}, seed)


def study(case: Case, number: int) -> FullStudy:
    """Return the study of a case; its number gives it trials of its own."""
    trial = partial(train_with, case.fixed)
    return FullStudy(case.name, case.factors, trial, "log_loss", "minimize", SEED + number, provenance())


def main() -> None:
    """Run all cases and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once (default: all cores)")
    options = parser.parse_args()
    effects, told = _written("effects"), _written("cases")
    there = {row["case"] for row in told}
    for number, case in enumerate(cases()):
        if case.name in there:
            continue
        one = study(case, number)
        full = run_trials(one, full_rows(one), options.jobs)
        again = run_trials(one, replicate_rows(one, runs=REPEATED, trials=1), options.jobs)
        effects += effect_rows(full, again, case)
        told.append(case_row(full, again, case))
        for name, rows in (("effects", effects), ("cases", told)):
            pd.DataFrame(rows).to_csv(FOLDER / f"{name}.csv", index=False, lineterminator="\n")
        print(f"{case.name}: {len(full) + len(again)} trials", file=sys.stderr, flush=True)


def _written(name: str) -> list[dict[str, str | float]]:
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        return []
    rows = pd.read_csv(path, keep_default_na=False).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


if __name__ == "__main__":
    main()
