"""The MD criterion: the published follow-up runs, another way of computing it, and the search for the best set."""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from qim_stats.errors import DesignError
from qim_stats.screening import model_discrimination
from qim_stats.screening.box_meyer import BoxMeyer, box_meyer
from qim_stats.screening.box_meyer_options import BoxMeyerOptions
from qim_stats.screening.model_discrimination import Discrimination, best_follow_up, discrimination

Array = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parents[2] / "reference"
PUBLISHED: dict[str, Any] = json.loads((REFERENCE / "box_meyer_published.json").read_text())
REACTOR = pd.read_csv(REFERENCE / "reactor.csv")
FIVE = list("ABCDE")


def analyzed(x: Array, y: Array, names: list[str], options: BoxMeyerOptions, blocks: Array, keep: int) -> BoxMeyer:
    found = box_meyer(x, y, names, options, blocks=blocks, keep=keep)
    assert isinstance(found, BoxMeyer)
    return found


def reactor(g: float, done: list[int], blocks: Array) -> Discrimination:
    """Predict all 32 runs as a second block, from runs done (numbers from 1)."""
    x, y = REACTOR[FIVE].to_numpy(dtype=np.float64), REACTOR["y"].to_numpy(dtype=np.float64)
    rows = np.array(done) - 1
    found = analyzed(x[rows], y[rows], FIVE, BoxMeyerOptions(5, 3, 0.25, g), blocks, keep=32)
    return discrimination(x[rows], y[rows], FIVE, found, x, blocks=blocks, candidate_blocks=np.ones((32, 1)))


def test_injection_molding_as_published() -> None:
    expected = PUBLISHED["injection"]
    table = pd.read_csv(REFERENCE / "injection.csv")
    names, blocks = list("ACEH"), np.full((16, 1), -1.0)
    x, y = table[names].to_numpy(dtype=np.float64), table["y"].to_numpy(dtype=np.float64)
    found = analyzed(x, y, names, BoxMeyerOptions(4, 3), blocks, keep=5)
    assert found.models["posterior"].to_numpy() == pytest.approx(expected["posterior"], abs=1e-4)
    assert found.models["sigma2"].to_numpy() == pytest.approx(expected["sigma2"], abs=1e-4)
    half = [(a, c, e, a * c * e) for a, c, e in product((-1.0, 1.0), repeat=3)]
    candidates = np.array([*half, *((a, c, e, -h) for a, c, e, h in half)])
    told = discrimination(x, y, names, found, candidates, blocks=blocks, candidate_blocks=np.ones((16, 1)))
    best = best_follow_up(told, 4)
    assert best.exhaustive
    assert [[i + 1 for i in rows] for rows in best.sets["rows"][:2]] == [each["rows"] for each in expected["best"]]
    assert best.sets["md"].to_numpy()[:2] == pytest.approx([each["md"] for each in expected["best"]], abs=0.01)


def test_reactor_as_published() -> None:
    expected = PUBLISHED["reactor"]
    told = reactor(expected["gamma"], expected["fraction"], np.full((8, 1), -1.0))
    best = best_follow_up(told, 4, top=1)
    assert [i + 1 for i in best.sets["rows"].iloc[0]] == expected["best"]
    assert best.models == 32


def test_reactor_one_run_at_a_time_as_published() -> None:
    done = list(PUBLISHED["reactor"]["fraction"])
    for added, (g, run) in enumerate(PUBLISHED["reactor"]["one_at_a_time"]):
        blocks = np.array([[-1.0]] * 8 + [[1.0]] * added)
        best = best_follow_up(reactor(g, done, blocks), 1, top=1)
        assert best.sets["rows"].iloc[0][0] + 1 == run
        done.append(run)


def test_md_equals_the_double_sum_over_models() -> None:
    rng = np.random.default_rng(8)
    x, y = np.sign(rng.standard_normal((12, 3))), rng.standard_normal(12) * 2.0
    names, candidates = ["a", "b", "c"], np.array(list(product((-1.0, 1.0), repeat=3)))
    found = analyzed(x, y, names, BoxMeyerOptions(3, 2, 0.4, 1.5), np.empty((12, 0)), keep=8)
    rows = [0, 5, 5]
    means, spreads = [], []
    for model in found.models["factors"]:
        members = [names.index(name) for name in model]
        words = [w for order in (1, 2) for w in combinations(members, order)]
        old = np.column_stack([np.ones(12), *(x[:, w].prod(axis=1) for w in words)])
        ahead = np.column_stack([np.ones(8), *(candidates[:, w].prod(axis=1) for w in words)])[rows]
        # The prior as further observations of zero, each of one coefficient, with standard deviation g sigma.
        stacked = np.vstack([old, np.eye(old.shape[1])[1:] / found.g])
        means.append(ahead @ np.linalg.lstsq(stacked, np.concatenate([y, np.zeros(len(words))]))[0])
        root = np.linalg.qr(stacked)[1]
        half = np.linalg.solve(root.T, ahead.T)
        spreads.append(np.eye(3) + half.T @ half)
    p, s2 = found.models["posterior"].to_numpy(), found.models["sigma2"].to_numpy()
    total = 0.0
    for i, j in product(range(len(p)), repeat=2):
        apart, inverse = means[i] - means[j], np.linalg.inv(spreads[j])
        total += p[i] * p[j] * (np.trace(inverse @ spreads[i]) - 3 + apart @ inverse @ apart / s2[i]) / 2
    told = discrimination(x, y, names, found, candidates)
    assert told.md(np.array([rows])) == pytest.approx([total], rel=1e-9)


def test_the_exchange_search_finds_the_best_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    told = reactor(0.4, PUBLISHED["reactor"]["fraction"], np.full((8, 1), -1.0))
    for replicates in (True, False):
        every = best_follow_up(told, 3, replicates=replicates)
        with monkeypatch.context() as patched:
            patched.setattr(model_discrimination, "MAX_SETS", 1)
            searched = best_follow_up(told, 3, replicates=replicates)
        assert (every.exhaustive, searched.exhaustive) == (True, False)
        assert searched.sets["rows"].iloc[0] == every.sets["rows"].iloc[0]
        assert searched.sets["md"].iloc[0] == pytest.approx(every.sets["md"].iloc[0], rel=1e-12)
        if not replicates:
            assert all(len(set(rows)) == 3 for rows in every.sets["rows"])


def test_follows_runs_factors_and_levels() -> None:
    rng = np.random.default_rng(1)
    x, y = np.sign(rng.standard_normal((12, 4))), rng.standard_normal(12)
    candidates = np.array(list(product((-1.0, 1.0), repeat=4)))
    names, none = list("abcd"), np.empty((12, 0))
    found = analyzed(x, y, names, BoxMeyerOptions(2, 2), none, keep=11)
    one = discrimination(x, y, names, found, candidates)
    rows, order, signs = rng.permutation(12), rng.permutation(4), np.array([1.0, -1.0, -1.0, 1.0])
    turned = [names[i] for i in order]
    moved, ahead = (x * signs)[np.ix_(rows, order)], (candidates * signs)[:, order]
    again = analyzed(moved, 3.0 - 10.0 * y[rows], turned, BoxMeyerOptions(2, 2), none, keep=11)
    other = discrimination(moved, 3.0 - 10.0 * y[rows], turned, again, ahead)
    sets = rng.integers(0, 16, (20, 3)).astype(np.intp)
    assert other.md(sets) == pytest.approx(one.md(sets), rel=1e-9)


def test_mistakes() -> None:
    told = reactor(0.4, PUBLISHED["reactor"]["fraction"], np.full((8, 1), -1.0))
    with pytest.raises(DesignError, match=r"0 runs cannot be chosen from 32 candidates; give 1 or more$"):
        best_follow_up(told, 0)
    with pytest.raises(DesignError, match=r"33 runs cannot be chosen .* up to 32"):
        best_follow_up(told, 33, replicates=False)
    x, y = np.sign(np.random.default_rng(0).standard_normal((8, 2))), np.arange(8.0)
    found = analyzed(x, y, ["a", "b"], BoxMeyerOptions(), np.empty((8, 0)), keep=4)
    with pytest.raises(DesignError, match="other factors or blocks"):
        discrimination(x, y, ["a", "b"], found, np.ones((3, 1)))
