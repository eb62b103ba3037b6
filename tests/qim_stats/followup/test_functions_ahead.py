"""What would be believed after further runs, from draws of response functions."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from qim_stats.followup.expected_gain import draws_now, expected_gains
from qim_stats.followup.functions_ahead import FunctionFutures
from qim_stats.followup.goal import Goal
from qim_stats.followup.knowledge import Knowledge, learn
from qim_stats.screening.walsh_draws import WalshFunctions
from qim_stats.waiting import unheard

Array = npt.NDArray[np.float64]
K = 4
SETTINGS: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(K)] for i in range(2**K)])
ROWS = SETTINGS[[1, 6, 11]]
SD = 0.3


@pytest.fixture
def known() -> Knowledge:
    rng = np.random.Generator(np.random.PCG64(5))
    x = SETTINGS[rng.permutation(16)[:8]]
    y = 2 * x[:, 0] - x[:, 1] + 0.5 * x[:, 0] * x[:, 2] + 0.3 * rng.standard_normal(8)
    return learn(x, y, None, runs=3, seed=0, joins="")


def normal(draws: int) -> WalshFunctions:
    """Return functions that are main effects alone, independently normal with variances 1, 1/4, 1/9 and 1/16."""
    rng = np.random.Generator(np.random.PCG64(2))
    effects = rng.standard_normal((draws, K)) / np.arange(1, K + 1)
    noise = np.full((draws, 2**K), SD**2)
    return WalshFunctions(effects @ SETTINGS.T, effects, noise, np.arange(K), np.ones(K))


@pytest.mark.parametrize("block", [False, True])
def test_the_update_is_that_of_a_linear_model_where_functions_are_normal(known: Knowledge, block: bool) -> None:
    known = known if not block else replace(known, ahead=None)
    told = normal(40_000)
    futures = FunctionFutures(known, told, len(ROWS), 200, 20_000, seed=0)
    z = ROWS - ROWS.mean(axis=0) if block else ROWS
    covariance = np.linalg.inv(np.diag(np.arange(1.0, K + 1) ** 2) + z.T @ z / SD**2)
    means = []
    for drawn in futures.after(ROWS):
        assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.03)
        means.append(drawn.mean(axis=0))
    # Beliefs move as far as they narrow.
    prior = np.diag(1.0 / np.arange(1.0, K + 1) ** 2)
    assert np.cov(np.array(means).T) == pytest.approx(prior - covariance, abs=0.15)


def test_what_is_believed_after_is_on_average_what_is_believed_now(known: Knowledge) -> None:
    told = known.told
    assert isinstance(told, WalshFunctions)
    after = np.array([drawn.mean(axis=0) for drawn in FunctionFutures(known, told, 3, 600, 400, 0).after(ROWS)])
    now = draws_now(known, 0)
    error = after.std(axis=0) / np.sqrt(600) + now.std(axis=0) / np.sqrt(400)
    assert (np.abs(after.mean(axis=0) - now.mean(axis=0)) < 4 * error).all()
    assert after.std(axis=0).max() > 0.05


def test_what_all_runs_of_a_new_block_share_tells_nothing(known: Knowledge) -> None:
    known = replace(known, ahead=None)
    goal = Goal("top", "top-2", 2)
    same = {"same": np.tile(ROWS[:1], (3, 1)), "different": ROWS}
    gains = expected_gains(known, same, goal, 0.9, seed=0, progress=unheard, draws=2_000)
    now, _ = goal.measure(draws_now(known, 0), 0.9)
    assert gains["same"].measure == pytest.approx(np.full(300, now), abs=1e-6)
    assert gains["different"].expected > now + 0.01
    joined = expected_gains(replace(known, ahead=np.zeros(0)), same, goal, 0.9, seed=0, progress=unheard)
    assert np.ptp(joined["same"].measure) > 0.02  # in the block of the others it tells something, if little


def test_one_seed_gives_the_same_bytes(known: Knowledge) -> None:
    goal = Goal("top", "top-2", 2)
    first, again, other = (
        expected_gains(known, {"rows": ROWS}, goal, 0.9, seed=seed, progress=unheard)["rows"] for seed in (0, 0, 1)
    )
    assert first.measure.tobytes() == again.measure.tobytes()
    assert first.measure.tobytes() != other.measure.tobytes()
