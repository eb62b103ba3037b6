"""Simultaneous p-values and limits against R's multcomp."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.model.simultaneous import MaxT, max_t

REFERENCE = Path(__file__).parents[2] / "reference"
EXPECTED = json.loads((REFERENCE / "errors.json").read_text())["max_t"]
FORMULAS = {
    "fatigue": ("y ~ A + B + C + D + E + F + G", []),
    "etch": ("y ~ gap * flow * power", [0, 4, 5]),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_equals_multcomp(name: str) -> None:
    formula, lost = FORMULAS[name]
    table = pd.read_csv(REFERENCE / f"{name}.csv").drop(index=lost)
    found = qs.analyze(table, response="y", direction="maximize", formula=formula, error="residual")
    terms = found.tidy().set_index("term").loc[EXPECTED[name]["terms"]]
    covariance = np.asarray(found.error.sigma) ** 2 * found.fit.unscaled[1:, 1:]
    test = max_t(terms["statistic"].to_numpy(), covariance, float(found.fit.df_resid), seed=0)
    assert (test.largest is None) == (name == "fatigue")
    p_values = test.p_values(terms["statistic"].to_numpy())
    # multcomp integrates by quasi-Monte Carlo to about 1e-3; ours of correlated terms has a Monte Carlo error too.
    assert p_values.tolist() == pytest.approx(EXPECTED[name]["p_adjusted"], abs=4e-3)
    width = terms["std_error"].to_numpy()
    for column, sign in (("conf_low", -1.0), ("conf_high", 1.0)):
        limits = terms[f"{column}_simultaneous"].to_numpy()
        assert limits == pytest.approx(np.array(EXPECTED[name][column]), abs=0.03 * width[0])
        assert (sign * (limits - terms[column].to_numpy()) > 0.0).all()


@pytest.mark.parametrize("df", [1.0, 11 / 3, 14.0, 500.0])
def test_simulated_and_computed_distributions_agree(df: float) -> None:
    normal = np.random.default_rng(0).standard_normal((40_000, 6))
    computed, simulated = MaxT(6, df, None), MaxT(6, df, np.abs(normal).max(axis=1))
    statistics = np.array([0.5, -1.5, 2.5, 4.0, 8.0])
    assert computed.p_values(statistics) == pytest.approx(simulated.p_values(statistics), abs=0.01)
    assert computed.p_values(np.array([computed.margin(0.95)]))[0] == pytest.approx(0.05, abs=1e-6)


def test_one_coefficient_has_students_t() -> None:
    from scipy import stats

    statistics = np.array([0.3, -2.0, 5.0])
    found = MaxT(1, 4.0, None).p_values(statistics)
    assert found == pytest.approx(2.0 * stats.t.sf(np.abs(statistics), 4.0), abs=1e-6)


def test_order_and_signs_of_correlated_coefficients_mean_nothing() -> None:
    root = np.random.default_rng(2).standard_normal((8, 5))
    covariance = root.T @ root
    statistics = np.array([0.4, -2.2, 1.1, 3.0, -0.7])
    order, signs = np.array([3, 0, 4, 1, 2]), np.array([1.0, -1.0, -1.0, 1.0, -1.0])
    one = max_t(statistics, covariance, 3.0, seed=0).p_values(statistics)
    turned = (covariance * np.outer(signs, signs))[np.ix_(order, order)]
    other = max_t((signs * statistics)[order], turned, 3.0, seed=0).p_values((signs * statistics)[order])
    assert other == pytest.approx(one[order], rel=1e-9)
    assert (np.argsort(one) == np.argsort(-np.abs(statistics))).all()
