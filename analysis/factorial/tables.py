"""Full factorials of models that train in a Python function: every combination of levels, run on all cores.

A study's own script (`analysis/NAME/make.py`) names factors and a trial function; this file lays out the runs, gives
each trial its seed, and returns trials tables of the columns that the rest of the project reads. It knows no model.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qim_stats.design import design_metadata, full_factorial, metadata_text
from qim_stats.design.design import Design
from qim_stats.factors import Factor, Level
from qim_stats.trials.metadata import metadata_path

Trial = Callable[[Mapping[str, Level], int], Mapping[str, float]]
"""Levels by factor name and a seed give the responses by name; not finite where training diverged."""

BATCH = 8
"""Trials handed to a process at once: short ones cost as much to hand over as to run."""


@dataclass(frozen=True)
class FullStudy:
    """A full factorial that one script makes.

    Parameters
    ----------
    name : str
        What is trained on which data; shown in reports.
    factors : tuple of Factor
        The k factors.
    trial : callable
        Trains once; see ``Trial``. A function of a module, so that processes can share it.
    response, direction : str
        The response to rank by, and whether to ``"maximize"`` or ``"minimize"`` it.
    seed : int
        Of the run order, of every trial's own seed, and of the choice of runs to replicate.
    provenance : mapping of str to str
        Where the numbers come from: data, versions.
    """

    name: str
    factors: tuple[Factor, ...]
    trial: Trial
    response: str
    direction: str
    seed: int
    provenance: Mapping[str, str]

    @property
    def design(self) -> Design:
        """All 2**k combinations in standard order."""
        return full_factorial(self.factors, self.seed)


def trial_seed(study_seed: int, run: int, replicate: int) -> int:
    """Derive a trial's seed from the study's.

    Parameters
    ----------
    study_seed : int
        The study's seed.
    run, replicate : int
        Which run of the design, and which trial of it, from 1.

    Returns
    -------
    int
        From 0 to 2**31 - 1.
    """
    state = np.random.SeedSequence(study_seed, spawn_key=(run, replicate)).generate_state(1)[0]
    return int(state) % 2**31


def full_rows(study: FullStudy) -> pd.DataFrame:
    """Return the rows of the full factorial: reserved columns, then factors in natural levels."""
    return _rows(study, study.design.natural())


def replicate_rows(study: FullStudy, runs: int = 32, trials: int = 3) -> pd.DataFrame:
    """Return rows that repeat some runs with new seeds, for the noise of a trial.

    Parameters
    ----------
    study : FullStudy
        The study.
    runs : int, optional
        How many runs, drawn at random without looking at any response.
    trials : int, optional
        New trials of each; their ``replicate`` counts on from the full table's 1.

    Returns
    -------
    DataFrame
        ``runs * trials`` rows, as of ``full_rows``.
    """
    natural = study.design.natural()
    rng = np.random.Generator(np.random.PCG64([study.seed, runs]))
    chosen = np.sort(rng.choice(len(natural), runs, replace=False))
    copies = [natural.iloc[chosen].assign(replicate=number) for number in range(2, trials + 2)]
    rows = pd.concat(copies, ignore_index=True).sort_values(["run", "replicate"], ignore_index=True)
    rows["order"] = 1 + rng.permutation(len(rows))
    return _rows(study, rows)


def _rows(study: FullStudy, design: pd.DataFrame) -> pd.DataFrame:
    seeds = [
        trial_seed(study.seed, int(run), int(replicate))
        for run, replicate in zip(design["run"], design["replicate"], strict=True)
    ]
    columns = ["run", "replicate", "block", "order", "seed", *(factor.name for factor in study.factors)]
    return design.assign(seed=seeds)[columns]


def run_trials(study: FullStudy, rows: pd.DataFrame, jobs: int) -> pd.DataFrame:
    """Run a trial for each row.

    Parameters
    ----------
    study : FullStudy
        The study.
    rows : DataFrame
        As ``full_rows`` or ``replicate_rows`` return them.
    jobs : int
        Processes at once.

    Returns
    -------
    DataFrame
        The trials table: ``rows`` with ``state`` ("done" or "diverged"), ``reason`` and ``seconds`` (processor time of
        the trial) after the seed, and the responses last, the study's own first.
    """
    names = [factor.name for factor in study.factors]
    tasks = [
        (study.trial, dict(zip(names, levels, strict=True)), seed)
        for seed, *levels in rows[["seed", *names]].itertuples(index=False)
    ]
    # The longest trials lie anywhere in standard order, but close together: taken in run order both cores end as one.
    order = rows["order"].argsort().to_numpy()
    with ProcessPoolExecutor(jobs) as pool:
        found = list(pool.map(_one, [tasks[i] for i in order], chunksize=BATCH))
    results = pd.DataFrame(found, index=rows.index[order]).loc[rows.index]
    first = ["state", "reason", "seconds"]
    responses = [study.response, *(name for name in results.columns if name not in (study.response, *first))]
    return pd.concat(
        [rows.drop(columns=names), results[first], rows[names], results[responses]], axis=1, verify_integrity=True
    )


def _one(task: tuple[Trial, Mapping[str, Level], int]) -> dict[str, str | float | None]:
    trial, levels, seed = task
    start = time.process_time()
    measured = trial(levels, seed)
    seconds = round(time.process_time() - start, 3)
    # What diverged has no response: a number would be ranked.
    whole = all(math.isfinite(value) for value in measured.values())
    told = {name: float(value) if whole else None for name, value in measured.items()}
    return {
        "state": "done" if whole else "diverged",
        "reason": "" if whole else "a response is not finite",
        "seconds": seconds,
        **told,
    }


def write_table(study: FullStudy, table: pd.DataFrame, path: Path) -> None:
    """Write a full table as CSV with its metadata beside it."""
    table.to_csv(path, index=False, lineterminator="\n")
    meta = design_metadata(
        study.design,
        study=study.name,
        response=study.response,
        direction=study.direction,
        seed=study.seed,
        provenance=study.provenance,
    )
    metadata_path(path).write_text(metadata_text(meta), encoding="utf-8")
