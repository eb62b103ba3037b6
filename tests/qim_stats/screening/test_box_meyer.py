"""Box and Meyer's posteriors: equal to BsMD's, to another way of computing them, and to themselves in other clothes."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.errors import QimError
from qim_stats.screening import box_meyer_evidence
from qim_stats.screening.box_meyer import BoxMeyer, block_columns, box_meyer
from qim_stats.screening.box_meyer_options import BoxMeyerOptions

Array = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parents[2] / "reference"
CASES: list[dict[str, Any]] = json.loads((REFERENCE / "box_meyer.json").read_text())["cases"]


def weigh(x: Array, y: Array, options: BoxMeyerOptions, blocks: Array | None = None) -> BoxMeyer:
    found = box_meyer(x, y, [f"x{i + 1}" for i in range(x.shape[1])], options, blocks=blocks)
    assert isinstance(found, BoxMeyer), found
    return found


def of_case(case: dict[str, Any]) -> tuple[Array, Array, BoxMeyerOptions, Array]:
    x, y = np.array(case["X"], dtype=np.float64), np.array(case["y"])
    options = BoxMeyerOptions(case["max_factors"], case["max_order"], case["p"], case["gamma"])
    return x[:, case["blocks"] :], y, options, x[:, : case["blocks"]]


def dense(x: Array, y: Array, options: BoxMeyerOptions, blocks: Array) -> dict[tuple[int, ...], float]:
    """Weigh the models by the n x n covariance of y in place of the normal equations of the coefficients."""
    n, k = x.shape
    max_factors, max_order = options.for_factors(k)
    ones, logs = np.ones(n), {}
    for size in range(max_factors + 1):
        for model in combinations(range(k), size):
            cov = np.eye(n) + options.g**2 * blocks @ blocks.T
            for order in range(1, max_order + 1):
                for word in combinations(model, order):
                    column = x[:, word].prod(axis=1)
                    cov += options.g**2 * np.outer(column, column)
            inverse = np.linalg.inv(cov)
            mean = (ones @ inverse @ y) / (ones @ inverse @ ones)
            q = (y - mean) @ inverse @ (y - mean)
            logs[model] = (
                size * np.log(options.p / (1 - options.p))
                - 0.5 * np.linalg.slogdet(cov)[1]
                - 0.5 * np.log(ones @ inverse @ ones)
                - (n - 1) / 2 * np.log(q)
            )
    top = max(logs.values())
    total = sum(np.exp(v - top) for v in logs.values())
    return {model: float(np.exp(v - top) / total) for model, v in logs.items()}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_equals_bsmd(case: dict[str, Any]) -> None:
    x, y, options, blocks = of_case(case)
    found = weigh(x, y, options, blocks)
    assert found.count == case["models"]
    assert found.factors["posterior"].to_numpy() == pytest.approx(case["factor_posterior"], abs=1e-10)
    assert found.none == pytest.approx(case["none"], abs=1e-3)
    assert [[int(name[1:]) for name in model] for model in found.models["factors"]] == [
        model["factors"] for model in case["top_models"]
    ]
    for column in ("posterior", "sigma2"):
        published = [model[column] for model in case["top_models"]]
        assert found.models[column].to_numpy() == pytest.approx(published, rel=1e-8)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Array, Array, BoxMeyerOptions, Array]:
    seed = draw(st.integers(0, 10**6))
    n, k = draw(st.integers(3, 24)), draw(st.integers(1, 5))
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 0.0, 1.0], (n, k), p=[0.45, 0.1, 0.45])
    y = rng.standard_normal(n) + 3.0 * x[:, 0] * x[:, -1]
    options = BoxMeyerOptions(
        draw(st.integers(1, k)), draw(st.integers(1, 3)), draw(st.floats(0.05, 0.9)), draw(st.floats(0.1, 10.0))
    )
    return x, y, options, block_columns(rng.integers(0, draw(st.integers(1, 3)), n).tolist())


@given(tables())
@settings(max_examples=30, deadline=None)
def test_equals_the_dense_computation(table: tuple[Array, Array, BoxMeyerOptions, Array]) -> None:
    x, y, options, blocks = table
    expected = dense(x, y, options, blocks)
    found = weigh(x, y, options, blocks)
    assert found.none == pytest.approx(expected[()], rel=1e-8)
    sums = [sum(v for model, v in expected.items() if i in model) for i in range(x.shape[1])]
    assert found.factors["posterior"].to_numpy() == pytest.approx(sums, rel=1e-8)


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_follows_rows_factors_levels_and_units(table: tuple[Array, Array, BoxMeyerOptions, Array], random: Any) -> None:
    x, y, options, blocks = table
    n, k = x.shape
    rows, order = random.sample(range(n), n), random.sample(range(k), k)
    signs = np.array([random.choice([-1.0, 1.0]) for _ in range(k)])
    plain = weigh(x, y, options, blocks)
    names = [f"x{i + 1}" for i in order]
    other = box_meyer((x * signs)[np.ix_(rows, order)], 7.0 - 40.0 * y[rows], names, options, blocks=blocks[rows])
    assert isinstance(other, BoxMeyer)
    moved = other.factors.set_index("factor")["posterior"].loc[plain.factors["factor"]]
    assert moved.to_numpy() == pytest.approx(plain.factors["posterior"].to_numpy(), rel=1e-7)
    assert other.none == pytest.approx(plain.none, rel=1e-7)
    assert [set(m) for m in other.models["factors"]] == [set(m) for m in plain.models["factors"]]
    assert other.models["sigma2"].to_numpy() == pytest.approx(1600.0 * plain.models["sigma2"].to_numpy(), rel=1e-7)


def test_many_runs_give_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    x = np.sign(rng.standard_normal((300, 4)))
    y = x[:, 1] - 0.5 * x[:, 1] * x[:, 2] + rng.standard_normal(300)
    options = BoxMeyerOptions(max_factors=4)
    blocks = block_columns(["a"] * 100 + ["b"] * 200)
    expected = dense(x, y, options, blocks)
    sums = [sum(v for model, v in expected.items() if i in model) for i in range(4)]
    for rows in (4_096, 70):
        monkeypatch.setattr(box_meyer_evidence, "_ROWS", rows)
        assert weigh(x, y, options, blocks).factors["posterior"].to_numpy() == pytest.approx(sums, rel=1e-6)


def test_sharp_data_do_not_overflow() -> None:
    rng = np.random.default_rng(0)
    x = np.sign(rng.standard_normal((600, 3)))
    found = weigh(x, 1e8 + 1e3 * x[:, 0] + 1e-6 * rng.standard_normal(600), BoxMeyerOptions(g=1000.0))
    assert found.factors["posterior"].to_numpy()[0] == 1.0
    assert found.none == 0.0
    assert np.isfinite(found.models["sigma2"]).all()
    assert np.isfinite(found.factors["posterior"]).all()


def test_a_factor_without_variation_keeps_its_prior() -> None:
    rng = np.random.default_rng(5)
    x = np.hstack([np.sign(rng.standard_normal((12, 1))), np.ones((12, 1))])
    found = weigh(x, rng.standard_normal(12), BoxMeyerOptions(max_order=1, p=0.3))
    assert found.factors["posterior"].to_numpy()[1] == pytest.approx(0.3)


def test_a_constant_response_has_no_answer() -> None:
    x = np.sign(np.random.default_rng(0).standard_normal((12, 3)))
    assert box_meyer(x, np.full(12, 0.1), ["a", "b", "c"]) == "the response is constant"


def test_aliased_models_stand_in_the_order_of_their_names() -> None:
    # In a resolution III fraction c = ab: {a, b}, {a, c}, {b, c} explain y alike.
    base = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]] * 2, dtype=np.float64)
    x = np.column_stack([base, base.prod(axis=1)])
    y = np.array([1.0, 2.0, 4.0, 8.0, 1.5, 2.5, 4.5, 8.5])
    found = box_meyer(x[:, [2, 0, 1]], y, ["c", "a", "b"], BoxMeyerOptions(max_factors=2, max_order=2))
    assert isinstance(found, BoxMeyer)
    pairs = found.models[found.models["factors"].map(len) == 2]
    assert pairs["posterior"].to_numpy() == pytest.approx([pairs["posterior"].iloc[0]] * 3)
    assert [sorted(m) for m in pairs["factors"]] == [["a", "b"], ["a", "c"], ["b", "c"]]


def test_block_columns_do_not_depend_on_the_names_of_blocks() -> None:
    assert block_columns(["first", "second", "first"]).tolist() == [[-1.0], [1.0], [-1.0]]
    one, other = block_columns(["a", "b", "c", "b"]), block_columns(["c", "a", "b", "a"])
    assert one.shape == (4, 2)
    assert one @ one.T == pytest.approx(other @ other.T)
    assert block_columns(["only", "only"]).shape == (2, 0)
    again = block_columns(["c", "b", "a", "b"])[[2, 1, 0, 1]]
    assert again @ again.T == pytest.approx(block_columns(["a", "b", "c", "b"]) @ block_columns(["a", "b", "c", "b"]).T)


def test_too_many_factors_are_refused() -> None:
    x = np.sign(np.random.default_rng(0).standard_normal((12, 3)))
    with pytest.raises(QimError, match=r"max_factors=4 is more than the 3 factors"):
        box_meyer(x, np.arange(12.0), ["a", "b", "c"], BoxMeyerOptions(max_factors=4))
