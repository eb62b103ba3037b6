from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.design import default_runs, plackett_burman
from qim_stats.errors import DesignError, FactorError
from qim_stats.factors import Factor

# Plackett and Burman (1946), Biometrika 33, p. 323 (section 6): the first row of each cyclic design.
PUBLISHED = {
    8: "+++-+--",
    12: "++-+++---+-",
    16: "++++-+-++--+---",
    20: "++--++++-+-+----++-",
    24: "+++++-+-++--++--+-+----",
}


def factors(k: int) -> list[Factor]:
    return [Factor(f"x{i}", -1, 1) for i in range(1, k + 1)]


def published(n: int) -> npt.NDArray[np.int64]:
    """Shift the published row cyclically n - 2 times and add a row of minus signs, as the paper says."""
    row = np.array([1 if sign == "+" else -1 for sign in PUBLISHED[n]])
    return np.vstack([*(np.roll(row, shift) for shift in range(n - 1)), np.full(n - 1, -1)])


def signs(k: int, runs: int) -> npt.NDArray[np.int64]:
    design = plackett_burman(factors(k), runs)
    return design.coded[[*(f.name for f in design.factors), *design.dummies]].to_numpy()


@pytest.mark.parametrize("n", [12, 20, 24])
def test_published_design_run_for_run(n: int) -> None:
    assert (signs(n - 1, n) == published(n)).all()


def test_published_design_of_eight_runs_up_to_order() -> None:
    wanted = {tuple(row) for row in published(8).tolist()}
    ours = signs(7, 8)
    assert any({tuple(row) for row in ours[:, list(p)].tolist()} == wanted for p in permutations(range(7)))


@pytest.mark.parametrize("n", [8, 16])
def test_a_power_of_two_is_regular_as_the_published_design_is(n: int) -> None:
    # Up to order and sign the design in which every product of two columns is a column is unique: Sylvester's.
    for design in (published(n), signs(n - 1, n)):
        columns = {tuple(column) for column in np.hstack([design, -design]).T.tolist()}
        assert all(tuple((design[:, i] * design[:, j]).tolist()) in columns for i, j in combinations(range(n - 1), 2))


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(range(8, 201, 4)), st.data())
def test_balanced_and_orthogonal(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n - 1))
    x = signs(k, n)
    assert x.shape == (n, n - 1)
    assert not x.sum(axis=0).any()
    assert (x.T @ x == n * np.eye(n - 1, dtype=int)).all()


@pytest.mark.parametrize(
    ("k", "runs"),
    [(1, 12), (6, 12), (10, 12), (11, 20), (14, 20), (18, 20), (19, 24), (30, 36), (62, 68), (98, 100), (198, 200)],
)
def test_default_runs(k: int, runs: int) -> None:
    assert default_runs(k) == runs
    assert plackett_burman(factors(k)).n == runs


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 198))
def test_default_runs_is_the_least_of_its_kind(k: int) -> None:
    good = [n for n in range(8, 201, 4) if n >= k + 2 and n not in (8, 16, 32, 64, 128)]
    assert default_runs(k) == good[0]


def test_spare_columns_are_named_and_kept() -> None:
    design = plackett_burman(factors(7), 12)
    assert design.dummies == ("e1", "e2", "e3", "e4")
    assert list(design.coded.columns[-4:]) == ["e1", "e2", "e3", "e4"]


def test_a_spare_column_does_not_take_a_factors_name() -> None:
    design = plackett_burman([Factor("e2", 0, 1), *factors(8)], 12)
    assert design.dummies == ("e1", "e3")


@pytest.mark.parametrize(
    ("k", "runs", "words"),
    [
        (7, 13, "take 12 or 16 runs"),
        (11, 13, "take 12 or 16 runs"),
        (12, 14, "take 16 runs"),
        (7, 7, "take at least 8 runs"),
        (12, 12, "take at least 16 runs"),
        (3, 4, "take 8 to 200 runs"),
        (3, 204, "take 8 to 200 runs"),
        (3, 0, "take at least 8 runs"),
        (3, -8, "take at least 8 runs"),
        (200, 200, "drop 1 of them"),
    ],
)
def test_impossible_numbers_of_runs(k: int, runs: int, words: str) -> None:
    with pytest.raises(DesignError) as error:
        plackett_burman(factors(k), runs)
    assert words in str(error.value)


@pytest.mark.parametrize(("k", "words"), [(199, "ask for 200 runs"), (200, "drop 2 of them"), (0, "at least one")])
def test_no_default_for_so_many_factors(k: int, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        default_runs(k)


@pytest.mark.parametrize("runs", [True, 12.0, "12"])
def test_runs_is_a_whole_number(runs: int) -> None:
    with pytest.raises(DesignError, match="not a whole number"):
        plackett_burman(factors(3), runs)


@pytest.mark.parametrize("names", [[], ["a", "b", "a"], ["a", "run"], ["order"], ["reason"]])
def test_factors_that_cannot_be_columns(names: list[str]) -> None:
    with pytest.raises(FactorError):
        plackett_burman([Factor(name, -1, 1) for name in names])


def test_same_seed_same_design_in_any_process() -> None:
    code = (
        "from qim_stats.design import plackett_burman, foldover\nfrom qim_stats.factors import Factor\nimport sys\n"
        "sys.stdout.write(foldover(plackett_burman([Factor(n, 1, 2) for n in 'abcdef'], 20, seed=7)).csv())"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 41


def test_another_seed_changes_the_order_and_nothing_else() -> None:
    one, two = (plackett_burman(factors(7), seed=seed).coded for seed in (1, 2))
    assert (one["order"] != two["order"]).any()
    assert one.drop(columns="order").equals(two.drop(columns="order"))


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_seed_is_a_whole_number(seed: int) -> None:
    with pytest.raises(DesignError, match="seed"):
        plackett_burman(factors(3), seed=seed)
