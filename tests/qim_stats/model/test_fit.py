"""Least squares: both roads give the same, aliased terms are refused or dropped with their reason, weights count."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qim_stats.errors import FormulaError, TrialsError
from qim_stats.model import least_squares
from qim_stats.model.anova import anova_table
from qim_stats.model.fit import anova, fit_ols, glance
from qim_stats.model.formula import default_formula, model_matrix
from qim_stats.model.lack_of_fit import curvature, lack_of_fit
from qim_stats.model.least_squares import combination, independent_columns, solve
from qim_stats.model.responses import fit_responses, tidy_responses
from qim_stats.model.transform import TRANSFORMS, average_ranks
from qim_stats.model.weights import read_weights
from qim_stats.trials import Trials, read_trials


def read(frame: pd.DataFrame, **more: str) -> Trials:
    return read_trials(frame, response=more.get("response", "y"), direction="maximize", factors=["a", "b", "c"])


def half() -> pd.DataFrame:
    """A 2^(3-1) twice over, with c = ab."""
    base = pd.DataFrame({"a": [-1, 1, -1, 1] * 2, "b": [-1, -1, 1, 1] * 2})
    y = [1.0, 2.0, 4.0, 3.0, 1.5, 2.25, 3.5, 3.75]
    return base.assign(c=base["a"] * base["b"], y=y, w=[1, 2, 3, 4, 1, 2, 3, 4], loss=np.array(y)[::-1])


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(6, 40), p=st.integers(1, 5), steep=st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_both_roads_give_the_same(seed: int, n: int, p: int, steep: int) -> None:
    rng = np.random.Generator(np.random.PCG64([seed]))
    x = rng.standard_normal((n, p)) * 10.0 ** (steep * np.arange(p))
    y = 1e4 + rng.standard_normal(n)
    fast, slow = solve(x, y), least_squares._by_qr(x, y)
    assert fast is not None
    assert slow is not None
    lengths = np.linalg.norm(x, axis=0)
    assert fast.coefficients * lengths == pytest.approx(slow.coefficients * lengths, rel=1e-9, abs=1e-7)
    assert fast.scores**2 == pytest.approx(slow.scores**2, rel=1e-8, abs=1e-4)
    assert fast.leverage == pytest.approx(slow.leverage, rel=1e-8)
    spread = np.outer(lengths, lengths)
    ours, theirs = (found.inverse @ found.inverse.T * spread for found in (fast, slow))
    assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)


def test_steep_columns_take_the_exact_road(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.vander(np.linspace(1.0, 1.1, 12), 5)  # polynomials over a short range: nearly dependent
    taken = []
    monkeypatch.setattr(least_squares, "_by_qr", lambda x, y: taken.append((x, y)))
    solve(x, x[:, 0])
    assert taken


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 12), p=st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_dependent_columns_are_found_and_explained(seed: int, n: int, p: int) -> None:
    rng = np.random.Generator(np.random.PCG64([seed]))
    x = rng.integers(-1, 2, (n, p)).astype(np.float64)
    kept = independent_columns(x)
    assume(kept)
    assert len(kept) == np.linalg.matrix_rank(x)
    assert (solve(x, rng.standard_normal(n)) is None) == (len(kept) < p)
    for column in set(range(p)) - set(kept):
        told = combination(x, column, kept) if kept[0] < column else []
        assert sum((w * x[:, c] for c, w in told), np.zeros(n)) == pytest.approx(x[:, column], abs=1e-9)


def test_aliased_terms_are_refused_or_dropped_as_in_r() -> None:
    trials = read(half())
    model = model_matrix("y ~ a * b + c + a:c", trials)
    with pytest.raises(FormulaError, match=r"'a:b' with 'c'; 'a:c' with 'b'"):
        fit_ols(model, trials.y)
    fit = fit_ols(model, trials.y, aliased="drop")
    assert [(d.name, d.equals) for d in fit.dropped] == [("a:b", "c"), ("a:c", "b")]
    assert fit.all_names == model.names
    assert fit.model.names == ("(Intercept)", "a", "b", "c")
    assert [t.name for t in fit.model_terms] == ["a", "b", "c"]
    plain = fit_ols(model_matrix("y ~ a + b + c", trials), trials.y)
    assert anova(fit).equals(anova(plain))
    with pytest.raises(FormulaError, match="type II has no meaning with aliased terms"):
        anova_table(fit, "II")


def test_words_that_are_no_option_are_refused() -> None:
    trials = read(half())
    with pytest.raises(FormulaError, match="--units: 'metric' is no choice of units; one of coded, natural, log"):
        model_matrix("y ~ a", trials, units="metric")  # type: ignore[arg-type]
    with pytest.raises(FormulaError, match="--aliased: 'ignore' is not a choice"):
        fit_ols(model_matrix("y ~ a", trials), trials.y, aliased="ignore")  # type: ignore[arg-type]


def test_more_terms_than_trials_can_be_dropped_too() -> None:
    trials = read(half().iloc[:4])
    fit = fit_ols(model_matrix("y ~ a * b * c", trials), trials.y, aliased="drop")
    assert fit.df_resid == 0
    assert [d.equals for d in fit.dropped] == ["c", "b", "a", "1"]
    assert fit.sigma is None
    assert anova(fit)["p_value"].isna().all()


def test_a_category_loses_only_its_aliased_columns() -> None:
    frame = half().assign(block=[1, 2, 2, 1, 3, 3, 3, 3])
    trials = read(frame)
    fit = fit_ols(model_matrix("y ~ c + a + block", trials), trials.y, aliased="drop")
    block = next(t for t in fit.model.terms if t.name == "block")
    assert fit.model.names == ("(Intercept)", "c", "a", "block2", "block3")
    confounded = read(frame.assign(block=[1, 2, 2, 1, 1, 2, 2, 3]))
    found = fit_ols(model_matrix("y ~ c + block + a", confounded), confounded.y, aliased="drop")
    assert [d.name for d in found.dropped] == ["block2"]
    assert found.dropped[0].equals == "0.5 - 0.5 c"
    assert [t.stop - t.start for t in found.model.terms] == [1, 1, 1, 1]
    assert block.stop - block.start == 2


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_weight_is_a_number_of_measurements(seed: int) -> None:
    # The mean of m measurements with the weight m gives what the m equal measurements would.
    rng = np.random.Generator(np.random.PCG64([seed]))
    frame = half().assign(y=rng.standard_normal(8))
    trials, many = read(frame), read(frame.loc[frame.index.repeat(frame["w"])])
    formula = "y ~ a + b + c"
    weighted = fit_ols(model_matrix(formula, trials), trials.y, weights=read_weights(trials, "w"))
    repeated = fit_ols(model_matrix(formula, many), many.y)
    assert weighted.coefficients == pytest.approx(repeated.coefficients, rel=1e-9, abs=1e-12)
    assert weighted.rss == pytest.approx(repeated.rss, rel=1e-9)
    assert weighted.unscaled == pytest.approx(repeated.unscaled, rel=1e-9, abs=1e-12)
    assert weighted.total_ss == pytest.approx(repeated.total_ss, rel=1e-9)
    assert glance(weighted, "residual")["r_squared"] == pytest.approx(glance(repeated, "residual")["r_squared"])


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        ([1, 2, 0, 4, 1, 2, 3, 4], r"row 3, column 'w': the weight is '0'"),
        ([1, 2, 3, -4.5, 1, 2, 3, 4], r"row 4, column 'w': the weight is '-4.5'"),
        ([1, 2, 3, 4, 1, 2, 3, None], r"row 8, column 'w': the weight is missing"),
        ([1, "x", 3, 4, 1, 2, 3, 4], r"row 2, column 'w': the weight is 'x'"),
        ([1, 2, 3, 4, float("inf"), 2, 3, 4], r"row 5, column 'w': the weight is 'inf'"),
        ([True] * 8, r"row 1, column 'w': the weight is 'True'"),
    ],
)
def test_weights_that_are_none_are_refused(weights: list[object], problem: str) -> None:
    with pytest.raises(TrialsError, match=problem):
        read_weights(read(half().assign(w=pd.Series(weights))), "w")


@pytest.mark.parametrize(
    ("column", "problem"), [("y", "is the response"), ("a", "is a factor"), ("ww", "no column 'ww'; did you mean 'w'")]
)
def test_columns_that_are_no_weights_are_refused(column: str, problem: str) -> None:
    with pytest.raises(TrialsError, match=problem):
        read_weights(read(half()), column)


def test_lack_of_fit_says_why_there_is_none() -> None:
    once = read(half().iloc[:4])
    assert "No two trials share" in lack_of_fit(fit_ols(model_matrix("y ~ a + b", once), once.y), once).reason
    trials = read(half())
    full = lack_of_fit(fit_ols(model_matrix("y ~ a + b + c", trials), trials.y), trials)
    assert (full.df, full.pure_df, full.statistic) == (0, 4, None)
    same = read(half().assign(y=half()["a"] * 2.0 + half()["c"]))
    exact = lack_of_fit(fit_ols(model_matrix("y ~ a", same), same.y), same)
    assert exact.p_value is None
    assert "agree exactly" in exact.reason
    blocks = read(half().assign(block=[1] * 4 + [2] * 4))
    assert lack_of_fit(fit_ols(model_matrix("y ~ a", blocks), blocks.y), blocks).pure_df == 0


def test_curvature_says_why_there_is_none() -> None:
    trials = read(half())
    fit = fit_ols(model_matrix("y ~ a + b + c", trials), trials.y)
    assert "no centre points" in curvature(fit, np.zeros(8, dtype=np.bool_)).reason
    assert "All trials" in curvature(fit, np.ones(8, dtype=np.bool_)).reason
    held = curvature(fit, trials.coded["a"].to_numpy() > 0)
    assert held.estimate is None
    assert "by terms of its own" in held.reason
    given_error = curvature(fit, np.arange(8) == 3, sigma=0.5, df=4.0)
    assert given_error.df == 4.0
    assert given_error.estimate is not None
    assert given_error.std_error is not None
    assert given_error.statistic == pytest.approx((given_error.estimate / given_error.std_error) ** 2, rel=1e-12)


def test_a_response_without_transform_is_refused_by_row() -> None:
    frame = half().assign(y=[0.1, 0.2, 1.0, 0.3, 0.4, 0.5, 0.6, 0.7])
    with pytest.raises(TrialsError, match=r"row 3, column 'y': the response is 1, and logit needs .* between 0 and 1"):
        model_matrix("logit(y) ~ a", read(frame))
    with pytest.raises(TrialsError, match=r"row 1, column 'y': .* log needs numbers that are positive"):
        model_matrix("log(y) ~ a", read(frame.assign(y=frame["y"] - 0.1)))
    model_matrix("sqrt(y) ~ a", read(frame.assign(y=frame["y"] - 0.1)))
    assert default_formula(read(frame), "logit") == "logit(y) ~ a + b + c"
    with pytest.raises(FormulaError, match="'cosine' is not a transform"):
        default_formula(read(frame), "cosine")


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name != "rank"])
@given(value=st.floats(1e-3, 1.0 - 1e-3))
def test_transforms_come_back(name: str, value: float) -> None:
    transform, y = TRANSFORMS[name], np.array([value])
    x = transform.forward(y)
    assert transform.inverse is not None
    assert transform.slope is not None
    assert transform.inverse(x) == pytest.approx(y, rel=1e-12)
    difference = (transform.inverse(x + 1e-6) - transform.inverse(x - 1e-6)) / 2e-6
    assert transform.slope(x) == pytest.approx(difference, rel=1e-6)


def test_a_fit_survives_pickling() -> None:
    trials = read(half())
    fit = fit_ols(model_matrix("log(y) ~ a + I(b^2)", trials), trials.y, aliased="drop")
    again = pickle.loads(pickle.dumps(fit))  # noqa: S301
    assert again.model.transform is TRANSFORMS["log"]
    assert again.coefficients.tolist() == fit.coefficients.tolist()
    assert again.dropped == fit.dropped


def test_ranks_share_ties() -> None:
    assert average_ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_several_responses_in_one_table() -> None:
    frame = half()
    several = [read(frame), read(frame.assign(loss=frame["loss"].where(frame.index < 7)), response="loss")]
    fits = fit_responses(several, "y ~ a + c")
    found = tidy_responses(fits)
    assert found["response"].tolist() == ["y"] * 3 + ["loss"] * 3
    assert found["term"].tolist() == ["(Intercept)", "a", "c"] * 2
    assert found["df"].tolist() == [5.0] * 3 + [4.0] * 3
    alone = fit_ols(model_matrix("loss ~ a + c", several[1]), several[1].y)
    assert found["estimate"].iloc[3:].tolist() == alone.coefficients.tolist()
    assert found["effect"].iloc[1] == 2.0 * found["estimate"].iloc[1]
    assert fit_responses(several[:1])[0].fit.model.formula == "y ~ a + b + c"
    with pytest.raises(TrialsError, match="'y' is there twice"):
        fit_responses([several[0], several[0]])
    saturated = tidy_responses(fit_responses([read(frame.iloc[:4])]))
    assert saturated[["std_error", "p_value", "conf_low"]].isna().all().all()


def test_a_fit_keeps_the_order_of_its_trials() -> None:
    trials = read(half())
    order = np.array([5, 2, 7, 0, 3, 6, 1, 4])
    turned = dataclasses.replace(
        trials,
        frame=trials.frame.iloc[order].reset_index(drop=True),
        coded=trials.coded.iloc[order].reset_index(drop=True),
        y=trials.y[order],
    )
    one, two = (fit_ols(model_matrix("y ~ a + b", t), t.y) for t in (trials, turned))
    assert two.residuals == pytest.approx(one.residuals[order], abs=1e-14)
    assert two.coefficients == pytest.approx(one.coefficients, abs=1e-14)
