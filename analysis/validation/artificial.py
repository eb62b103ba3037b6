"""Full factorials made by a formula, 2^8 each, that break what the alias-aware model assumes.

Half effects are in units of a typical active one. Every cell has one trial; every eighth has three more, with noise of
their own, as the recorded tables have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.replays.full_table import settings

Array = npt.NDArray[np.float64]
FACTORS = 8
RESPONSE = "y"
SEED = 4_000
_EVERY, _AGAIN = 8, 3  # every eighth cell, three times more
_CHANCE = float(np.log(10.0))  # loss of a classifier of ten classes that has learned nothing
_AT_CHANCE = 0.05  # noise of a trial at chance, of that of the others
_SET = tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """One way to break the assumptions.

    Parameters
    ----------
    name : str
        In the tables.
    breaks : str
        What is assumed and does not hold, in words.
    means : callable
        From coded levels (256, 8) and a generator to the mean response of each cell, shape (256,).
    noise : callable
        From means, shape (t,), and a generator to the noise of a trial at each.
    direction : str
        Of the response.
    """

    name: str
    breaks: str
    means: Callable[[Array, np.random.Generator], Array]
    noise: Callable[[Array, np.random.Generator], Array]
    direction: str = "maximize"


def make(kind: Kind, seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a full factorial and its replicates.

    Parameters
    ----------
    kind : Kind
        Which.
    seed : int
        Of effects and noise.

    Returns
    -------
    full : DataFrame, 256 rows
        Columns ``x1`` to ``x8``, coded, and ``y``.
    replicates : DataFrame, 96 rows
        The same columns; every eighth cell three times.
    """
    place = [one.name for one in KINDS].index(kind.name)
    rng = np.random.Generator(np.random.PCG64([seed, place]))
    x = settings(np.arange(2**FACTORS), FACTORS)
    means = kind.means(x.astype(np.float64), rng)
    full = _table(x, means + kind.noise(means, rng))
    again = np.repeat(np.arange(0, 2**FACTORS, _EVERY), _AGAIN)
    # Every eighth cell has the first three factors low throughout: spread the repeated cells over their levels too.
    again ^= again // _EVERY % _EVERY
    return full, _table(x[again], means[again] + kind.noise(means[again], rng))


def _table(x: npt.NDArray[np.int8], y: Array) -> pd.DataFrame:
    names = [f"x{i + 1}" for i in range(FACTORS)]
    return pd.DataFrame(x.astype(np.int64), columns=names).assign(**{RESPONSE: y})


def _sum(x: Array, half_effects: dict[_SET, float]) -> Array:
    """Return the response of each cell: the sum of half effects times products of coded levels."""
    parts = [size * x[:, members].prod(axis=1) for members, size in half_effects.items()]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _drawn(sets: Sequence[_SET], sizes: Array) -> dict[_SET, float]:
    return dict(zip(sets, sizes.tolist(), strict=True))


def _mains(factors: Sequence[int]) -> list[_SET]:
    return [(i,) for i in factors]


def _pairs(factors: Sequence[int]) -> list[_SET]:
    return list(combinations(factors, 2))


def _dense(x: Array, rng: np.random.Generator) -> Array:
    every = range(FACTORS)
    mains = _drawn(_mains(every), rng.standard_normal(FACTORS))
    return _sum(x, mains | _drawn(_pairs(every), 0.5 * rng.standard_normal(len(_pairs(every)))))


def _no_heredity(x: Array, rng: np.random.Generator) -> Array:
    active, others = range(3), range(3, FACTORS)
    strays = [*_pairs(others), *combinations(others, 3)]
    chosen = [strays[i] for i in np.sort(rng.choice(len(strays), size=8, replace=False))]
    return _sum(x, _drawn(_mains(active), rng.standard_normal(3)) | _drawn(chosen, rng.standard_normal(len(chosen))))


def _floor(x: Array, rng: np.random.Generator) -> Array:
    active = range(5)
    sizes = _drawn(_mains(active), 0.5 * rng.standard_normal(5))
    sizes |= _drawn(_pairs(active), 0.15 * rng.standard_normal(len(_pairs(active))))
    return np.asarray(np.clip(2.0 + _sum(x, sizes), 0.05, _CHANCE), dtype=np.float64)


def _heavy(x: Array, rng: np.random.Generator) -> Array:
    every = range(FACTORS)
    mains = _drawn(_mains(every), 0.5 * rng.standard_t(2, FACTORS))
    return _sum(x, mains | _drawn(_pairs(every), 0.15 * rng.standard_t(2, len(_pairs(every)))))


def _xor(x: Array, rng: np.random.Generator) -> Array:
    mains = _drawn(_mains(range(FACTORS)), 0.5 * rng.standard_normal(FACTORS))
    return _sum(x, mains | {(0, 1): 2.0, (2, 3): -2.0, (4, 5): 1.5})


def _five(x: Array, rng: np.random.Generator) -> Array:
    active = range(5)
    mains = _drawn(_mains(active), rng.standard_normal(5))
    return _sum(x, mains | _drawn(_pairs(active), 0.3 * rng.standard_normal(len(_pairs(active)))))


def _nothing(x: Array, rng: np.random.Generator) -> Array:  # noqa: ARG001  the signature of the others
    return np.zeros(len(x))


def _normal(sd: float) -> Callable[[Array, np.random.Generator], Array]:
    return lambda means, rng: sd * rng.standard_normal(len(means))


def _quiet_at_chance(means: Array, rng: np.random.Generator) -> Array:
    return np.asarray(
        np.where(means < _CHANCE, 0.1, 0.1 * _AT_CHANCE) * rng.standard_normal(len(means)), dtype=np.float64
    )


def _t3(means: Array, rng: np.random.Generator) -> Array:
    return 0.3 * rng.standard_t(3, len(means))


KINDS = (
    Kind("dense", "few factors matter: all eight do, and all 28 pairs interact, half as much", _dense, _normal(0.5)),
    Kind(
        "no heredity",
        "interactions come with main effects: eight of two or three factors are among the five that have none",
        _no_heredity,
        _normal(0.5),
    ),
    Kind(
        "saturating floor",
        "one scale holds throughout: a loss that stops at ln 10, where the noise nearly stops as well",
        _floor,
        _quiet_at_chance,
        "minimize",
    ),
    Kind(
        "heavy tails",
        "effects and noise are normal: effects are t with 2, noise with 3 degrees of freedom",
        _heavy,
        _t3,
    ),
    Kind(
        "xor",
        "interactions are smaller than main effects: three pairs act together, up to four times as strong",
        _xor,
        _normal(0.3),
    ),
    Kind("all zero", "something matters: nothing does", _nothing, _normal(1.0)),
    Kind(
        "loud noise",
        "the noise of a trial is seldom larger than effects: its SD is three times an active half effect",
        _five,
        _normal(3.0),
    ),
)
"""In the order of the tables; a kind's place seeds it, so that new ones go to the end."""
