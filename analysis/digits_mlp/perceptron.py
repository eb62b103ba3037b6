"""One training run of a multi-layer perceptron on scikit-learn's handwritten digits."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from qim_stats.factors import Factor, Level

Array = npt.NDArray[np.float64]

ADVISED = (
    Factor("learning_rate", 0.01, 0.03, "log"),
    Factor("momentum", 0.5, 0.9),
    Factor("alpha", 0.001, 0.1, "log", "L2"),
    Factor("batch_size", 16, 64, "log", "images"),
    Factor("hidden", 16, 64, "log", "units a layer"),
    Factor("layers", 1, 2),
    Factor("activation", "relu", "tanh"),
    Factor("epochs", 10, 30, "log"),
    Factor("inputs", "unit", "standardized"),
)
"""The levels that one would try first: around scikit-learn's defaults for stochastic gradient descent."""

HELD_OUT = 897
"""Images never trained on: the same for every trial."""

DRAWN = 720
"""Of the other 900 images, those that a trial trains on, drawn by its seed, unless a level `images` says otherwise."""


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "scikit-learn's load_digits (UCI optical recognition of handwritten digits, test part)",
        "scikit_learn": str(sklearn.__version__),
        "numpy": np.__version__,
    }


def train(levels: Mapping[str, Level], seed: int) -> dict[str, float]:
    """Train once and measure on the held-out images.

    Parameters
    ----------
    levels : mapping of str to level
        A level for each factor of ``ADVISED``; perhaps ``images``, how many to train on.
    seed : int
        Of the images trained on, their order, and the first weights.

    Returns
    -------
    dict
        ``log_loss`` (nats), ``accuracy`` and ``brier`` (sum over classes, mean over images) on the held-out images;
        ``train_loss``, the objective after the last epoch.
    """
    pool, pool_y, held_out, held_out_y = digits()
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = rng.permutation(len(pool))[: int(levels.get("images", DRAWN))]
    x, test = _scaled(pool[drawn], held_out, str(levels["inputs"]))
    net = MLPClassifier(
        hidden_layer_sizes=(int(levels["hidden"]),) * int(levels["layers"]),
        activation=str(levels["activation"]),
        solver="sgd",
        alpha=float(levels["alpha"]),
        batch_size=int(levels["batch_size"]),
        learning_rate_init=float(levels["learning_rate"]),
        momentum=float(levels["momentum"]),
        max_iter=int(levels["epochs"]),
        # Every epoch is run: when to stop is a factor.
        tol=0.0,
        n_iter_no_change=int(levels["epochs"]) + 1,
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(x, pool_y[drawn])
    told = net.predict_proba(test)
    return {
        "log_loss": float(log_loss(held_out_y, told)),
        "accuracy": float((told.argmax(axis=1) == held_out_y).mean()),
        "brier": float(((told - np.eye(10)[held_out_y]) ** 2).sum(axis=1).mean()),
        "train_loss": float(net.loss_),
    }


@lru_cache(maxsize=1)
def digits() -> tuple[Array, npt.NDArray[np.int64], Array, npt.NDArray[np.int64]]:
    """Return the images to train on, (900, 64) from 0 to 1, with their labels, and the held-out ones with theirs."""
    x, y = load_digits(return_X_y=True)
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(y))
    x, y = x[order] / 16.0, y[order].astype(np.int64)
    return x[HELD_OUT:], y[HELD_OUT:], x[:HELD_OUT], y[:HELD_OUT]


def _scaled(x: Array, test: Array, inputs: str) -> tuple[Array, Array]:
    if inputs == "unit":
        return x, test
    # Border pixels are blank in nearly every image: without a floor one grey dot would outweigh the whole digit.
    mean, sd = x.mean(axis=0), np.maximum(x.std(axis=0), 0.05)
    return (x - mean) / sd, (test - mean) / sd
