"""Draws of the whole response function at all settings, with the noise of a trial there."""

import numpy as np
import numpy.typing as npt
import pytest

from qim_stats.screening.walsh_draws import WalshFunctions
from qim_stats.screening.walsh_mixture import WalshDesign, WalshPosterior, walsh_design
from qim_stats.screening.walsh_prior import WalshPrior

Array = npt.NDArray[np.float64]
K = 4
SETTINGS: Array = np.array([[(i >> j & 1) * 2.0 - 1.0 for j in range(K)] for i in range(2**K)])


def trials(n: int = 12) -> tuple[Array, Array]:
    rng = np.random.Generator(np.random.PCG64(8))
    x = SETTINGS[rng.permutation(2**K)[:n]]
    return x, np.exp(0.9 * x[:, 0] - 0.6 * x[:, 1] + 0.05 * rng.standard_normal(n))


def drawn(x: Array, y: Array, **options: object) -> WalshFunctions:
    design = walsh_design(x, **options)  # type: ignore[arg-type]
    assert isinstance(design, WalshDesign)
    found = design.functions(y, 0, draws=400)
    assert isinstance(found, WalshFunctions)
    return found


def test_they_are_the_functions_behind_the_draws_of_main_effects() -> None:
    x, y = trials()
    found, design = drawn(x, y), walsh_design(x)
    assert isinstance(design, WalshDesign)
    posterior = design.posterior(y, 0, draws=400)
    assert isinstance(posterior, WalshPosterior)
    assert found.effects == pytest.approx(posterior.draws, rel=1e-12)
    at = found.columns(SETTINGS)
    assert sorted(at.tolist()) == list(range(2**K))
    # A half effect is the mean over all settings of the level times the value there.
    assert found.values[:, at] @ SETTINGS / 2**K == pytest.approx(found.effects, abs=1e-12)
    # Where a trial was run the functions are near its response.
    assert np.abs(found.values[:, found.columns(x)].mean(axis=0) - y).max() < 0.4 * y.std()


def test_noise_follows_the_slope_of_the_scale() -> None:
    x, y = trials()
    plain = drawn(x, y, prior=WalshPrior(curved=False))
    assert plain.noise == pytest.approx(np.tile(plain.noise[:, :1], 2**K), rel=1e-9)
    curved = drawn(x, y)
    # The response is multiplicative: what is large varies more.
    mean, noise = curved.values.mean(axis=0), curved.noise.mean(axis=0)
    assert noise[mean > np.median(mean)].mean() > 3 * noise[mean < np.median(mean)].mean()


def test_names_and_order_do_not_matter() -> None:
    x, y = trials()
    rng = np.random.Generator(np.random.PCG64(3))
    order, signs, rows = rng.permutation(K), rng.choice([-1.0, 1.0], K), rng.permutation(len(y))
    found, other = drawn(x, y), drawn((x[:, order] * signs)[rows], y[rows])
    moved = SETTINGS[:, order] * signs
    for name in ("values", "noise"):
        seen, again = getattr(found, name)[:, found.columns(SETTINGS)], getattr(other, name)[:, other.columns(moved)]
        assert again == pytest.approx(seen, rel=1e-6, abs=1e-9)


def test_reasons_for_none() -> None:
    x, _ = trials()
    design = walsh_design(x)
    assert isinstance(design, WalshDesign)
    assert "does not vary" in str(design.functions(np.ones(len(x)), 0))
    rng = np.random.Generator(np.random.PCG64(1))
    many = walsh_design(rng.choice([-1.0, 1.0], (20, 13)))
    assert isinstance(many, WalshDesign)
    assert "too many" in str(many.functions(rng.standard_normal(20), 0))
