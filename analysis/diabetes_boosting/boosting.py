"""One training run of gradient boosted trees on scikit-learn's diabetes data: five-fold cross-validation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sklearn
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import KFold

from qim_stats.factors import Factor, Level

FACTORS = (
    Factor("learning_rate", 0.03, 0.1, "log"),
    Factor("trees", 50, 150, "log"),
    Factor("depth", 2, 4),
    Factor("leaf", 3, 15, "log", "rows"),
    Factor("rows", 0.5, 1.0, unit="share a tree"),
    Factor("columns", 0.3, 1.0, unit="share a split"),
    Factor("loss", "squared_error", "huber"),
    Factor("target", "raw", "log"),
)
FOLDS = 5


def provenance() -> dict[str, str]:
    """Say what the numbers come from."""
    return {
        "data": "scikit-learn's load_diabetes (Efron et al. 2004, 442 patients)",
        "scikit_learn": str(sklearn.__version__),
        "numpy": np.__version__,
    }


def train(levels: Mapping[str, Level], seed: int) -> dict[str, float]:
    """Train in five folds and measure on what each leaves out.

    Parameters
    ----------
    levels : mapping of str to level
        A level for each factor of ``FACTORS``.
    seed : int
        Of the folds and of the rows and columns that trees see.

    Returns
    -------
    dict
        ``rmse`` and ``mae`` over all patients, in the unit of the target (disease progression, 25 to 346).
    """
    x, y = load_diabetes(return_X_y=True)
    rng = np.random.Generator(np.random.PCG64(seed))
    logged = levels["target"] == "log"
    told = np.empty(len(y))
    for train_rows, test_rows in KFold(FOLDS, shuffle=True, random_state=int(rng.integers(2**31))).split(x):
        model = GradientBoostingRegressor(
            loss=str(levels["loss"]),
            learning_rate=float(levels["learning_rate"]),
            n_estimators=int(levels["trees"]),
            max_depth=int(levels["depth"]),
            min_samples_leaf=int(levels["leaf"]),
            subsample=float(levels["rows"]),
            max_features=float(levels["columns"]),
            random_state=int(rng.integers(2**31)),
        )
        target = np.log(y[train_rows]) if logged else y[train_rows]
        found = model.fit(x[train_rows], target).predict(x[test_rows])
        told[test_rows] = np.exp(found) if logged else found
    return {"rmse": float(np.sqrt(((told - y) ** 2).mean())), "mae": float(np.abs(told - y).mean())}
