"""The settings that further runs may have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge

Array = npt.NDArray[np.float64]
ENUMERATED = 12  # factors
SAMPLED = 1024  # settings, to which come their mirrors


def all_settings(known: Knowledge, seed: int, *, most: int | None = None) -> Array:
    """Return settings to choose from, in the coordinates of ``known``.

    Parameters
    ----------
    known : Knowledge
        The trials so far.
    seed : int
        Of the sample.
    most : int, optional
        How many settings can be afforded; by default all 2^k up to 12 factors, and 2,048 beyond.

    Returns
    -------
    ndarray of float64, shape (c, k)
        Distinct, coded -1/+1. All 2^k, or a seeded sample with its mirrors and with the settings so far.
    """
    k = known.x.shape[1]
    limit = most or (2**ENUMERATED if k <= ENUMERATED else 2 * SAMPLED)
    if k <= ENUMERATED and 2**k <= limit:
        return np.asarray(2.0 * ((np.arange(2**k)[:, None] >> np.arange(k)) & 1) - 1.0, dtype=np.float64)
    rng = np.random.Generator(np.random.PCG64([seed, 85]))
    drawn = rng.integers(0, 2, (limit // 2, k)) * 2.0 - 1.0
    return np.unique(np.vstack([drawn, -drawn, run_settings(known)]), axis=0)


def run_settings(known: Knowledge) -> Array:
    """Return the distinct settings of the trials so far, those with a level in the middle left out."""
    whole = known.x[(known.x != 0.0).all(axis=1)]
    return np.unique(whole, axis=0)


def unrun(settings: Array, done: Array) -> Array:
    """Return the settings that are not among those done, in their order."""
    taken = {tuple(row) for row in done.tolist()}
    return settings[np.array([tuple(row) not in taken for row in settings.tolist()], dtype=np.bool_)]
