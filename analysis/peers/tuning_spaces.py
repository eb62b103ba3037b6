"""Where tuning is tried: recorded full factorials, and one real training whose hyperparameters are continuous.

A setting is a point of the unit cube: on a table its corners, in the real space anything. A screening takes the corners
of a table, and a quarter and three quarters of each range of the real space.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from peers.objective import Objective
from peers.tables import PeerTable

Array = npt.NDArray[np.float64]
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
    """

    name: str
    k: int
    maximize: bool
    target: float
    continuous: bool
    levels: tuple[float, float]
    study: Callable[[np.random.Generator], Run]


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
    return Space(table.name, table.full.k, sign > 0.0, float(target), False, (0.0, 1.0), study)


@dataclass(frozen=True)
class Range:
    """The range of a hyperparameter, on a logarithmic scale or not."""

    low: float
    high: float
    logarithmic: bool

    def at(self, place: float) -> float:
        """Return the value at a place between 0 and 1."""
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** place)
        return self.low + (self.high - self.low) * place


RANGES = {
    "learning_rate": Range(0.001, 0.1, True),
    "momentum": Range(0.5, 0.95, False),
    "alpha": Range(1e-5, 0.1, True),
    "batch_size": Range(16, 128, True),
    "width": Range(8, 64, True),
    "epochs": Range(10, 40, True),
    "input_scale": Range(0.25, 4.0, True),
    "input_noise": Range(0.0, 0.25, False),
}
"""Of a perceptron of one hidden layer on scikit-learn's 8x8 digits, trained by stochastic gradient descent."""


def perceptron_space(target: float) -> Space:
    """Return the real space; the response is the log loss on held-out images, to be small."""

    def study(rng: np.random.Generator) -> Run:
        def run(setting: Array) -> tuple[float, float]:
            loss = trained(setting, int(rng.integers(2**31 - 1)))
            return loss, loss

        return run

    return Space("perceptron on digits", len(RANGES), False, target, True, (0.25, 0.75), study)


def trained(setting: Array, seed: int) -> float:
    """Train once.

    Parameters
    ----------
    setting : ndarray of float64, shape (k,)
        Place of each hyperparameter in its range, between 0 and 1, in the order of ``RANGES``.
    seed : int
        Of weights, order and input noise.

    Returns
    -------
    float
        Log loss, nats an image, on the 600 held-out images.
    """
    train_x, test_x, train_y, test_y = _digits()
    value = {name: span.at(float(place)) for (name, span), place in zip(RANGES.items(), setting, strict=True)}
    rng = np.random.Generator(np.random.PCG64(seed))
    noisy = train_x + value["input_noise"] * rng.standard_normal(train_x.shape)
    net = MLPClassifier(
        (round(value["width"]),),
        solver="sgd",
        learning_rate_init=value["learning_rate"],
        momentum=value["momentum"],
        alpha=value["alpha"],
        batch_size=round(value["batch_size"]),
        max_iter=round(value["epochs"]),
        tol=0.0,
        n_iter_no_change=1000,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # To stop at the number of epochs is what is asked for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(value["input_scale"] * noisy, train_y)
    return float(log_loss(test_y, net.predict_proba(value["input_scale"] * test_x)))


@lru_cache(maxsize=1)
def _digits() -> tuple[Array, Array, Array, Array]:
    """Return 600 training and 600 held-out images with their labels, always the same."""
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x / 16.0, y, train_size=600, test_size=600, random_state=0, stratify=y)
    return parts[0], parts[1], parts[2], parts[3]
