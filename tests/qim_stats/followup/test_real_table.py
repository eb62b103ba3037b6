"""What is expected of further runs, against what they told: screens drawn from the recorded full factorial of LeNet."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from qim_stats.design import plackett_burman
from qim_stats.factors import Factor
from qim_stats.followup.candidates import all_settings
from qim_stats.followup.expected_gain import draws_now, expected_gains
from qim_stats.followup.foresight import best_runs, foresee
from qim_stats.followup.goal import Goal
from qim_stats.followup.knowledge import learn
from qim_stats.screening.walsh_draws import WalshFunctions
from qim_stats.screening.walsh_mixture import WalshDesign, WalshPosterior, walsh_design
from qim_stats.trials import read_trials
from qim_stats.waiting import unheard

FULL = Path(__file__).parents[3] / "analysis" / "lenet_fashion" / "full.csv"
STUDIES = 6
GOAL = Goal("top", "top-3", 3)
Array = npt.NDArray[np.float64]


def test_the_measure_after_a_foldover_is_about_what_was_expected() -> None:
    full = read_trials(FULL)
    x: Array = full.coded[full.factor_names].to_numpy(dtype=np.float64)
    measured = {tuple(row): y for row, y in zip(x.tolist(), full.y.tolist(), strict=True)}
    base = plackett_burman([Factor(f"x{i}", -1, 1) for i in range(11)], runs=12, seed=1)
    columns: Array = base.coded[base.names].to_numpy(dtype=np.float64)
    k = x.shape[1]
    now, expected, told = [], [], []
    for study in range(STUDIES):
        rng = np.random.Generator(np.random.PCG64([study, 1]))
        screen = columns[:, rng.permutation(11)[:k]] * rng.choice([-1.0, 1.0], k)
        y, mirrored = (np.array([measured[tuple(row)] for row in rows.tolist()]) for rows in (screen, -screen))
        known = learn(screen, y, None, runs=12, seed=0)
        rows = known.canonical(-screen)
        gain = expected_gains(known, {"foldover": rows}, GOAL, 0.9, seed=0, progress=unheard, futures=60)["foldover"]
        after = walsh_design(np.vstack([screen, -screen]), np.repeat([[0.0], [1.0]], 12, axis=0))
        assert isinstance(after, WalshDesign)
        posterior = after.posterior(np.concatenate([y, mirrored]), 0, draws=2_000)
        assert isinstance(posterior, WalshPosterior)
        now.append(GOAL.measure(draws_now(known, 0), 0.9)[0])
        expected.append(gain.expected)
        told.append(GOAL.measure(posterior.draws, 0.9)[0])
    # A foldover doubles what is known of the first three; the expectation is within its error of what came.
    assert np.mean(told) > np.mean(now) + 0.1
    assert abs(np.mean(expected) - np.mean(told)) < 2.5 * np.std(told, ddof=1) / np.sqrt(STUDIES) + 0.02


def test_weighing_draws_by_their_likelihood_would_leave_few() -> None:
    data = read_trials(FULL.parent / "screen.csv")
    known = learn(data.coded[data.factor_names].to_numpy(dtype=np.float64), data.y, None, runs=4, seed=0, joins="")
    told = known.told
    assert isinstance(told, WalshFunctions)
    settings = all_settings(known, 0)
    omega = GOAL.moved(known.places).weights(draws_now(known, 0))
    at = told.columns(settings[best_runs(foresee(known, settings), omega, 4, again=False)])
    values, noise = told.values[:, at], np.maximum(told.noise[:, at], 1e-12)
    rng = np.random.Generator(np.random.PCG64(1))
    left = []
    for true in rng.permutation(len(values))[:100].tolist():
        y = values[true] + np.sqrt(noise[true]) * rng.standard_normal(4)
        logs = -0.5 * ((y - values) ** 2 / noise + np.log(noise)).sum(axis=1)
        logs[true] = -np.inf
        weight = np.exp(logs - logs.max())
        left.append(weight.sum() ** 2 / (weight**2).sum())
    # Effective draws: the square of the sum of the weights over the sum of their squares.
    assert 5 < np.median(left) < 50
