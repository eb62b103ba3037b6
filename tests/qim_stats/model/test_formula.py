"""Formulas: R's terms in R's order, and nothing that could be code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import FormulaError
from qim_stats.model.formula import ModelMatrix, Units, default_formula, model_matrix
from qim_stats.model.formula_text import FormulaPlaceError, quote, read_formula
from qim_stats.trials import Trials


def trials(**columns: list[object]) -> Trials:
    base = qs.full_factorial([qs.Factor(n, 1, 2) for n in "abc"], seed=0).natural()[list("abc")]
    frame = pd.DataFrame({**base, "y": np.arange(8.0) ** 2, **columns})
    return qs.read_trials(frame, response="y", direction="maximize", factors=list("abc"))


DATA = trials()


def build(formula: str, **columns: list[object]) -> ModelMatrix:
    return model_matrix(formula, trials(**columns))


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("y ~ a", ["(Intercept)", "a"]),
        ("y ~ a * b + c", ["(Intercept)", "a", "b", "c", "a:b"]),
        ("y ~ b:a", ["(Intercept)", "b:a"]),
        ("y ~ a + b + b:a", ["(Intercept)", "a", "b", "a:b"]),
        ("y ~ (a + b + c)^2 - a:c", ["(Intercept)", "a", "b", "c", "a:b", "b:c"]),
        ("y ~ (a+b)**2", ["(Intercept)", "a", "b", "a:b"]),
        ("y ~ a / b", ["(Intercept)", "a", "a:b"]),
        ("y ~ 0 + a", ["a"]),
        ("y ~ a + block", ["(Intercept)", "a", "block2"]),
        ("y ~ C(size) + a", ["(Intercept)", "size16", "size128", "a"]),
        ("y ~ a + size", ["(Intercept)", "a", "size"]),
        ("y ~ a + device", ["(Intercept)", "a", "devicegpu:1]"]),
        ('y ~ Q("a") + `b`', ["(Intercept)", "a", "b"]),
        ("y ~ C(a)", ["(Intercept)", "a"]),
        ("y ~ a + b %in% a", ["(Intercept)", "a", "a:b"]),
        ("y ~ a - 1", ["a"]),
        ("y ~ 1 + a", ["(Intercept)", "a"]),
        ("y ~ (a + b + c)**2 - a:b", ["(Intercept)", "a", "b", "c", "a:c", "b:c"]),
        ("sqrt(y) ~ a", ["(Intercept)", "a"]),
        ("y ~ a + I(size^2)", ["(Intercept)", "a", "I(size^2)"]),
        ("y ~ I(size**2):a + log10(size+1)", ["(Intercept)", "log10(size + 1)", "I(size^2):a"]),
        ("y ~ I((size - 2*a)/-3e0) + log(size)", ["(Intercept)", "I((size - 2 * a)/-3)", "log(size)"]),
        ("y ~ sqrt(Q('size')) + exp(`b`)", ["(Intercept)", "sqrt(size)", "exp(b)"]),
    ],
)
def test_terms_are_spelled_and_ordered_as_in_r(formula: str, names: list[str]) -> None:
    found = build(
        formula,
        block=[1, 1, 1, 1, 2, 2, 2, 2],
        size=[16, 128, 16, 8, 8, 128, 16, 8],
        device=["cpu", "gpu:1]", "cpu", "gpu:1]", "gpu:1]", "cpu", "gpu:1]", "cpu"],
    )
    assert list(found.names) == names
    assert found.matrix.shape == (8, len(names))
    assert [t.stop for t in found.terms][-1] == len(names)


def test_columns_hold_what_their_names_say() -> None:
    data = trials(block=[1, 1, 1, 1, 2, 2, 2, 2])
    found = model_matrix("y ~ a + block + a:c", data)
    a, c = data.coded["a"].to_numpy(), data.coded["c"].to_numpy()
    expected = np.column_stack([np.ones(8), a, [0, 0, 0, 0, 1, 1, 1, 1], a * c])
    assert (found.matrix == expected).all()
    assert [t.coded for t in found.terms] == [False, True, False, True]


def test_the_default_formula_has_main_effects_after_blocks() -> None:
    assert default_formula(trials()) == "y ~ a + b + c"
    assert default_formula(trials(block=[1, 1, 1, 1, 2, 2, 2, 2])) == "y ~ block + a + b + c"


def test_arithmetic_works_on_natural_levels() -> None:
    size = np.array([16, 128, 16, 8, 8, 128, 16, 8])
    data = trials(size=size.tolist())
    found = model_matrix("y ~ I(-a^2 + 2^-b * size) + log2(size) + logit(a/3)", data).matrix
    a, b = (np.where(data.coded[name] > 0, 2.0, 1.0) for name in "ab")
    assert found[:, 1] == pytest.approx(-(a**2) + 2.0**-b * size, rel=1e-15)
    assert found[:, 2] == pytest.approx(np.log2(size), rel=1e-15)
    assert found[:, 3] == pytest.approx(np.log((a / 3) / (1 - a / 3)), rel=1e-12)


def test_arithmetic_on_levels_that_are_words_is_refused() -> None:
    with pytest.raises(FormulaError, match="'device' holds text"):
        build("y ~ a + log(device)", device=list("cgcgcgcg"))
    frame = pd.DataFrame({"a": ["p", "q"] * 4, "b": [1, 1, 2, 2] * 2, "y": np.arange(8.0) ** 2})
    with pytest.raises(FormulaError, match="levels of 'a' are no numbers"):
        model_matrix("y ~ b + I(a^2)", qs.read_trials(frame, response="y", direction="maximize", high={"a": "q"}))


@pytest.mark.parametrize("units", ["natural", "log"])
def test_numeric_factors_in_natural_units(units: Units) -> None:
    frame = pd.DataFrame({"lr": [0.01, 0.1] * 4, "m": [-0.5, -0.5, 0.9, 0.9] * 2, "act": list("ppppqqqq")})
    data = qs.read_trials(frame.assign(y=np.arange(8.0) ** 2), response="y", direction="maximize", high={"act": "q"})
    found = model_matrix("y ~ lr + m + act", data, units=units).matrix
    lr = frame["lr"].to_numpy()
    assert found[:, 1].tolist() == (lr if units == "natural" else np.log(lr)).tolist()
    assert found[:, 2].tolist() == frame["m"].tolist()  # a level below zero has no logarithm
    assert found[:, 3].tolist() == [-1.0] * 4 + [1.0] * 4


@pytest.mark.parametrize(
    ("formula", "problem", "caret"),
    [
        ("y ~ a + lr", "no column 'lr'", "        ^^"),
        ("y ~ a + lag(b)", "the function 'lag'", "        ^^^"),
        ("y ~ a + log(bb)", "no column 'bb'", "            ^^"),
        ("y ~ a + log(sin(b))", "the function 'sin'", "            ^^^"),
        ("y ~ I(a + )", "a number or a column is missing", "          ^"),
        ("y ~ log(b", "parenthesis is not closed", "    ^^^^^"),
        ("y ~ I(b c)", "an operator or ')' is missing", "        ^"),
        ("y ~ I(a[1])", "an operator or ')' is missing", "       ^"),
        ("y ~ I(3)", "no column in this", "    ^^^^"),
        ("y ~ a + rank(b)", "'rank' cannot be used on the right", "        ^^^^"),
        ("y ~ log(y)", "response cannot stand", "    ^^^^^^"),
        ("lag(y) ~ a", "the function 'lag'", "^^^"),
        ("log(y + 1) ~ a", "log() takes the response alone", "^^^"),
        ("y ~ log(a - 1)", "log(a - 1) is no finite number in row", "    ^^^^^^^^^^"),
        ("y ~ __import__('os').system('x')", "the function '__import__'", "    ^^^^^^^^^^"),
        ("y ~ a.__class__", "no column 'a.__class__'", "    ^^^^^^^^^^^"),
        ("y ~ a %% b", "'%' has no meaning", "      ^"),
        ("y ~ a[0]", "'[' has no meaning", "     ^"),
        ("y ~ 'a'", "has no meaning", "    ^"),
        ("y ~ a + (b", "", "        ^"),
        ("y ~ a +", "", "      ^"),
        ("y ~ a b", "an operator is missing", "      ^"),
        ("y ~ a (b)", "an operator is missing", "      ^"),
        ("y ~ 3 * a", "numbers", "    ^"),
        ("y ~ a ** b", "positive integer", "         ^"),
        ("y ~ a ~ b", "second '~'", "      ^"),
        ("y ~ a + y", "response cannot stand", "        ^"),
        ("y ~ C(a + b)", "C() takes one column", "    ^^"),
        ("y ~ Q(a)", "Q() takes one column name", "    ^"),
        ("y + a ~ b", "left of '~'", "  ^"),
        ("a + b", "left of '~'", "  ^"),
        ("y ~", "one response", "^^"),
        ("", "one response", "^"),
    ],
)
def test_a_caret_points_at_what_is_wrong(formula: str, problem: str, caret: str) -> None:
    with pytest.raises(FormulaPlaceError) as caught:
        build(formula)
    assert problem in str(caught.value)
    assert caught.value.excerpt.splitlines()[1] == "  " + caret
    assert caught.value.excerpt.splitlines()[0] == "  " + formula


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("a ~ b", "response is 'a'"),
        ("y ~ 1", "no term"),
        ("y ~ a\n+ b", "control characters"),
        ("y ~ " + " + ".join(["a"] * 5000), "nested"),
        ("y ~ I(" + "(" * 5000 + "a" + ")" * 5001, "nested"),
        ("y ~ I(" + "-" * 5000 + "a)", "nested"),
        ("y ~ I(a" + "^a" * 5000 + ")", "nested"),
    ],
)
def test_other_formulas_that_cannot_be(formula: str, problem: str) -> None:
    with pytest.raises(FormulaError, match=problem):
        build(formula)


def test_missing_and_infinite_covariates_are_refused() -> None:
    with pytest.raises(FormulaError, match="missing"):
        build("y ~ a + hours", hours=[1.0, None, 3, 4, 5, 6, 7, 8])
    with pytest.raises(FormulaError, match="infinite"):
        build("y ~ a + hours", hours=[1.0, float("inf"), 3, 4, 5, 6, 7, 8])


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), min_size=1))
def test_any_name_can_be_quoted(name: str) -> None:
    found = read_formula(f"y ~ {quote(name)}", ["y", name])
    assert [v.column for v in found.variables] == [name]
    assert found.right.strip() == "v0"


@given(st.text(max_size=40))
def test_no_text_gets_more_through_than_invented_names(text: str) -> None:
    try:
        found = read_formula("y ~ " + text, ["y", "a", "b"])
    except FormulaError:
        return
    assert set(found.right) <= set("v0123456789+-*/:() ")
    assert all(set(variable.columns) <= {"y", "a", "b"} for variable in found.variables)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'say "hi" \\', "it's", "../../x", "$(reboot)", "a b.c", "v0", "C", "Q", "0"]
)
def test_odd_names_are_names_of_terms(tmp_path: Path, name: str) -> None:
    base = qs.full_factorial([qs.Factor(n, 1, 2) for n in (name, "other")], seed=0).natural()[[name, "other"]]
    frame = base.assign(y=[1.0, 2.0, 3.0, 5.0])
    found = qs.analyze(frame, response="y", direction="maximize")
    assert found.tidy()["term"].to_list() == ["(Intercept)", name, "other"]
    assert set(found.ranking()["factor"]) == {name, "other"}
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    assert qs.analyze(path, response="y", direction="maximize").to_dict()["terms"] == found.to_dict()["terms"]


@given(st.text(st.sampled_from("ab1.^*/+-() eIlog"), max_size=30))
def test_any_arithmetic_gives_numbers_or_an_error_in_its_place(text: str) -> None:
    try:
        found = model_matrix(f"y ~ I({text})", DATA)
    except FormulaError:
        return
    assert np.isfinite(found.matrix).all()


def test_aliased_terms_are_named() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "b": [-1, -1, 1, 1], "c": [1, -1, -1, 1], "y": [1.0, 2.0, 3.0, 5.0]})
    with pytest.raises(FormulaError, match=r"'a:b' with 'c'"):
        qs.analyze(frame, response="y", direction="maximize", formula="y ~ a * b + c - b")
    twin = frame.assign(c=frame["a"] * -1)
    with pytest.raises(FormulaError, match="'c' with 'a'"):
        qs.analyze(twin, response="y", direction="maximize")
    with pytest.raises(FormulaError, match="6 coefficients from 4"):
        qs.analyze(frame, response="y", direction="maximize", formula="y ~ a * b + c + b:c")


def test_a_block_confounded_with_a_factor_is_named() -> None:
    frame = pd.DataFrame({"a": [-1, 1] * 4, "b": [-1, -1, 1, 1] * 2, "y": np.arange(8.0) ** 2}).assign(
        block=lambda d: d["a"]
    )
    with pytest.raises(qs.TrialsError, match="'a' is confounded with the block column 'block'"):
        qs.analyze(frame, response="y", direction="maximize")


@pytest.mark.parametrize(("name", "formula"), [("(Intercept)", None), ("a:b", 'y ~ a * b + Q("a:b")')])
def test_a_name_that_looks_like_another_term_is_refused(name: str, formula: str | None) -> None:
    base = qs.full_factorial([qs.Factor(n, 1, 2) for n in ("a", "b", name)], seed=0).natural()[["a", "b", name]]
    with pytest.raises(FormulaError, match="two terms are spelled"):
        qs.analyze(base.assign(y=np.arange(8.0)), response="y", direction="maximize", formula=formula)
