"""Each trial that was run, with its levels and whether it failed: the second response ``fails``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.trials import Trials
from qim_stats.trials.states import DONE, FAILED_STATES, states


@dataclass(frozen=True)
class Outcomes:
    """What became of m trials that were run and whose levels can be read.

    Parameters
    ----------
    coded : DataFrame, shape (m, k)
        The factors, -1/+1, indexed as the trials table.
    failed : ndarray of bool, shape (m,)
        Which of them failed.
    states : tuple of str
        The state of each, in small letters.
    """

    coded: pd.DataFrame
    failed: npt.NDArray[np.bool_]
    states: tuple[str, ...]


def outcomes(trials: Trials) -> Outcomes:
    """Return the trials that were done or failed, each once, whatever the number of its repeats.

    Parameters
    ----------
    trials : Trials
        The trials; those still pending, and those in a state that is not known, were not run.

    Returns
    -------
    Outcomes
    """
    known = pd.Series(states(trials.frame))
    once = trials.trial_of == np.arange(len(trials.frame))
    run = known.index[known.isin([DONE, *FAILED_STATES]) & once].intersection(trials.all_coded.index)
    coded = trials.all_coded.loc[run, trials.factor_names]
    return Outcomes(coded, known[run].isin(FAILED_STATES).to_numpy(dtype=np.bool_), tuple(known[run]))
