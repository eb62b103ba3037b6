"""The alias-aware posterior: against brute force in R, its symmetries, and what it says of aliased effects."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.screening.walsh_cells import collapse
from qim_stats.screening.walsh_components import log_weights, moments, projected_inverses
from qim_stats.screening.walsh_functions import main_effects, orders, walsh_columns, walsh_sums
from qim_stats.screening.walsh_kernel import kernel
from qim_stats.screening.walsh_mixture import WalshDesign, WalshPosterior, walsh_design
from qim_stats.screening.walsh_prior import STANDARD, WalshPrior
from qim_stats.screening.walsh_sets import Components, enumerate_components, sample_components
from qim_stats.screening.walsh_warps import MIRRORED, NAMES, all_scales, one_scale

Array = npt.NDArray[np.float64]
REFERENCE = Path(__file__).parents[2] / "reference" / "walsh_mixture.json"  # by walsh_mixture.R beside it
PLAIN = WalshPrior(curved=False)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(REFERENCE.read_text())
    return answer


def plackett_burman(k: int, runs: int, *, fold: bool = False) -> Array:
    names = [f"f{i}" for i in range(k)]
    design = qs.plackett_burman([qs.Factor(n, -1, 1) for n in names], runs=runs, seed=0)
    x = design.coded[names].to_numpy(dtype=np.float64)
    return np.vstack([x, -x]) if fold else x


def design(
    x: Array, nuisance: Array | None = None, weights: Array | None = None, prior: WalshPrior = STANDARD
) -> WalshDesign:
    made = walsh_design(x, nuisance, weights, prior)
    assert isinstance(made, WalshDesign)
    return made


def posterior(made: WalshDesign, y: Array, seed: int = 0) -> WalshPosterior:
    found = made.posterior(y, seed)
    assert isinstance(found, WalshPosterior)
    return found


def shares(found: Components) -> Array:
    """Return the probability of each row of the grid."""
    return np.bincount(found.grid, found.weight, len(found.prior.grid))


def test_components_equal_brute_force(reference: dict[str, Any]) -> None:
    cells = collapse(np.array(reference["x"], float), np.array(reference["block"], float)[:, None])
    assert (cells.n, cells.m, cells.df) == (8, 7, 6)  # two trials of +++ share block 1, the third has block 0
    y = np.array(reference["y"])
    rows = reference["components"]
    active = np.array([r["active"] for r in rows], dtype=bool)
    grid = np.array([[r["rho"], r["eta"], r["lam"], r["heredity"]] for r in rows])
    assert {(size[3], size[2] > 100.0) for size in grid.tolist()} == {(1.0, False), (0.0, False), (1.0, True)}
    logs = log_weights(cells, y, active, grid)
    assert logs - logs[0] == pytest.approx([r["log_weight"] for r in rows], abs=1e-9)
    found = moments(cells, y, projected_inverses(cells, active, grid)[0], active, grid[:, 2])
    assert found.mean == pytest.approx(np.array([r["mean"] for r in rows]), rel=1e-9, abs=1e-11)
    assert found.shape == pytest.approx(np.array([r["shape"] for r in rows]), rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("prepared", [False, True])
def test_mixture_equals_brute_force(reference: dict[str, Any], prepared: bool) -> None:
    made = design(np.array(reference["x"], float), np.array(reference["block"], float)[:, None], prior=PLAIN)
    made = made.prepared() if prepared else made
    found = posterior(made, np.array(reference["y"]))
    assert list(found.p_scale) == ["as given"]
    assert found.p_active == pytest.approx(reference["p_active"], abs=1e-9)
    sd = np.array(reference["sd"])
    assert found.mean == pytest.approx(reference["mean"], abs=4 * float(sd.max()) / np.sqrt(len(found.draws)))
    assert found.sd == pytest.approx(sd, rel=0.1)  # t with 6 degrees of freedom: heavy tails


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("turn", [1.0, -1.0])
def test_scales_equal_brute_force(reference: dict[str, Any], prepared: bool, turn: float) -> None:
    made = design(np.array(reference["x"], float), np.array(reference["block"], float)[:, None])
    found = posterior(made.prepared() if prepared else made, turn * np.array(reference["y"]))
    assert found.p_active == pytest.approx(reference["p_active_curved"], abs=1e-9)
    expected = np.array(reference["p_scale"])
    if turn < 0.0:
        expected = expected[list(MIRRORED)]
    assert list(found.p_scale) == list(NAMES)
    assert list(found.p_scale.values()) == pytest.approx(expected, abs=1e-9)


def test_scales_turn_back_and_have_the_slopes_they_say() -> None:
    y = np.random.default_rng(8).normal(3.0, 2.0, 9)
    made = all_scales(y)
    step = 1e-6
    for column, back in enumerate(made.back):
        z = made.z[:, column]
        assert back(z) == pytest.approx(y)
        slopes = 2.0 * step / (back(z + step) - back(z - step)) * y.std()
        total = float(np.log(slopes).sum())
        assert total == pytest.approx(made.log_slope[column] - len(y) * made.log_spread[column], abs=1e-5)


def test_a_multiplicative_response_is_told_and_helps() -> None:
    rng = np.random.default_rng(9)
    x = plackett_burman(7, 12, fold=True)
    effects = np.array([0.8, 0.7, 0.6, 0.5, 0.1, 0.0, 0.0])
    cells = np.array(list(product([-1.0, 1.0], repeat=7)))
    truth = np.abs(cells.T @ np.exp(cells @ effects) / 128.0)
    y = np.exp(x @ effects + 0.05 * rng.standard_normal(24))
    curved, plain = posterior(design(x), y), posterior(design(x, prior=PLAIN), y)
    assert (
        curved.p_scale["exp(-1 t)"]
        + curved.p_scale["exp(-0.5 t)"]
        + sum(p for name, p in curved.p_scale.items() if name.startswith("log"))
        > 0.9
    )
    errors = [np.abs(np.abs(found.mean) - truth).sum() for found in (curved, plain)]
    assert errors[0] < 0.7 * errors[1]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 5), inactive=st.sampled_from([0.3, 0.1, 0.6]), inherit=st.booleans())
def test_kernel_is_the_sum_over_all_interactions(seed: int, k: int, inactive: float, inherit: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 0.0, 1.0], size=(4, k))
    other = rng.choice([-1.0, 0.0, 1.0], size=(3, k))
    active, (rho, eta) = rng.random(k) < 0.5, rng.uniform(0.2, 0.9, 2)
    r2 = np.where(active, 1.0, inactive**2)
    rho = rho if inherit else eta
    total = np.zeros((4, 3))
    for subset in product([False, True], repeat=k):
        members = np.array(subset)
        size = int(members.sum())
        if size:
            scale = {1: 1.0, 2: rho**2}.get(size, eta ** (2 * (size - 1)))
            parents = r2[members].prod() if inherit or size == 1 else 1.0
            total += scale * np.outer(x[:, members].prod(axis=1), other[:, members].prod(axis=1)) * parents
    # Beside another component, so that each gets its own.
    pair, sizes = np.array([~active, active]), np.array([[0.5, 0.3, 0.2, 1.0], [rho, eta, 0.2, float(inherit)]])
    found = kernel(x, other, pair, sizes, WalshPrior(inactive=inactive))
    assert found[1] == pytest.approx(total)
    # Of settings with themselves half is computed: it must be what the whole has beside others.
    beside = kernel(x, np.vstack([x, other]), pair, sizes, WalshPrior(inactive=inactive))
    assert kernel(x, x, pair, sizes, WalshPrior(inactive=inactive)) == pytest.approx(beside[:, :, : len(x)])


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_rows_and_factors_and_signs_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = plackett_burman(5, 12)[rng.permutation(12)[:11]]
    block = (np.arange(11) < 6).astype(float)[:, None]
    # Of a factor that equals the blocks nothing is learned, not even a sign: its draws may come out mirrored.
    assume(np.linalg.matrix_rank(np.column_stack([np.ones(11), block, x])) == 7)
    y = x @ [3.0, -2.0, 1.0, 0.0, 0.0] + rng.standard_normal(11)
    one = posterior(design(x, block), y)
    rows, columns, signs = rng.permutation(11), rng.permutation(5), rng.choice([-1.0, 1.0], 5)
    other = posterior(design((x * signs)[rows][:, columns], block[rows]), 1000.0 * y[rows] - 7.0)
    assert other.draws == pytest.approx((1000.0 * one.draws * signs)[:, columns], rel=1e-6, abs=1e-4)
    assert other.p_active == pytest.approx(one.p_active[columns])


@pytest.mark.parametrize("symmetric", [False, True])
def test_an_error_rate_is_judged_as_its_accuracy(symmetric: bool) -> None:
    x = plackett_burman(5, 12)
    ladder = np.arange(12) - 5.5
    rng = np.random.default_rng(10)
    # Without skewness the direction is told by the interactions.
    y = rng.permutation(ladder if symmetric else ladder**2)
    one, other = posterior(design(x), y), posterior(design(x), 100.0 - 3.0 * y)
    assert other.draws == pytest.approx(-3.0 * one.draws, rel=1e-6, abs=1e-6)


def test_one_input_gives_the_same_bytes() -> None:
    x = plackett_burman(4, 12)
    y = np.random.default_rng(0).standard_normal(12)
    assert posterior(design(x), y, 3).draws.tobytes() == posterior(design(x), y, 3).draws.tobytes()
    assert posterior(design(x), y, 3).draws.tobytes() != posterior(design(x), y, 4).draws.tobytes()


def test_prepared_design_gives_the_same_posterior() -> None:
    x = plackett_burman(5, 12, fold=True)
    y = np.random.default_rng(0).standard_normal(24) + x[:, 0]
    assert posterior(design(x).prepared(), y).draws == pytest.approx(posterior(design(x), y).draws, abs=1e-8)


@pytest.mark.parametrize("prepared", [False, True])
def test_draws_under_another_prior_have_the_moments_of_its_components(prepared: bool) -> None:
    prior = WalshPrior(p_active=0.2, inactive=0.6, rho=(0.5, 2.0), eta=(0.9,), lam=(0.05,), p_lam=(), curved=False)
    x = plackett_burman(4, 12)[:10]
    y = x @ [2.0, 1.0, 0.5, 0.0] + x[:, 0] * x[:, 1] + 0.3 * np.random.default_rng(10).standard_normal(10)
    made = design(x).under(prior)
    found = posterior(made.prepared() if prepared else made, y)
    active = np.array(list(product([False, True], repeat=4))).repeat(len(prior.grid), axis=0)
    sizes = np.tile(prior.grid, (16, 1))
    logs = log_weights(made.cells, y, active, sizes, prior)
    weight = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    w, _ = projected_inverses(made.cells, active, sizes, prior)
    means = moments(made.cells, y, w, active, sizes[:, 2], prior).mean
    assert found.p_active == pytest.approx(weight @ active, abs=1e-6)
    assert found.mean == pytest.approx(weight @ means, abs=5.0 * float(found.sd.max()) / np.sqrt(len(found.draws)))
    standard = posterior(design(x).under(WalshPrior(curved=False)), y)
    assert np.abs(found.p_active - standard.p_active).max() > 0.05


def test_sampled_sets_follow_the_prior() -> None:
    prior = WalshPrior(p_active=0.15, rho=(2.0,), eta=(0.9,))
    cells = collapse(plackett_burman(6, 12))
    y = cells.x @ [2.0, -1.5, 1.0, 0.0, 0.0, 0.0] + np.random.default_rng(11).standard_normal(12)
    y = ((y - y.mean()) / y.std())[cells.cell]
    every = enumerate_components(cells, one_scale(y), prior=prior)
    found = sample_components(cells, y, np.random.default_rng(12), prior=prior)
    assert found.weight @ found.active == pytest.approx(every.weight @ every.active, abs=0.05)
    assert shares(found) == pytest.approx(shares(every), abs=0.05)


def test_the_middle_of_the_grid() -> None:
    assert STANDARD.grid[STANDARD.middle].tolist() == [0.3, 0.2, 0.1, 1.0]
    assert WalshPrior(rho=(1.0,), eta=(0.5,), lam=(0.1,), p_lam=()).middle == 0


def test_the_response_as_given_has_the_probability_it_is_given() -> None:
    share = np.exp(WalshPrior(p_given=0.8).log_scales(5))
    assert share == pytest.approx([0.8, 0.05, 0.05, 0.05, 0.05])
    assert WalshPrior(p_given=0.8).log_scales(1).tolist() == [0.0]
    x = plackett_burman(4, 12)
    y = np.exp(x @ [1.0, 0.7, 0.4, 0.0]) + np.random.default_rng(3).standard_normal(12)
    found = [posterior(design(x, prior=WalshPrior(p_given=p)), y).p_scale["as given"] for p in (0.1, 0.5, 0.95)]
    odds = np.array(found) / (1.0 - np.array(found))
    assert odds / odds[0] == pytest.approx([1.0, 9.0, 171.0])
    certain = posterior(design(x, prior=WalshPrior(p_given=1.0)), y)
    assert certain.p_scale == {"as given": pytest.approx(1.0)}
    assert certain.draws == pytest.approx(posterior(design(x, prior=PLAIN), y).draws)
    with pytest.raises(ValueError, match="p_given must lie above 0 and not above 1, not 0"):
        WalshPrior(p_given=0.0)


@pytest.mark.parametrize("k", [6, 13])
def test_intervals_weigh_draws_as_a_more_doubtful_prior_would_draw_them(k: int) -> None:
    x = plackett_burman(k, 16)
    y = x @ np.linspace(1.0, 0.0, k) + x[:, 0] * x[:, 1] + 3.0 * np.random.default_rng(3).standard_normal(16)
    prior = WalshPrior(p_orphans=0.1, p_none=0.1, doubt_orphans=0.5, doubt_none=0.4)
    found = posterior(design(x, prior=prior), y)
    doubtful = posterior(design(x, prior=WalshPrior(p_orphans=0.5, p_none=0.4)), y)
    assert set(np.unique(found.doubt.round(6))) == {round(r, 6) for r in (0.6 * 0.5 / 0.81, 0.6 * 0.5 / 0.09, 4.0)}
    share = found.doubt / found.doubt.sum()
    # Chains sample the components of more than twelve factors, and both posteriors have their own.
    near = 0.02 if k <= 12 else 0.06
    assert doubtful.without.mean() - found.without.mean() > 2.0 * near
    assert share @ found.without == pytest.approx(doubtful.without.mean(), abs=near)
    assert share @ (found.ranks <= 2) == pytest.approx(doubtful.p_top(2), abs=near)
    assert (doubtful.doubt == 1.0).all()


def test_the_noise_has_the_probabilities_it_is_given() -> None:
    prior = WalshPrior(lam=(0.1, 1.0), p_lam=(0.7, 0.3), p_none=0.1)
    share = np.exp(prior.log_share(prior.grid))
    assert share.sum() == pytest.approx(1.0)
    assert [share[prior.grid[:, 2] == lam].sum() for lam in prior.lam] == pytest.approx([0.63, 0.27])
    alike = WalshPrior(lam=(0.1, 1.0), p_lam=(), p_none=0.1)
    assert [np.exp(alike.log_share(alike.grid))[alike.grid[:, 2] == lam].sum() for lam in alike.lam] == pytest.approx(
        [0.45, 0.45]
    )


@pytest.mark.parametrize("shares", [(0.5,), (0.5, 0.4)])
def test_probabilities_of_the_noise_that_are_none_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="2 probabilities that sum to 1"):
        WalshPrior(lam=(0.1, 1.0), p_lam=shares)


def test_weighted_trials_collapse_without_loss() -> None:
    rng = np.random.default_rng(1)
    x = plackett_burman(4, 12)[[0, 0, 1, 2, 3, 3, 3, 4, 5]]
    y, weights = rng.standard_normal(9), rng.uniform(0.5, 3.0, 9)
    weights /= weights.mean()
    active = np.array([[True, False, False, True], [True, True, True, False]])
    grid = np.array([[0.3, 0.7, 0.3, 1.0], [0.9, 0.3, 0.8, 1.0]])
    expected = []
    for r, lam in zip(kernel(x, x, active, grid), grid[:, 2], strict=True):
        inverse = np.linalg.inv(r + lam * np.diag(1.0 / weights))
        ones = inverse.sum(axis=0)
        w = inverse - np.outer(ones, ones) / ones.sum()
        expected.append(0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * np.log(ones.sum()) - 4.0 * np.log(y @ w @ y))
    found = log_weights(collapse(x, weights=10.0 * weights), y, active, grid)
    prior = np.log([0.6**2 * 0.4**2 * 0.19, 0.6**3 * 0.4 * 0.14])  # active sets, and lam
    assert np.diff(found - prior) == pytest.approx(np.diff(expected), abs=1e-9)


def test_a_foldover_clears_what_a_plain_design_cannot() -> None:
    x = plackett_burman(6, 12)
    fold = plackett_burman(6, 12, fold=True)

    def response(rows: Array) -> Array:
        noise = 0.05 * np.random.default_rng(2).standard_normal(len(rows))
        return np.asarray(2.0 * rows[:, 0] + rows[:, 1] + rows[:, 0] * rows[:, 1] + noise, dtype=np.float64)

    plain, folded = posterior(design(x), response(x)), posterior(design(fold), response(fold))
    assert folded.sd.max() < 0.5 * plain.sd.max()
    assert folded.mean[:2] == pytest.approx([2.0, 1.0], abs=0.1)
    assert folded.p_larger[0, 1] > 0.95
    assert folded.p_sign(np.array([1.0, -1.0, 1.0, 1.0, 1.0, 0.0]))[:2] == pytest.approx([1.0, 0.0], abs=0.01)
    assert np.isnan(folded.p_sign(np.zeros(6))).all()


def test_probabilities_are_shares_of_the_ranks() -> None:
    x = plackett_burman(5, 12)
    found = posterior(design(x), x[:, 0] + np.random.default_rng(3).standard_normal(12))
    assert (np.sort(found.ranks, axis=1) == np.arange(1, 6)).all()
    assert found.p_top(1).sum() == pytest.approx(1.0)
    assert found.p_top(3).sum() == pytest.approx(3.0)
    expected = (np.abs(found.draws)[:, :, None] > np.abs(found.draws)[:, None, :]).mean(axis=0)
    assert found.p_larger == pytest.approx(expected)


@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_functions_are_the_sums_of_their_walsh_columns(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qim_stats.screening.walsh_functions._NEAR", 4 * 16)
    coefficients = np.random.default_rng(7).standard_normal((count, 16))
    given = coefficients.copy()
    cells = np.where((np.arange(16)[:, None] >> np.arange(4)) & 1, 1.0, -1.0)
    values = walsh_sums(coefficients)
    assert (coefficients == given).all()
    assert values == pytest.approx(coefficients @ walsh_columns(cells).T)
    assert main_effects(values) == pytest.approx(coefficients[:, [1, 2, 4, 8]])
    assert orders(4).tolist() == [int((cells[s] > 0).sum()) for s in range(16)]


def test_sampled_sets_agree_with_all_sets() -> None:
    rng = np.random.default_rng(4)
    x = plackett_burman(7, 12)
    cells = collapse(x)
    y = x @ [2.0, -1.5, 1.0, 0.0, 0.0, 0.0, 0.0] + rng.standard_normal(12)
    y = (y - y.mean()) / y.std()
    every = enumerate_components(cells, one_scale(y))
    steps: list[tuple[int, int]] = []
    found = sample_components(cells, y, rng, lambda done, total: steps.append((done, total)))
    assert found.weight @ found.active == pytest.approx(every.weight @ every.active, abs=0.05)
    assert shares(found) == pytest.approx(shares(every), abs=0.03)
    assert steps[-1][0] == steps[-1][1] == len(steps)


def test_sets_of_many_factors_are_sampled() -> None:
    x = plackett_burman(13, 16 + 4)
    y = 3.0 * x[:, 4] + 0.5 * np.random.default_rng(5).standard_normal(20)
    found = posterior(design(x), y)
    assert found.p_top(1)[4] > 0.9
    assert found.mean[4] == pytest.approx(3.0, abs=0.5)


def test_center_points_bend_nothing() -> None:
    x = plackett_burman(4, 12)
    y = x @ [2.0, 1.0, 0.0, 0.0] + 0.1 * np.random.default_rng(6).standard_normal(12)
    centers = np.zeros((3, 4))
    made = design(np.vstack([x, centers]))
    assert made.cells.df == 13  # the mean and the curvature are taken out
    found = posterior(made, np.concatenate([y, [50.0, 50.1, 49.9]]))
    assert found.mean[:2] == pytest.approx([2.0, 1.0], abs=0.3)


def test_reasons_for_none() -> None:
    full = np.array(list(product([-1.0, 1.0], repeat=3)))
    assert walsh_design(np.vstack([full, full])) == (
        "all combinations of the levels were run equally often, so nothing is aliased"
    )
    assert isinstance(walsh_design(np.vstack([full, full[:1]])), WalshDesign)
    assert "blocks" in str(walsh_design(full[:3], np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])))
    many = np.random.default_rng(0).choice([-1.0, 1.0], size=(3000, 30))
    assert "more than can be computed" in str(walsh_design(many))
    assert "does not vary" in str(design(full[:5]).posterior(np.full(5, 0.1), 0))
    between = np.array([0.0, 0.0, 0.0, 1.0, 1.0])
    assert "does not vary" in str(design(full[:5], between[:, None]).posterior(0.1 + 0.3 * between, 0))
