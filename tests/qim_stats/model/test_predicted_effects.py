"""Effects as differences of predictions: the same in any units, and back on the response's scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import Units, model_matrix
from qim_stats.model.predicted_effects import effect_rows, model_row, original_scale
from qim_stats.trials import Trials, read_trials

LEVELS = {"lr": (0.001, 0.1), "momentum": (0.5, 0.99), "batch": (16, 256)}


def table(y: np.ndarray) -> pd.DataFrame:
    signs = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)] * 2)
    columns = {name: np.array(levels)[signs[:, i]] for i, (name, levels) in enumerate(LEVELS.items())}
    return pd.DataFrame(columns).assign(block=[1] * 8 + [2] * 8, hours=np.arange(16.0) % 5, y=y)


def read(y: np.ndarray, direction: str = "maximize") -> Trials:
    return read_trials(table(y), response="y", direction=direction, factors=list(LEVELS))


def noise(seed: int) -> np.ndarray:
    return np.random.Generator(np.random.PCG64([seed])).standard_normal(16)


@pytest.mark.parametrize("units", ["natural", "log"])
@pytest.mark.parametrize("formula", ["y ~ lr * momentum + batch", "y ~ block + (lr + momentum + batch)^2 + hours"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_effects_are_the_same_numbers_in_any_units(units: Units, formula: str, seed: int) -> None:
    trials = read(noise(seed))
    coded = fit_ols(model_matrix(formula, trials), trials.y)
    other = fit_ols(model_matrix(formula, trials, units=units), trials.y)
    assert other.model.names == coded.model.names
    assert other.fitted == pytest.approx(coded.fitted, abs=1e-9)
    for j, (name, row) in enumerate(zip(other.model.names, effect_rows(other.model, trials), strict=True)):
        term = next(t for t in other.model.terms if t.start <= j < t.stop)
        if not term.coded:
            assert np.isnan(row).all()
            continue
        assert row @ other.coefficients == pytest.approx(2.0 * coded.coefficients[j], abs=1e-8), name
        assert row @ other.unscaled @ row == pytest.approx(4.0 * coded.unscaled[j, j], rel=1e-6), name


def test_a_coefficient_in_natural_units_is_the_slope() -> None:
    trials = read(table(np.zeros(16))["lr"].to_numpy() * 3.0 + 0.01 * noise(1))
    fit = fit_ols(model_matrix("y ~ lr + momentum + batch", trials, units="natural"), trials.y)
    assert fit.coefficients[1] == pytest.approx(3.0, abs=0.5)
    effect = effect_rows(fit.model, trials)[1] @ fit.coefficients
    assert effect == pytest.approx(fit.coefficients[1] * (0.1 - 0.001), rel=1e-9)


def test_a_setting_averages_over_blocks_and_covariates() -> None:
    trials = read(noise(2))
    model = model_matrix("y ~ block + lr + hours + I(batch^2)", trials)
    assert model_row(model, trials, {"lr": 1.0}).tolist() == [1.0, 0.5, 1.0, table(noise(2))["hours"].mean(), 136.0**2]


@pytest.mark.parametrize("name", ["log", "log2", "log10", "sqrt", "logit"])
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_back_on_the_original_scale(name: str, seed: int) -> None:
    y = 0.5 + 0.2 * np.tanh(noise(seed))
    trials = read(y)
    fit = fit_ols(model_matrix(f"{name}(y) ~ lr + momentum", trials), trials.y)
    found = original_scale(fit, trials, sigma=fit.sigma, df=float(fit.df_resid)).set_index("factor")
    assert list(found.index) == ["lr", "momentum"]
    at = [fit.coefficients[0] + sign * fit.coefficients[1] for sign in (-1.0, 1.0)]
    forward = fit.model.transform.forward
    assert forward(found.loc["lr", ["at_low", "at_high"]].to_numpy(dtype=np.float64)) == pytest.approx(at, rel=1e-12)
    # The delta method's gradient against differences of the back-transformed effect.
    assert fit.model.transform.inverse is not None
    step = 1e-6 * np.eye(3)
    rows = [model_row(fit.model, trials, {"lr": sign}) for sign in (-1.0, 1.0)]

    def effect(b: np.ndarray) -> float:
        low, high = fit.model.transform.inverse(np.array([row @ b for row in rows]))  # type: ignore[misc]
        return float(high - low)

    gradient = np.array([(effect(fit.coefficients + h) - effect(fit.coefficients - h)) / 2e-6 for h in step])
    assert fit.sigma is not None
    expected = fit.sigma * np.sqrt(gradient @ fit.unscaled @ gradient)
    assert found.at["lr", "std_error"] == pytest.approx(expected, rel=1e-6)


def test_an_untransformed_response_gives_the_effect_itself() -> None:
    trials = read(noise(3))
    fit = fit_ols(model_matrix("y ~ lr * batch", trials), trials.y)
    found = original_scale(fit, trials, sigma=fit.sigma, df=float(fit.df_resid))
    assert found["effect"].tolist() == pytest.approx((2.0 * fit.coefficients[[1, 2]]).tolist(), rel=1e-12)
    assert fit.sigma is not None
    assert found["std_error"].tolist() == pytest.approx([fit.sigma / 2.0] * 2, rel=1e-12)  # 2 sigma / sqrt(16)


def test_ranks_have_no_way_back_and_no_error_estimate_no_limits() -> None:
    trials = read(noise(4))
    ranks = fit_ols(model_matrix("rank(y) ~ lr", trials), trials.y)
    assert sorted(ranks.y) == list(range(1, 17))
    assert original_scale(ranks, trials, sigma=1.0, df=14.0).drop(columns="factor").isna().all().all()
    plain = fit_ols(model_matrix("y ~ lr", trials), trials.y)
    found = original_scale(plain, trials, sigma=None, df=None)
    assert found["effect"].notna().all()
    assert found[["std_error", "conf_low", "conf_high"]].isna().all().all()
