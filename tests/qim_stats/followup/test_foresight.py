"""Covariances of runs to come, against least squares on every column of the Walsh expansion."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from qim_stats.followup.foresight import best_runs, best_set, foresee
from qim_stats.followup.knowledge import Knowledge, Weighed, learn, weighed
from qim_stats.screening.walsh_components import GRID, INACTIVE
from qim_stats.screening.walsh_mixture import WalshDesign
from qim_stats.screening.walsh_prior import WalshPrior
from qim_stats.screening.walsh_sets import Components, enumerate_components
from qim_stats.screening.walsh_warps import one_scale

K = 3
Array = npt.NDArray[np.float64]
SETTINGS: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(3)] for i in range(8)])


@pytest.fixture
def known() -> Knowledge:
    """Five runs of three factors under one component: the first two factors active."""
    x = SETTINGS[[0, 3, 5, 6, 7]]
    found = learn(x, np.array([1.0, 2.5, 0.5, 1.7, 4.0]), None, runs=3, seed=0)
    one = Components(np.array([[True, True, False]]), np.array([9]), np.array([1.0]), np.array([0]))
    return replace(found, told=Weighed(one, np.zeros(1)))


def walsh(settings: np.ndarray) -> np.ndarray:
    words = [word for size in (1, 2, 3) for word in combinations(range(K), size)]
    return np.column_stack([settings[:, word].prod(axis=1) for word in words])


def brute(known: Knowledge) -> tuple[np.ndarray, float]:
    """Return the posterior covariance of all seven half effects, and the noise, with the mean under a flat prior."""
    assert isinstance(known.told, Weighed)
    found = known.told.components
    rho, eta, lam, heredity = GRID[found.grid[0]]
    assert heredity == 1.0
    r = np.where(found.active[0], 1.0, INACTIVE)
    words = [word for size in (1, 2, 3) for word in combinations(range(K), size)]
    scale = {1: 1.0, 2: rho, 3: eta**2}
    prior = np.array([(scale[len(word)] * np.prod(r[list(word)])) ** 2 for word in words])
    z = walsh(known.cells.x)
    centre = np.eye(known.cells.m) - 1.0 / known.cells.m
    precision = np.diag(1.0 / prior) + z.T @ centre @ z / lam
    covariance = np.linalg.inv(precision)
    means, _ = known.cells.means(known.y)
    residual = means - z @ (covariance @ (z.T @ centre @ means / lam))
    q = means @ centre @ residual / lam
    s2 = q / max(known.cells.df - 2, 1)
    return covariance * s2, lam * s2


def test_covariances_equal_those_of_the_expansion(known: Knowledge) -> None:
    seen = foresee(known, SETTINGS)
    covariance, noise = brute(known)
    # The function holds no mean: what is known of it at new settings is that of the expansion.
    z = walsh(SETTINGS)
    assert seen.noise == pytest.approx(np.full(8, noise), rel=1e-9)
    assert seen.effects == pytest.approx(z @ covariance[:, :K], rel=1e-8, abs=1e-10)
    joint = z @ covariance @ z.T
    assert seen.variance == pytest.approx(np.diag(joint) + noise, rel=1e-8)
    # Runs that join the block so far differ from it by nothing.
    joined = foresee(replace(known, ahead=np.zeros(0)), SETTINGS)
    assert joined.variance == pytest.approx(np.diag(joint), rel=1e-8)
    assert joined.column(2) == pytest.approx(joint[2], rel=1e-8, abs=1e-10)
    assert np.array([seen.column(i) for i in range(8)]) == pytest.approx(joint + noise, rel=1e-8, abs=1e-10)


def worth(known: Knowledge, omega: np.ndarray, rows: tuple[int, ...]) -> float:
    """Return what a set of runs takes off the expected cost, in one go."""
    covariance, noise = brute(known)
    z = walsh(SETTINGS[list(rows)])
    joint = z @ covariance @ z.T + noise + noise * np.eye(len(rows))
    told = z @ covariance[:, :K]
    return float(np.trace(omega @ told.T @ np.linalg.solve(joint, told)))


def test_runs_are_added_by_what_they_tell_given_those_before(known: Knowledge) -> None:
    omega = np.diag([1.0, 2.0, 0.5])
    seen = foresee(known, SETTINGS)
    chosen = best_runs(seen, omega, 3, again=True).tolist()
    for count in (1, 2, 3):
        each = [worth(known, omega, (*chosen[: count - 1], i)) for i in range(8)]
        assert each[chosen[count - 1]] == pytest.approx(max(each), rel=1e-8)
    assert len(set(best_runs(seen, omega, 8, again=False).tolist())) == 8


def test_the_best_set_is_the_best(known: Knowledge) -> None:
    omega = np.diag([1.0, 2.0, 0.5])
    sets = np.array(list(combinations(range(8), 3)))
    values = [worth(known, omega, tuple(rows)) for rows in sets.tolist()]
    assert values[best_set(foresee(known, SETTINGS), omega, sets)] == pytest.approx(max(values), rel=1e-9)


def test_drawn_functions_have_the_covariances_of_the_components() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    settings: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(4)] for i in range(16)])
    x = settings[rng.permutation(16)[:12]]
    y = 2.0 * x[:, 0] - x[:, 1] + 0.7 * x[:, 0] * x[:, 2] + 0.3 * rng.standard_normal(12)
    known = learn(x, y, None, runs=2, seed=0)
    drawn = WalshDesign(known.cells, WalshPrior(curved=False)).functions(known.y, 0, draws=20_000)
    assert not isinstance(drawn, str)
    # The components' functions hold no mean, over all settings.
    drawn = replace(drawn, values=drawn.values - drawn.values.mean(axis=1, keepdims=True))
    exact = replace(known, told=weighed(known.cells, known.y, enumerate_components(known.cells, one_scale(known.y))))
    for ahead in (None, np.zeros(0)):
        ours, theirs = (foresee(replace(one, ahead=ahead), settings) for one in (replace(known, told=drawn), exact))
        unit = np.sqrt(np.outer(theirs.variance, theirs.variance))
        assert ours.noise == pytest.approx(theirs.noise, rel=0.1)
        columns = [np.array([seen.column(i) for i in range(16)]) for seen in (ours, theirs)]
        assert np.abs((columns[0] - columns[1]) / unit).max() < 0.08
        assert np.diag(columns[0]) == pytest.approx(ours.variance, rel=1e-9)
        sizes = np.sqrt(theirs.variance[:, None] * drawn.effects.var(axis=0))
        assert np.abs((ours.effects - theirs.effects) / sizes).max() < 0.08
