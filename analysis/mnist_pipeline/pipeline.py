"""One training run of a kernel classifier on MNIST: principal components, random features, linear model by SGD."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sklearn
from factorial.images import flat, images
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from qim_stats.factors import Factor, Level

FACTORS = (
    Factor("components", 20, 60, "log"),
    Factor("whiten", False, True),
    Factor("gamma", 0.5, 2.0, "log", "over total variance"),
    Factor("map", "fourier", "nystroem"),
    Factor("features", 100, 400, "log"),
    Factor("alpha", 1e-6, 1e-4, "log", "L2"),
    Factor("eta0", 1.0, 4.0, "log"),
    Factor("epochs", 3, 10, "log"),
    Factor("average", False, True),
)
DRAWN = 2_000
"""Images that a trial trains on, drawn by its seed."""

HELD_OUT = 2_000
"""Images of the test part that every trial is measured on: the first ones."""


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "MNIST, 2,000 of its training images a trial",
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
        Of the images trained on, their order, and the random features.

    Returns
    -------
    dict
        ``log_loss`` (nats) and ``accuracy`` on the held-out images.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = images("mnist")
    x, y = parts.train.pixels, parts.train.labels
    test, test_y = flat(parts.test.pixels[:HELD_OUT]), parts.test.labels[:HELD_OUT]
    drawn = rng.choice(len(x), DRAWN, replace=False)
    rows, row_y = flat(x[drawn]), y[drawn]
    components = PCA(
        int(levels["components"]),
        whiten=bool(levels["whiten"]),
        svd_solver="randomized",
        random_state=_state(rng),
    )
    rows = components.fit_transform(rows)
    # As scikit-learn's own gamma="scale": one number serves any scaling of the inputs.
    gamma = float(levels["gamma"]) / float(rows.var(axis=0).sum())
    kind = Nystroem if levels["map"] == "nystroem" else RBFSampler
    features = kind(gamma=gamma, n_components=int(levels["features"]), random_state=_state(rng))
    rows = features.fit_transform(rows)
    model = SGDClassifier(
        loss="log_loss",
        alpha=float(levels["alpha"]),
        learning_rate="invscaling",
        power_t=0.25,
        eta0=float(levels["eta0"]),
        average=bool(levels["average"]),
        max_iter=int(levels["epochs"]),
        # Every epoch is run: when to stop is a factor.
        tol=None,
        random_state=_state(rng),
    )
    model.fit(rows, row_y)
    told = model.predict_proba(features.transform(components.transform(test)))
    return {
        "log_loss": float(log_loss(test_y, told)),
        "accuracy": float((told.argmax(axis=1) == test_y).mean()),
    }


def _state(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
