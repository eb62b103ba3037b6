"""The table of terms beyond R's tidy: robust covariances, undetermined coefficients, simultaneous limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.distributions import t_two_sided
from qim_stats.model.error_estimate import estimate_error
from qim_stats.model.fit import fit_ols
from qim_stats.model.formula import model_matrix
from qim_stats.model.terms import term_table

REFERENCE = Path(__file__).parents[2] / "reference"


def test_a_covariance_replaces_the_common_error() -> None:
    found = qs.analyze(REFERENCE / "etch.csv", response="y", direction="maximize", formula="y ~ gap + flow + power")
    spread = np.diag([1.0, 4.0, 9.0, 16.0])
    table = term_table(found.fit, found.error, confidence=0.9, adjust="max-t", covariance=spread)
    assert table["std_error"].to_list() == [1.0, 2.0, 3.0, 4.0]
    statistic = found.fit.coefficients / np.array([1.0, 2.0, 3.0, 4.0])
    assert table["p_value"].to_list() == pytest.approx(t_two_sided(statistic, 12.0).tolist())
    assert (table["df"] == 12.0).all()
    assert np.isnan(table["p_adjusted"].iloc[0])
    assert (table["p_adjusted"].iloc[1:] >= table["p_value"].iloc[1:] - 1e-6).all()


def test_what_the_trials_do_not_determine_has_its_row_and_no_number() -> None:
    base = qs.full_factorial([qs.Factor(n, -1, 1) for n in "abc"], seed=0).coded
    frame = pd.DataFrame({n: base[n] for n in "abc"}).assign(d=base["a"] * base["b"])
    frame["y"] = np.random.default_rng(0).standard_normal(8)
    trials = qs.read_trials(frame, response="y", direction="maximize")
    fit = fit_ols(model_matrix("y ~ a + b + a:b + c + d", trials), trials.y, aliased="drop")
    error = estimate_error("auto", fit, trials, "none")
    table = term_table(fit, error, confidence=0.95, adjust="holm").set_index("term")
    assert list(table.index) == list(fit.all_names)
    (dropped,) = [t.name for t in fit.dropped]
    assert table.loc[dropped].isna().all()
    assert table.drop(index=dropped).drop(index="(Intercept)").notna().all(axis=None)


def test_simultaneous_limits_of_contrasts_are_those_of_the_pse() -> None:
    found = qs.analyze(REFERENCE / "filtration.csv", response="y", direction="maximize", formula="y ~ A * B * C * D")
    pseudo = found.lenth()
    assert pseudo is not None
    terms = found.tidy().set_index("term")
    width = terms["conf_high_simultaneous"] - terms["estimate"]
    assert width.drop("(Intercept)").to_list() == pytest.approx([pseudo.sme / 2] * 15)
    assert np.isnan(width["(Intercept)"])
    single = term_table(found.fit, found.error, confidence=0.95, adjust="max-t").set_index("term")
    together = pseudo.effects.set_index("term")["p_simultaneous"]
    assert single.loc[together.index, "p_adjusted"].to_list() == pytest.approx(together.to_list())
