"""How often the plain ranking by |effect| has the right factors on top, in simulated studies with interactions.

The studies are drawn from a sparse model with heredity: a few factors are active, and an interaction is the larger the
larger its parents are expected to be, after Box and Meyer (1986, Technometrics 28, 11-18) and Chipman, Hamada and Wu
(1997, Technometrics 39, 372-381). Real nets may be kinder or harsher: the numbers compare designs and promise nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from qim_stats.errors import QimError
from qim_stats.power.detectable import estimator

Array = npt.NDArray[np.float64]
STUDIES = 10_000
_MAX_NORMALS = 2_500_000  # studies times interactions: keeps a design under a second


@dataclass(frozen=True)
class Assumptions:
    """What a simulated study looks like.

    Parameters
    ----------
    active_share : float
        Share of the factors that are active, at least one; which ones is drawn anew in each study.
    typical : float
        Standard deviation of an active factor's main effect (high - low), in SDs of a trial; normal with mean zero.
    inert : float
        That of the other factors, as a share of ``typical``.
    heredity : float
        Standard deviation of an interaction's effect as a share of its parents': ``heredity * typical`` for two active
        parents, times ``inert`` for each parent that is not. Interactions of three and more factors are left out.
    """

    active_share: float = 0.4
    typical: float = 5.0
    inert: float = 0.3
    heredity: float = 0.4

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            top = 1.0 if name == "active_share" else 1e6
            if not 0.0 <= value <= top:
                problem = f"{name} is {value!r}, not between 0 and {top:g}"
                raise QimError(problem, where="assumptions", remedy="give the default, or a number in that range")

    def active(self, k: int) -> int:
        """Return how many of k factors are active."""
        return max(1, round(self.active_share * k))


@dataclass(frozen=True)
class TopProbabilities:
    """Shares of simulated studies whose plain ranking was right at the top.

    Parameters
    ----------
    top1, top3 : float or None
        The factor of the largest |effect|, and the set of the three largest, are the true ones; None where there are no
        more factors than that.
    studies : int
        How many were simulated.
    """

    top1: float | None
    top3: float | None
    studies: int

    @property
    def monte_carlo_error(self) -> float:
        """The standard error of either share at its worst, 0.5 / sqrt(studies)."""
        return 0.5 / float(np.sqrt(self.studies))


def top_probabilities(
    x: npt.ArrayLike,
    names: Sequence[str],
    blocks: Sequence[Hashable] | None = None,
    assumptions: Assumptions | None = None,
    *,
    studies: int = STUDIES,
    seed: int = 0,
) -> TopProbabilities:
    """Simulate studies on a design and count how often its ranking has the right factors on top.

    Parameters
    ----------
    x : array, shape (n, k)
        The design, -1 at low and +1 at high.
    names : sequence of str
        The k factors.
    blocks : sequence, optional
        The block of each row, when there are several; their differences are taken out.
    assumptions : Assumptions, optional
        How effects and interactions are drawn.
    studies : int
        How many to simulate; fewer beyond 22 factors, 200 at least.
    seed : int
        Of all draws; designs of the same factors are tried on the same true effects.

    Returns
    -------
    TopProbabilities

    Raises
    ------
    DesignError
        If the factors, with the blocks, cannot be told apart in these rows.

    Notes
    -----
    Least squares turns y = main effects + interactions + noise into estimate = main effects + A interactions + error,
    with A the alias matrix (Box and Wilson 1951) and the covariance of the error, so that no response is simulated.
    """
    weights = estimator(x, names, blocks)
    main, interactions, rng = _draw_truth(len(names), assumptions or Assumptions(), studies, seed)
    estimates = main + rng.standard_normal(main.shape) @ (2.0 * _root(weights @ weights.T)).T
    if interactions.shape[1]:
        estimates += interactions @ _aliases(np.asarray(x, dtype=np.float64), weights).T
    tops = {top: _right(main, estimates, top) if len(names) > top else None for top in (1, 3)}
    return TopProbabilities(tops[1], tops[3], len(main))


def describe(assumptions: Assumptions, k: int) -> dict[str, Any]:
    """Return the assumptions as plain values, with the number of active factors."""
    return {**asdict(assumptions), "active": assumptions.active(k), "unit": "SD of a trial"}


def _draw_truth(k: int, told: Assumptions, studies: int, seed: int) -> tuple[Array, Array, np.random.Generator]:
    """Draw main effects, shape (studies, k), and interactions, shape (studies, k (k - 1) / 2)."""
    rng = np.random.Generator(np.random.PCG64([seed, k]))
    pairs = k * (k - 1) // 2
    studies = max(200, min(studies, _MAX_NORMALS // max(pairs, 1)))
    size = np.full((studies, k), told.inert)
    order = np.argsort(rng.random((studies, k)), axis=1)
    np.put_along_axis(size, order[:, : told.active(k)], 1.0, axis=1)
    main = told.typical * size * rng.standard_normal((studies, k))
    first, second = np.triu_indices(k, 1)
    interactions = told.typical * told.heredity * size[:, first] * size[:, second]
    return main, interactions * rng.standard_normal((studies, pairs)), rng


def _aliases(coded: Array, weights: Array) -> Array:
    """Return what each interaction's effect adds to each main effect's estimate, shape (k, pairs)."""
    k = coded.shape[1]
    columns = [weights @ (coded[:, i] * coded[:, j]) for i, j in combinations(range(k), 2)]
    # Rounded, so that the order of the rows, which sums are sensitive to in the last digit, changes nothing.
    return np.asarray(np.column_stack(columns).round(12), dtype=np.float64)


def _root(covariance: Array) -> Array:
    """Return a square root of the covariance, rounded as the aliases are."""
    return np.asarray(np.linalg.cholesky(covariance.round(14)), dtype=np.float64)


def _right(truth: Array, estimates: Array, top: int) -> float:
    """Return the share of rows in which the ``top`` largest absolute values stand in the same places."""
    places = [np.sort(np.argpartition(-np.abs(a), top - 1, axis=1)[:, :top], axis=1) for a in (truth, estimates)]
    return float((places[0] == places[1]).all(axis=1).mean())
