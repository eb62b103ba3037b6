"""One training run of a forest of trees on Fashion-MNIST."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sklearn
from factorial.images import flat, images
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from qim_stats.factors import Factor, Level

FACTORS = (
    Factor("trees", 10, 30, "log"),
    Factor("depth", 8, 16),
    Factor("leaf", 1, 4, "log", "images"),
    Factor("columns", 0.06, 0.18, "log", "share a split"),
    Factor("criterion", "gini", "entropy"),
    Factor("bootstrap", False, True),
    Factor("cuts", "best", "random"),
    Factor("inputs", "pixels", "components"),
)
DRAWN = 2_000
"""Images that a trial trains on, drawn by its seed."""

HELD_OUT = 2_000
"""Images of the test part that every trial is measured on: the first ones."""

COMPONENTS = 40


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "Fashion-MNIST, 2,000 of its training images a trial",
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
        Of the images trained on, of their principal components, and of the trees.

    Returns
    -------
    dict
        ``accuracy`` on the held-out images, and ``brier``: the squared error of the probabilities, summed over the ten
        classes (Brier 1950), from 0 to 2.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = images("fashion-mnist")
    drawn = rng.choice(len(parts.train.pixels), DRAWN, replace=False)
    rows, classes = flat(parts.train.pixels[drawn]), parts.train.labels[drawn]
    test, test_classes = flat(parts.test.pixels[:HELD_OUT]), parts.test.labels[:HELD_OUT]
    if levels["inputs"] == "components":
        found = PCA(COMPONENTS, svd_solver="randomized", random_state=int(rng.integers(2**31))).fit(rows)
        rows, test = found.transform(rows), found.transform(test)
    kind = ExtraTreesClassifier if levels["cuts"] == "random" else RandomForestClassifier
    model = kind(
        n_estimators=int(levels["trees"]),
        max_depth=int(levels["depth"]),
        min_samples_leaf=int(levels["leaf"]),
        max_features=float(levels["columns"]),
        criterion=str(levels["criterion"]),
        bootstrap=bool(levels["bootstrap"]),
        random_state=int(rng.integers(2**31)),
    )
    told = model.fit(rows, classes).predict_proba(test)
    return {
        "accuracy": float((told.argmax(axis=1) == test_classes).mean()),
        "brier": float(((told - np.eye(10)[test_classes]) ** 2).sum(axis=1).mean()),
    }
