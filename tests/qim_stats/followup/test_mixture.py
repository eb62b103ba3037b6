"""The mixture over trials done and to come, against the posterior of the finished table."""

from dataclasses import replace

import numpy as np
import pytest

from qim_stats.followup.components_ahead import component_functions
from qim_stats.followup.expected_gain import DRAWS, draws_now, expected_gains
from qim_stats.followup.goal import Goal
from qim_stats.followup.knowledge import Knowledge, Weighed, learn, weighed
from qim_stats.followup.mixture import deviates, mixture
from qim_stats.screening.walsh_components import GRID, log_prior, log_weights
from qim_stats.screening.walsh_mixture import WalshDesign, walsh_design
from qim_stats.screening.walsh_prior import WalshPrior
from qim_stats.screening.walsh_sets import enumerate_components
from qim_stats.screening.walsh_warps import one_scale
from qim_stats.waiting import unheard

K = 4


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight runs of four factors, their responses, and four further runs."""
    rng = np.random.Generator(np.random.PCG64(5))
    settings = 2.0 * ((np.arange(16)[:, None] >> np.arange(K)) & 1) - 1.0
    rows = rng.permutation(16)
    x, ahead = settings[rows[:8]], settings[rows[8:12]]
    y = 2 * x[:, 0] - x[:, 1] + 0.5 * x[:, 0] * x[:, 2] + 0.3 * rng.standard_normal(8)
    return x, y, ahead


def by_components(
    x: np.ndarray, y: np.ndarray, blocks: list[str] | None = None, joins: str | None = None
) -> tuple[Knowledge, Weighed]:
    """Know the trials as beyond 12 factors, but by all components instead of a sample of them."""
    known = learn(x, y, blocks, runs=4, seed=0, joins=joins)
    told = weighed(known.cells, known.y, enumerate_components(known.cells, one_scale(known.y)))
    return replace(known, told=told), told


def test_weights_after_further_runs_are_those_of_the_whole_table(
    data: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    x, y, ahead = data
    known, told = by_components(x, y)
    after = mixture(known, told, known.canonical(ahead))
    new = np.array([0.4, -1.0, 0.2, 0.9])
    response = np.concatenate([known.y, new])
    weight, _, _ = after.weigh(response[None, :])
    found = told.components
    # The same components weighed in one go, as an analysis of the joined table with its block weighs them.
    logs = log_weights(after.cells, response, found.active, GRID[found.grid])
    whole = np.exp(logs - logs.max())
    assert weight[:, 0] == pytest.approx(whole / whole.sum(), rel=1e-8, abs=1e-14)


def test_draws_now_are_those_of_the_analysis(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, _ = data
    known, _ = by_components(x, y)
    design = walsh_design(x, prior=WalshPrior(curved=False))
    assert isinstance(design, WalshDesign)
    posterior = design.posterior(y, 3, draws=40_000)
    assert not isinstance(posterior, str)
    drawn = known.given(draws_now(known, 1, draws=40_000)) * known.scale
    error = posterior.sd / np.sqrt(40_000)
    assert np.abs(drawn.mean(axis=0) - posterior.mean).max() < 5 * error.max()
    assert drawn.std(axis=0) == pytest.approx(posterior.sd, rel=0.05)


def test_the_new_blocks_difference_changes_nothing(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, ahead = data
    known, told = by_components(x, y, ["a"] * 4 + ["b"] * 4)
    after = mixture(known, told, known.canonical(ahead))
    new = np.array([0.4, -1.0, 0.2, 0.9])
    given = deviates(200, K, np.random.Generator(np.random.PCG64(1)))
    drawn = []
    for shift in (0.0, 7.0):
        weight, total, means = after.weigh(np.concatenate([known.y, new + shift])[None, :])
        drawn.append(after.draw(weight[:, 0], total[:, 0], means[0], given))
    assert drawn[1] == pytest.approx(drawn[0], abs=1e-9)


def test_what_is_believed_after_is_on_average_what_is_believed_now(
    data: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    x, y, ahead = data
    known, told = by_components(x, y)
    rows = known.canonical(ahead)
    futures = 800
    function, sd = component_functions(known, told, rows, futures, np.random.Generator(np.random.PCG64(2)))
    noise = np.random.Generator(np.random.PCG64(3)).standard_normal((futures, 4)) * sd[:, None]
    after = mixture(known, told, rows)
    weight, total, means = after.weigh(np.column_stack([np.tile(known.y, (futures, 1)), function + noise]))
    given = deviates(DRAWS, K, np.random.Generator(np.random.PCG64(4)))
    now = draws_now(known, 0)
    effects, first = [], []
    for i in range(futures):
        drawn = after.draw(weight[:, i], total[:, i], means[i], given)
        effects.append(drawn.mean(axis=0))
        first.append((np.abs(drawn).argmax(axis=1)[:, None] == np.arange(K)).mean(axis=0))
    for seen, believed in (
        (np.array(effects), now.mean(axis=0)),
        (np.array(first), (np.abs(now).argmax(axis=1)[:, None] == np.arange(K)).mean(axis=0)),
    ):
        error = seen.std(axis=0) / np.sqrt(futures) + 0.01
        assert (np.abs(seen.mean(axis=0) - believed) < 4 * error).all()
    # The futures are worth something: beliefs move.
    assert np.array(effects).std(axis=0).max() > 0.05


def test_gains_know_a_useless_set_from_a_useful_one(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, ahead = data
    known, _ = by_components(x, y)
    goal = Goal("top", "top-2", 2)
    # Four runs of one setting in a block of their own tell the block's level and the noise, nothing of an effect.
    options = {"useless": np.tile(known.canonical(ahead[:1]), (4, 1)), "useful": known.canonical(ahead)}
    gains = expected_gains(known, options, goal, 0.9, seed=0, progress=unheard)
    now, _ = goal.measure(draws_now(known, 0), 0.9)
    assert gains["useful"].expected - gains["useless"].expected > 0.01
    assert gains["useless"].expected == pytest.approx(now, abs=0.05)
    again = expected_gains(known, options, goal, 0.9, seed=0, progress=unheard)
    assert (again["useful"].measure == gains["useful"].measure).all()


def test_the_prior_is_counted_once(data: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    x, y, _ = data
    _, told = by_components(x, y)
    logs = told.log_evidence + log_prior(told.components.active, GRID[told.components.grid])
    weight = np.exp(logs - logs.max())
    assert told.components.weight == pytest.approx(weight / weight.sum(), rel=1e-8)


def test_beyond_twelve_factors_components_are_sampled_and_weighed_again() -> None:
    rng = np.random.Generator(np.random.PCG64(6))
    x = rng.choice([-1.0, 1.0], (20, 13))
    y = 2 * x[:, 0] - x[:, 1] + 0.3 * rng.standard_normal(20)
    known = learn(x, y, None, runs=4, seed=0, joins="")
    assert isinstance(known.told, Weighed)
    ahead = rng.choice([-1.0, 1.0], (4, 13))
    options = {"again": known.canonical(np.tile(x[:1], (4, 1))), "new": known.canonical(ahead)}
    gains = expected_gains(known, options, Goal("top", "top-3", 3), 0.9, seed=0, progress=unheard, futures=40)
    assert gains["new"].expected > gains["again"].expected
