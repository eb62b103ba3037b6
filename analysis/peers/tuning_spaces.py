"""Where tuning is tried: recorded full factorials, and a real training whose hyperparameters are continuous.

A setting is a point of the unit cube: on a table its corners, in the real space anything. A screening takes the corners
of a table, and a quarter and three quarters of each range of the real space.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from peers.objective import Objective
from peers.perceptron import RANGES, trained
from peers.tables import PeerTable

Array = npt.NDArray[np.float64]
_JUDGES = 5  # fresh trials of a setting that looks good
_NEAR = 3.0  # seed SD from the target within which a trial looks good
Run = Callable[[Array], tuple[float, float]]


@dataclass(frozen=True)
class Space:
    """Something to tune.

    Parameters
    ----------
    name : str
        In the tables.
    k : int
        Number of hyperparameters.
    maximize : bool
        Whether large responses are good.
    target : float
        The response from which a setting counts as the best known within the seed noise.
    continuous : bool
        Whether there is anything between the levels.
    levels : tuple of float
        The two levels of a screening in the unit cube.
    study : callable
        From a generator to a new study: a function from a setting, shape (k,), to the response told, and to the one by
        which reaching the target is judged.
    good : float
        Share of the settings that reach the target; NaN where they cannot be counted.
    """

    name: str
    k: int
    maximize: bool
    target: float
    continuous: bool
    levels: tuple[float, float]
    study: Callable[[np.random.Generator], Run]
    good: float = float("nan")


def table_space(table: PeerTable) -> Space:
    """Return a full factorial to be tuned over.

    Parameters
    ----------
    table : PeerTable
        The target is its best response, less the SD of the difference of two trials.

    Returns
    -------
    Space
        A setting is judged by its recorded response: luck in a repeated trial does not count.
    """
    sign = 1.0 if table.full.direction == "maximize" else -1.0
    best = float((sign * table.full.means).max())

    def study(rng: np.random.Generator) -> Run:
        objective = Objective(table.lookup, rng)

        def run(setting: Array) -> tuple[float, float]:
            coded = 2.0 * setting - 1.0
            cell = int((coded > 0.0) @ (1 << np.arange(table.full.k)))
            return objective(coded), float(table.full.means[cell])

        return run

    target = sign * (best - np.sqrt(2.0) * table.noise.sd)
    good = float((sign * table.full.means >= sign * target).mean())
    return Space(table.name, table.full.k, sign > 0.0, float(target), False, (0.0, 1.0), study, good)


def perceptron_space(name: str, mean: float, sd: float) -> Space:
    """Return a real space; the response is the log loss on held-out images, to be small.

    Parameters
    ----------
    name : str
        Of the space.
    mean, sd : float
        Of trials at the best-known setting; the target is one SD from the mean.

    Returns
    -------
    Space
        A setting is judged by the mean of fresh trials, which do not count: luck in one trial does not either. A trial
        more than three SD from the target is not worth them and judged by itself.
    """
    target = mean + sd

    def study(rng: np.random.Generator) -> Run:
        def run(setting: Array) -> tuple[float, float]:
            loss = trained(name, setting, int(rng.integers(2**31 - 1)))
            if loss > target + _NEAR * sd:
                return loss, loss
            fresh = [trained(name, setting, int(rng.integers(2**31 - 1))) for _ in range(_JUDGES)]
            return loss, float(np.mean(fresh))

        return run

    return Space(name, len(RANGES[name]), False, target, True, (0.25, 0.75), study)
