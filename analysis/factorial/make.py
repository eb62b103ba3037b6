"""The command line of a study's script: `python analysis/NAME/make.py [--jobs N]`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from factorial.page import measured_text, write_measured
from factorial.tables import FullStudy, full_rows, replicate_rows, run_trials, write_table


def make(study: FullStudy, folder: Path, responses: list[str]) -> None:
    """Run a study's full factorial and replicates, and write its tables and README.

    Parameters
    ----------
    study : FullStudy
        The study.
    folder : Path
        Where ``full.csv``, ``full.meta.json``, ``replicates.csv`` and ``README.md`` lie.
    responses : list of str
        The responses that the README shows, the study's own first.
    """
    parser = argparse.ArgumentParser(description=study.name)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once (default: all cores)")
    parser.add_argument("--check", type=int, metavar="N", help="only run the first N rows in run order, and print them")
    options = parser.parse_args()
    rows = full_rows(study)
    if options.check:
        first = rows.sort_values("order").head(options.check)
        print(run_trials(study, first, options.jobs).to_string(index=False))
        return
    full = run_trials(study, rows, options.jobs)
    replicates = run_trials(study, replicate_rows(study), options.jobs)
    write_table(study, full, folder / "full.csv")
    replicates.to_csv(folder / "replicates.csv", index=False, lineterminator="\n")
    text = measured_text(full, replicates, study.factors, responses)
    write_measured(folder / "README.md", text)
    print(text)
