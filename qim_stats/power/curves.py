"""Power curves: how often a design sees effects of every size."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.power.detectable import check_sd, count_blocks, effect_covariance
from qim_stats.power.significance import check_levels, significance

_POINTS = 33
_FARTHEST = 0.999


def power_curve(
    x: npt.ArrayLike,
    names: Sequence[str],
    df: float | None,
    effects: Sequence[float] | None = None,
    blocks: Sequence[Hashable] | None = None,
    sd: float = 1.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the power of a design for effects of several sizes.

    Parameters
    ----------
    x, names, df, blocks, sd, confidence, seed
        As of ``detectable_effects``.
    effects : sequence of float, optional
        Sizes in the response's unit, high - low; by default 33 from 0 to where 99.9 % are seen.

    Returns
    -------
    DataFrame, shape (k * sizes, 4)
        ``factor, effect, effect_sd, power``: the size in the response's unit and in SDs of a trial, and the chance that
        the factor is claimed.

    Raises
    ------
    DesignError, QimError
        As of ``detectable_effects``.
    """
    check_levels(0.8, confidence)
    check_sd(sd)
    spread = 2.0 * sd * np.sqrt(np.diag(effect_covariance(x, names, blocks)))
    n, k = np.shape(x)
    test = significance(df, n - count_blocks(blocks), k, confidence=confidence, seed=seed)
    if effects is None:
        from qim_stats.power.significance import detectable_shift

        sizes = np.linspace(0.0, float(spread.max()) * detectable_shift(test, _FARTHEST), _POINTS)
    else:
        sizes = np.abs(np.asarray(effects, dtype=np.float64))
    known: dict[float, float] = {}
    rows = []
    for name, error in zip(names, spread, strict=True):
        for size in sizes:
            shift = float(size / error)
            if shift not in known:
                known[shift] = test.power(shift)
            rows.append((name, float(size), float(size / sd), known[shift]))
    return pd.DataFrame(rows, columns=["factor", "effect", "effect_sd", "power"])
