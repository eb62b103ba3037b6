"""Futures of further runs from draws of response functions: what would be believed after each, by a linear update.

A future is one of the functions at the new runs, with the noise that its own draw has there. With v the functions at
the new runs, b their half effects, C and X the sample covariances of v with itself and with b, and N the mean noise,
the gain is G = (C + N)^-1 X, and a draw from what is believed after the responses y is

    b + G'(y - v - e),    e ~ N(0, N),

as in the ensemble Kalman filter (Evensen 1994, Journal of Geophysical Research 99, 10143-10162). It is exact where the
functions are normal; mixtures learn faster than that of which components are right, and are taken as normal.

Weighing the draws by their likelihood, which would need no such assumption, leaves too few: of 2,000 draws some fifteen
count after a batch of four runs, and what fifteen draws say of a goal is far too sure.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from qim_stats.followup.knowledge import Knowledge
from qim_stats.screening.walsh_draws import WalshFunctions

Array = npt.NDArray[np.float64]
_SINGULAR = 1e-9  # of the mean variance: keeps runs of one setting without noise from being one run


class FunctionFutures:
    """Futures that are the same functions and noise for all sets of runs.

    Parameters
    ----------
    known : Knowledge
        What is known now.
    told : WalshFunctions
        The draws of it.
    runs, futures, draws : int
        Runs of a set, futures, and draws after each (no more than there are functions).
    seed : int
        Of which functions come true, of the noise, and of which draws are updated.
    """

    def __init__(self, known: Knowledge, told: WalshFunctions, runs: int, futures: int, draws: int, seed: int) -> None:
        rng = np.random.Generator(np.random.PCG64([seed, 83]))
        count = len(told.values)
        self._known, self._told = known, told
        self._true = np.resize(rng.permutation(count), futures)
        self._noise = rng.standard_normal((futures, runs))
        self._updated = rng.permutation(count)[:draws]
        self._errors = rng.standard_normal((len(self._updated), runs))

    def after(self, rows: Array) -> Iterator[Array]:
        """Draw half effects after each future of some runs.

        Parameters
        ----------
        rows : ndarray of float64, shape (r, k)
            Their settings, in the coordinates of what is known.

        Yields
        ------
        ndarray of float64, shape (d, k)
            Half effects, a future after another.
        """
        told, at = self._told, self._told.columns(rows)
        values, noise = told.values[:, at], told.noise[:, at]
        spread = noise.mean(axis=0)
        gain = self._gain(values, spread)
        left = values[self._updated] + self._errors * np.sqrt(spread)
        kept = told.effects[self._updated] - left @ gain
        seen = values[self._true] + self._noise * np.sqrt(noise[self._true])
        for moved in seen @ gain:
            yield kept + moved

    def _gain(self, values: Array, noise: Array) -> Array:
        """Return G, shape (r, k)."""
        apart = values - values.mean(axis=0)
        more = len(values) - 1
        joint = apart.T @ apart / more + np.diag(noise)
        joint += _SINGULAR * np.trace(joint) / len(joint) * np.eye(len(joint))
        inverse = np.linalg.inv(joint)
        if self._known.ahead is None:
            # A new block's difference has a flat prior: what all its runs share tells nothing.
            weighed = inverse.sum(axis=1)
            inverse -= np.outer(weighed, weighed) / weighed.sum()
        return np.asarray(inverse @ (apart.T @ self._told.effects) / more, dtype=np.float64)
