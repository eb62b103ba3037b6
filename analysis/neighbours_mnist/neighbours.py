"""One training run of nearest neighbours on MNIST: images made comparable, principal components, a vote."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import sklearn
from factorial.images import images
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from qim_stats.factors import Factor, Level

Array = npt.NDArray[np.float64]
FACTORS = (
    Factor("images", 300, 900, "log", "images"),
    Factor("blur", 0.5, 1.5, "log", "pixels"),
    Factor("centered", False, True),
    Factor("root", False, True),
    Factor("components", 10, 30, "log"),
    Factor("whiten", False, True),
    Factor("neighbours", 1, 7, "log"),
    Factor("metric", "manhattan", "euclidean"),
)
HELD_OUT = 2_000
"""Images of the test part that every trial is measured on: the first ones."""


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "MNIST, 300 or 900 of its training images a trial",
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
        ``accuracy`` on the held-out images.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = images("mnist")
    drawn = rng.choice(len(parts.train.pixels), int(levels["images"]), replace=False)
    rows, test = (_rows(part, levels) for part in (parts.train.pixels[drawn], parts.test.pixels[:HELD_OUT]))
    reduced = PCA(int(levels["components"]), whiten=bool(levels["whiten"]), svd_solver="full").fit(rows)
    vote = KNeighborsClassifier(int(levels["neighbours"]), metric=str(levels["metric"]), algorithm="brute")
    vote.fit(reduced.transform(rows), parts.train.labels[drawn])
    right = vote.predict(reduced.transform(test)) == parts.test.labels[:HELD_OUT]
    return {"accuracy": float(right.mean())}


def _rows(pixels: npt.NDArray[np.uint8], levels: Mapping[str, Level]) -> Array:
    """Return images, blurred, darkened and moved as the levels say, one row an image."""
    grey = pixels[:, 0] / 255.0
    if levels["root"]:
        grey = np.sqrt(grey)
    blur = float(levels["blur"])
    blurred = np.array([gaussian_filter(one, blur) for one in grey])
    if levels["centered"]:
        blurred = np.array([_centered(one) for one in blurred])
    return blurred.reshape(len(blurred), -1)


def _centered(image: Array) -> Array:
    """Return an image rolled by whole pixels so that its largest row and column sums lie in the middle."""
    side = len(image)
    down, right = (side // 2 - int(image.sum(axis=axis).argmax()) for axis in (1, 0))
    return np.roll(image, (down, right), axis=(0, 1))
