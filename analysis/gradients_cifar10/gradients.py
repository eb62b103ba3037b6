"""One training run of a linear classifier on histograms of gradients, CIFAR-10."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import sklearn
from factorial.images import images
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from qim_stats.factors import Factor, Level

Array = npt.NDArray[np.float64]
FACTORS = (
    Factor("images", 500, 1500, "log", "images"),
    Factor("mirrored", False, True),
    Factor("cell", 8, 16, "log", "pixels"),
    Factor("directions", 4, 9, "log"),
    Factor("root", False, True),
    Factor("contrast", False, True),
    Factor("standard", False, True),
    Factor("C", 0.01, 0.1, "log"),
)
HELD_OUT = 2_000
"""Images of the test part that every trial is measured on: the first ones."""

_LEAST = 1e-3  # added to a cell's length before it is divided by that
_ITERATIONS = 200


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "CIFAR-10, 500 or 1,500 of its training images a trial",
        "scikit_learn": str(sklearn.__version__),
        "numpy": np.__version__,
    }


def train(levels: Mapping[str, Level], seed: int) -> dict[str, float]:
    """Train once and measure on the held-out images.

    Parameters
    ----------
    levels : mapping of str to level
        A level for each factor of ``FACTORS``.
    seed : int
        Of the images trained on.

    Returns
    -------
    dict
        ``accuracy`` and ``log_loss`` (nats an image) on the held-out images.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = images("cifar10")
    drawn = rng.choice(len(parts.train.pixels), int(levels["images"]), replace=False)
    pixels, classes = parts.train.pixels[drawn], parts.train.labels[drawn]
    if levels["mirrored"]:
        pixels, classes = np.concatenate([pixels, pixels[..., ::-1]]), np.tile(classes, 2)
    rows, test = (_histograms(part, levels) for part in (pixels, parts.test.pixels[:HELD_OUT]))
    if levels["standard"]:
        scaler = StandardScaler().fit(rows)
        rows, test = scaler.transform(rows), scaler.transform(test)
    model = LogisticRegression(C=float(levels["C"]), max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        # To stop where it is by then is part of the training.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, classes)
    told, truth = model.predict_proba(test), parts.test.labels[:HELD_OUT]
    return {
        "accuracy": float((told.argmax(axis=1) == truth).mean()),
        "log_loss": float(-np.log(np.maximum(told[np.arange(len(truth)), truth], 1e-12)).mean()),
    }


def _histograms(pixels: npt.NDArray[np.uint8], levels: Mapping[str, Level]) -> Array:
    """Return how much the brightness changes in each direction in each cell of images, one row an image.

    After Dalal and Triggs (2005, CVPR, 886-893): gradients by central differences, directions without sign, each pixel
    counted by its gradient's length.
    """
    grey = pixels.mean(axis=1) / 255.0
    down, right = np.gradient(grey, axis=(1, 2))
    length = np.hypot(down, right)
    bins, cell = int(levels["directions"]), int(levels["cell"])
    direction = np.minimum((np.mod(np.arctan2(down, right), np.pi) / np.pi * bins).astype(np.int64), bins - 1)
    n, side, _ = grey.shape
    cells = side // cell
    counted = np.zeros((n, cells, cells, bins))
    for which in range(bins):
        part = np.where(direction == which, length, 0.0)
        counted[..., which] = part.reshape(n, cells, cell, cells, cell).sum(axis=(2, 4))
    if levels["root"]:
        counted = np.sqrt(counted)
    if levels["contrast"]:
        counted /= np.sqrt((counted**2).sum(axis=3, keepdims=True)) + _LEAST
    return counted.reshape(n, -1)
