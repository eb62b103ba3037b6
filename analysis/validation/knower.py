"""One who knows every interaction and the noise of a trial: what noise alone leaves unsaid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.ranks.bounds import RankBounds, marginal_bounds, simultaneous_bounds
from qim_stats.replays.aware import MARGINAL, SIMULTANEOUS
from qim_stats.replays.estimators import Estimates
from qim_stats.replays.measures import SETTLED, score_studies
from qim_stats.replays.summary import summarize
from validation.tables import Validated
from validation.work import share_error, stopped, studies_behind

Array = npt.NDArray[np.float64]
ALONE = "noise alone"
ALONE_STOPPED = f"{ALONE}..48@{SETTLED:g}"
LOOKS = (16, 20, 24, 28, 32, 36, 40, 44, 48)
"""Trials after which a study that stops early is looked at, as those that choose their trials."""
LATER = (64, 96, 128)
"""Trials after which intervals are asked for all the same."""
KEPT = (
    "p_top3",
    "coverage_marginal",
    "coverage_simultaneous",
    "width_simultaneous",
    "calibration_error",
    "calibration_error_top3",
    "overclaim_top3",
    "settled",
    "settled_right",
)
"""Measures, as docs/replays.md defines them."""
COLUMNS = (
    *("table", "fingerprint", "design", "trials", "trials_error", "studies"),
    *(column for name in KEPT for column in (name, f"{name}_error")),
)
_DRAWS = 1_000


def noise_alone(table: Validated, studies: int, seed: int) -> pd.DataFrame:
    """Measure the answers of one who knows all of a table but its main effects.

    Parameters
    ----------
    table : Validated
        Which.
    studies : int
        How many, each followed through all ``LOOKS`` and ``LATER`` that have fewer trials than the table.
    seed : int
        Of the noise.

    Returns
    -------
    DataFrame
        ``COLUMNS``: a row per number of trials, and ``ALONE_STOPPED``: the same studies, stopped at the first of
        ``LOOKS`` that is sure of its first three.

    Notes
    -----
    After n trials of a balanced design each main effect is known but for independent normal noise of variance
    4 sd^2 / n, less that of the whole table where its own noise is part of the truth (``noise_ceiling``). All sizes
    were equally likely beforehand, so the posterior is normal around what was found, with that variance.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 7]))
    trials = [n for n in (*LOOKS, *LATER) if n < table.full.cells]
    rows, looks = [], []
    for n, (noise, sd) in zip(trials, _noise(table, trials, studies, rng), strict=True):
        measures = score_studies(informed(table.truth.effects + noise, sd, rng), table.truth, rng)
        measures |= {"trials": np.full(studies, float(n)), "seconds": np.full(studies, np.nan)}
        found = summarize(measures, seed)
        errors = cast("dict[str, float]", found["errors"])
        row: dict[str, object] = {"design": ALONE, "trials": n, "trials_error": 0.0}
        for name in KEPT:
            count = studies_behind(name, studies, cast("float", found["settled"]))
            row |= {name: found[name], f"{name}_error": share_error(errors[name], count, name)}
        rows.append(row)
        if n in LOOKS:
            flat = {name: values for name, values in measures.items() if values.ndim == 1}
            looks.append(pd.DataFrame(flat).assign(study=range(studies)))
    rows.append(stopped(pd.concat(looks, ignore_index=True)) | {"design": ALONE_STOPPED})
    who = {"table": table.name, "fingerprint": table.fingerprint, "studies": studies}
    return pd.DataFrame(rows).assign(**who).reindex(columns=list(COLUMNS))


def informed(found: Array, sd: float, rng: np.random.Generator) -> Estimates:
    """Return what is known of effects that were found with normal noise, all sizes equally likely beforehand.

    Parameters
    ----------
    found : ndarray of float64, shape (s, k)
        Effects as s studies found them.
    sd : float
        Of the noise of each.
    rng : Generator
        Of the draws from the posterior.

    Returns
    -------
    Estimates
        All that an estimator can say, at the levels that the alias-aware ranks promise.
    """
    s, k = found.shape
    score, p_top3, p_set = np.empty((s, k)), np.empty((s, k)), np.empty(s)
    p_larger = np.empty((s, k, k))
    marginal, simultaneous = (RankBounds(np.empty((s, k), np.int64), np.empty((s, k), np.int64)) for _ in range(2))
    for i in range(s):
        size = np.abs(found[i] + sd * rng.standard_normal((_DRAWS, k)))
        ranks = 1 + np.argsort(np.argsort(-size, axis=1), axis=1)
        score[i], p_top3[i] = size.mean(axis=0), (ranks <= 3).mean(axis=0)
        p_larger[i] = (ranks[:, :, None] < ranks[:, None, :]).mean(axis=0)
        p_set[i] = (ranks[:, np.argsort(-score[i])[:3]] <= 3).all(axis=1).mean()
        for bounds, ours in (
            (marginal_bounds(ranks, MARGINAL), marginal),
            (simultaneous_bounds(ranks, SIMULTANEOUS), simultaneous),
        ):
            ours.low[i], ours.high[i] = bounds.low, bounds.high
    return Estimates(score, np.sign(found), p_larger, p_top3, p_set, marginal, simultaneous)


def _noise(
    table: Validated, trials: Sequence[int], studies: int, rng: np.random.Generator
) -> list[tuple[Array, float]]:
    """Return the noise of all effects after each number of trials, in the same studies, and its standard deviation.

    The mean of the first n of independent noises, n falling from the most, is a walk with independent steps.
    """
    whole = 0.0 if table.world.added else 1.0 / len(table.world.table.values)
    left = np.array([1.0 / n - whole for n in trials[::-1]])
    steps = np.sqrt(np.diff(left, prepend=0.0))
    walk = np.cumsum(steps[:, None, None] * rng.standard_normal((len(left), studies, table.full.k)), axis=0)
    unit = 2.0 * table.noise.sd
    return [(unit * at, unit * float(np.sqrt(part))) for at, part in zip(walk, left, strict=True)][::-1]
