"""From a study to its trials: the rows of the design, each with a seed of its own, and where they live on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from caffe_runner.study.study_file import Study
from caffe_runner.trial import Trial


def study_folder(study_path: Path) -> Path:
    """Return the folder that holds a study's ledger, trial files and tables: beside the study file, ``NAME.runs``."""
    return study_path.with_suffix(".runs")


def plan_trials(study: Study) -> list[Trial]:
    """Lay out every trial of the study's design.

    Parameters
    ----------
    study : Study
        A checked study.

    Returns
    -------
    list of Trial
        In standard order, numbered from 1.
    """
    design = study.build_design()
    return [
        Trial(
            number=number,
            run=int(coded["run"]),
            replicate=int(coded["replicate"]),
            block=int(coded["block"]),
            order=int(coded["order"]),
            seed=trial_seed(study.seed, number),
            levels={factor.name: factor.decode(int(coded[factor.name])) for factor in design.factors},
            dummies={dummy: int(coded[dummy]) for dummy in design.dummies},
        )
        for number, coded in enumerate(design.coded.to_dict("records"), start=1)
    ]


def trial_seed(study_seed: int, number: int) -> int:
    """Derive a trial's ``random_seed`` from the study's seed.

    Parameters
    ----------
    study_seed : int
        The study's seed.
    number : int
        The trial's number.

    Returns
    -------
    int
        From 1 to 2**31 - 1: Caffe reads a negative seed as "choose one by the clock".
    """
    state = np.random.SeedSequence(study_seed, spawn_key=(number,)).generate_state(1)[0]
    return int(state) % (2**31 - 1) + 1
