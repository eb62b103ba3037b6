"""Record a Caffe study's full factorial and replicates, or hold new trials against the recorded: `make truth`.

    python analysis/truth.py lenet_fashion      (after its full.toml and replicates.toml were run)

What is not recorded yet is exported to full.csv and replicates.csv, and the measured part of the README is written from
them. What is recorded stays, and the new trials are compared with it: every column but the seconds should be the same.
Another kind of processor rounds differently, and some trials then end a little elsewhere: told with the largest
difference in the response.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from factorial.diverged import as_guessing
from factorial.page import measured_text, write_measured

from caffe_runner.conduct import TABLE, export_table
from caffe_runner.plan import study_folder
from caffe_runner.study.study_file import Study, load_study
from qim_stats.errors import QimError, TrialsError

TABLES = ("full", "replicates")
UNTOLD = "seconds"
"""The one column of a trials table that may differ between two executions of a study."""


@dataclass(frozen=True)
class Comparison:
    """How new trials of a study agree with the recorded ones.

    Parameters
    ----------
    trials : int
        Trials recorded.
    differing : tuple of int
        The lines of the recorded table, from 2, whose trials came out differently.
    largest : float
        The largest difference in the response, among trials that have it in both.
    """

    trials: int
    differing: tuple[int, ...]
    largest: float

    def told(self, path: Path) -> str:
        """Say it in one line."""
        if not self.differing:
            return f"{path}: all {self.trials} trials gave the recorded numbers again"
        return (
            f"{path}:{self.differing[0]}: {len(self.differing)} of {self.trials} trials came out differently, this one "
            f"first; the response by at most {self.largest:.3g}"
        )


def compare(recorded: Path, new: Path, response: str) -> Comparison:
    """Compare two tables of one study, cell by cell as they are written.

    Parameters
    ----------
    recorded, new : Path
        Trials tables.
    response : str
        Their response.

    Returns
    -------
    Comparison

    Raises
    ------
    TrialsError
        If their columns or their numbers of trials differ.
    """
    old, again = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (recorded, new))
    if list(old.columns) != list(again.columns) or len(old) != len(again):
        raise TrialsError(
            f"this is no table of the same study as {new}", where=str(recorded), remedy="record it under another name"
        )
    differs = (old != again).drop(columns=UNTOLD).any(axis=1)
    apart = (pd.to_numeric(old[response]) - pd.to_numeric(again[response])).abs().dropna()
    lines = tuple(int(row) + 2 for row in differs.to_numpy().nonzero()[0])
    return Comparison(len(old), lines, float(apart.max()) if len(apart) > 0 else 0.0)


def runs_of(replicates: pd.DataFrame, full: pd.DataFrame, factors: list[str]) -> pd.DataFrame:
    """Give replicates the run numbers that their settings have in the full table.

    Parameters
    ----------
    replicates, full : DataFrame
        Trials tables of the same factors.
    factors : list of str
        Their names.

    Returns
    -------
    DataFrame
        The replicates, with another ``run``.
    """
    return replicates.drop(columns="run").merge(full[[*factors, "run"]], on=factors, how="left", validate="many_to_one")


def settle(study: Study, csv: Path) -> Comparison | None:
    """Export a study's trials, or compare them with those exported before; say which, in a line.

    Parameters
    ----------
    study : Study
        A study.
    csv : Path
        Where its trials are recorded.

    Returns
    -------
    Comparison or None
        None where there was nothing to compare: nothing recorded yet, or no new trials.

    Raises
    ------
    QimError
        If nothing is recorded and the study was not run, or a table cannot be read or written.
    """
    new = study_folder(study.path) / TABLE
    if not csv.exists():
        print(export_table(study, csv))
        return None
    if not new.exists():
        print(f"{csv}: recorded, and not run again here")
        return None
    found = compare(csv, new, study.response)
    print(found.told(csv))
    return found


def write_page(folder: Path, study: Study) -> None:
    """Write the measured part of a study's README from its two tables."""
    full, replicates = (as_guessing(pd.read_csv(folder / f"{name}.csv")) for name in TABLES)
    names = [factor.name for factor in study.factors]
    outputs = [study.response, *(name for name in ("loss",) if name in full.columns and name != study.response)]
    text = measured_text(full, runs_of(replicates, full, names), study.factors, outputs, clock="by the clock")
    write_measured(folder / "README.md", text)


def main(folder: Path) -> int:
    """Record or compare both tables of a folder; return the exit status."""
    try:
        studies = {name: load_study(folder / f"{name}.toml") for name in TABLES}
        recorded = [(folder / f"{name}.csv").exists() for name in TABLES]
        found = [settle(study, folder / f"{name}.csv") for name, study in studies.items()]
        if not all(recorded):
            write_page(folder, studies["full"])
    except QimError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if any(one and one.differing for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent / sys.argv[1]))
