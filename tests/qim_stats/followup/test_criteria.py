"""Bayesian D and MD runs against a search through every set."""

from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt
import pytest

from qim_stats.followup.bayesian_d import best_d_runs, model_rows
from qim_stats.followup.knowledge import learn
from qim_stats.followup.md_runs import md_runs
from qim_stats.screening.box_meyer import block_columns, box_meyer
from qim_stats.screening.model_discrimination import best_follow_up, discrimination

Array = npt.NDArray[np.float64]
SETTINGS: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(3)] for i in range(8)])
DONE = SETTINGS[[0, 3, 5, 6]]


def test_bayesian_d_runs_have_the_largest_determinant_of_all_sets() -> None:
    done = model_rows(DONE, np.zeros((4, 1)))
    new = model_rows(SETTINGS, np.ones((8, 1)))
    prior = np.diag([1e-6] * 5 + [1.0] * 3)

    def log_det(rows: tuple[int, ...]) -> float:
        x = np.vstack([done, new[list(rows)]])
        return float(np.linalg.slogdet(x.T @ x + prior)[1])

    chosen = best_d_runs(done, new, 4, primary=5)
    best = max(log_det(rows) for rows in combinations_with_replacement(range(8), 4))
    assert log_det(tuple(chosen.tolist())) == pytest.approx(best, rel=1e-9)


def test_bayesian_d_completes_a_half_fraction() -> None:
    # A half fraction of 2^3 confounds each main effect with an interaction; the other half clears all six.
    done, new = model_rows(DONE, np.zeros((4, 1))), model_rows(SETTINGS, np.ones((8, 1)))
    assert sorted(best_d_runs(done, new, 4, primary=5).tolist()) == [1, 2, 4, 7]


def test_potential_terms_have_the_range_of_the_paper() -> None:
    rows = model_rows(SETTINGS, np.empty((8, 0)))
    assert np.ptp(rows[:, 1:4], axis=0).tolist() == [2.0] * 3
    assert np.ptp(rows[:, 4:], axis=0).tolist() == [1.0] * 3
    assert rows[:, 4:].T @ rows[:, :4] == pytest.approx(np.zeros((3, 4)))


def test_md_runs_are_the_best_of_an_exhaustive_search() -> None:
    settings: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(4)] for i in range(16)])
    x = settings[[0, 3, 5, 6, 9, 10, 12, 15]]
    y = np.array([1.0, 3.2, 0.7, 3.9, 1.2, 4.4, 2.0, 6.1])
    known = learn(x, y, None, runs=3, seed=0)
    chosen = md_runs(known, settings, 3)
    assert not isinstance(chosen, str)
    blocks = block_columns([*["old"] * 8, *["new"] * 16])
    names = ["a", "b", "c", "d"]
    found = box_meyer(known.x, known.y, names, blocks=blocks[:8])
    assert not isinstance(found, str)
    told = discrimination(known.x, known.y, names, found, settings, blocks=blocks[:8], candidate_blocks=blocks[8:])
    best = best_follow_up(told, 3, top=1)
    assert best.exhaustive
    assert told.md(chosen[None, :])[0] == pytest.approx(best.sets["md"][0], rel=1e-6)
