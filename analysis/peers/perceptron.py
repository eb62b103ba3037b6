"""A real training with continuous hyperparameters: a perceptron of one hidden layer on scikit-learn's 8x8 digits.

Twice: within ranges that someone sets who knows such nets, and within those of someone who does not.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

Array = npt.NDArray[np.float64]
CHANCE = float(np.log(10.0))


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
    "perceptron, narrow": {
        "learning_rate": Range(0.001, 0.1, True),
        "momentum": Range(0.5, 0.95, False),
        "alpha": Range(1e-5, 0.1, True),
        "batch_size": Range(16, 128, True),
        "width": Range(8, 64, True),
        "epochs": Range(10, 40, True),
        "input_scale": Range(0.25, 4.0, True),
        "input_noise": Range(0.0, 0.25, False),
    },
    "perceptron, wide": {
        "learning_rate": Range(0.0001, 1.0, True),
        "momentum": Range(0.0, 0.99, False),
        "alpha": Range(1e-6, 10.0, True),
        "batch_size": Range(8, 256, True),
        "width": Range(4, 128, True),
        "epochs": Range(5, 40, True),
        "input_scale": Range(0.05, 20.0, True),
        "input_noise": Range(0.0, 1.0, False),
    },
}
"""Of each space; trained by stochastic gradient descent."""


def trained(name: str, setting: Array, seed: int) -> float:
    """Train once.

    Parameters
    ----------
    name : str
        One of ``RANGES``.
    setting : ndarray of float64, shape (k,)
        Place of each hyperparameter in its range, between 0 and 1, in their order.
    seed : int
        Of weights, order and input noise.

    Returns
    -------
    float
        Log loss, nats an image, on the 600 held-out images; that of chance, ln 10, for a net that is worse or diverged.
    """
    train_x, test_x, train_y, test_y = _digits()
    ranges = RANGES[name].items()
    value = {key: span.at(float(place)) for (key, span), place in zip(ranges, setting, strict=True)}
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
        # Weights that overflow are a diverged net.
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            net.fit(value["input_scale"] * noisy, train_y)
            loss = float(log_loss(test_y, net.predict_proba(value["input_scale"] * test_x)))
        except ValueError:
            return CHANCE
    return min(loss, CHANCE)


@lru_cache(maxsize=1)
def _digits() -> tuple[Array, Array, Array, Array]:
    """Return 600 training and 600 held-out images with their labels, always the same."""
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x / 16.0, y, train_size=600, test_size=600, random_state=0, stratify=y)
    return parts[0], parts[1], parts[2], parts[3]
