"""Tables, formulas and options that a person gets wrong: one line, exit status 2, nothing else on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main

ASKED = ["--response", "y", "--direction", "maximize"]
DESIGN = (
    qs.plackett_burman([qs.Factor(name, -1, 1) for name in "abcd"], runs=12, seed=0).coded[list("abcd")].astype(int)
)
RESPONSE = 3.0 + DESIGN["a"].to_numpy() + np.random.default_rng(1).normal(0.0, 0.3, 12).round(3)
TABLE = DESIGN.assign(y=RESPONSE).reset_index(drop=True)
TEXT = TABLE.to_csv(index=False)


def write(path: Path, **columns: object) -> str:
    TABLE.assign(**columns).to_csv(path, index=False)  # type: ignore[arg-type]
    return str(path)


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a verb that must refuse, and return its line, with the excerpt of a formula where there is one."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert not out
    assert len(lines) == 1 or (len(lines) == 3 and set(lines[2].strip()) == {"^"})
    return err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b,y\n", "has a header but no rows"),
        ("a,a,y\n1,1,2\n", "the column 'a' is there twice"),
        ("a,b,y\n1,1\n", "has 2 cells where the header has 3"),
        ('a,b,y\n"1,1,2\n', "is not a CSV row"),
        ("a,b,y\n1,1\0,2\n", "holds a NUL character"),
        (TEXT.encode("utf-16").decode("latin-1"), "is not UTF-8 text"),
        (TEXT.replace(",", ";").replace(".", ","), "which is text, not a number"),
        ("# made by hand\n" + TEXT, "has 5 cells where the header has 1"),
        ("a,y\n1,2\n2,3\n3,4\n", "no column has exactly two levels"),
        ("e1,e2,y\n1,1,2\n-1,1,3\n1,-1,4\n-1,-1,6\n", "(e1 and e2 are taken as spare columns of the design)"),
    ],
)
def test_files_that_are_no_trials_table(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode("latin-1"))
    assert told in complaint(["analyze", str(path), *ASKED], capsys)


@pytest.mark.parametrize("spelled", [TEXT.replace("\n", "\r\n"), TEXT.replace(",", ";"), TEXT.replace(",", "\t")])
def test_separators_and_line_ends_do_not_matter(spelled: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + spelled.encode())
    found = qs.analyze(path, response="y", direction="maximize").tidy()
    pd.testing.assert_frame_equal(found, qs.analyze(TABLE, response="y", direction="maximize").tidy())


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"y": 3.0}, "the response is constant"),
        ({"y": "high"}, "the response is 'high', which is text"),
        ({"y": [np.inf, *RESPONSE[1:]]}, "the response is 'inf', which is not finite"),
        ({"y": RESPONSE * 1e200}, "whose square a computer's numbers cannot hold"),
        ({"y": RESPONSE * 1e-200}, "whose square a computer's numbers cannot hold"),
        ({"state": "failed"}, "none of the 12 trials is usable"),
        ({"state": ["failed"] * 11 + ["done"]}, "only one trial is usable"),
        ({"block": DESIGN["a"].to_numpy()}, "factor 'a' is confounded with the block column 'block'"),
        ({"block": [None, *[1, 2] * 5, 1]}, "the block is missing"),
        ({"b": DESIGN["a"].to_numpy()}, "aliased and cannot be told apart in these 12 trials: 'b' with 'a'"),
        ({"a": ["", *DESIGN["a"].astype(str)[1:]]}, "the level is missing"),
    ],
)
def test_columns_that_cannot_be_used(
    columns: dict[str, object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in complaint(["analyze", write(tmp_path / "t.csv", **columns), *ASKED], capsys)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("", "a formula is one response, '~', and terms"),
        ("y ~ a + bb", "there is no column 'bb'; did you mean 'b'?\n  y ~ a + bb\n          ^^"),
        ("y ~ a +", "a column or a term is missing here"),
        ("y ~ (a + b", "Unmatched '('"),
        ("y ~ a - a", "the formula has no term but the intercept"),
        ("y ~ 1", "the formula has no term but the intercept"),
        ("y ~ a:b", "no main effect of a factor"),
        ("y ~ a + y", "the response cannot stand on the right too"),
        ("a ~ b", "the formula's response is 'a' but --response is 'y'"),
        ('y ~ __import__("os").system("true")', "the function '__import__' cannot be used"),
        ("y ~ a.__class__", "there is no column 'a.__class__'"),
        ("y ~ a[0]", "'[' has no meaning in a formula"),
        ("y ~ a; b", "';' has no meaning in a formula"),
        ("y ~ a\n+ b", "the formula holds control characters"),
        ("y ~ " + " + ".join(["a"] * 5000), "the formula is nested too deeply"),
        ("y ~ a * b * c * d", "asks for 16 coefficients from 12 usable trials"),
        ("y ~ a + I(b^2)", "'I(b^2)' with '(Intercept)'"),
        ("y ~ log(a)", "log(a) is no finite number in row"),
        ("y ~ a + exp(b * 1000)", "is no finite number in row"),
        ("y ~ a + huge", "huge has values up to 1.1e+201, too large to compute with\n  y ~ a + huge\n          ^^^^"),
        ("y ~ a + tiny", "tiny has values up to 1.1e-199, too small to compute with"),
        ("y ~ a + kind", "the column 'kind' has one level only, 'cpu'"),
        ("y ~ a + endless", "holds infinite values"),
        ("y ~ a + gaps", "has missing values in usable trials"),
    ],
)
def test_formulas_that_cannot_be_fitted(
    formula: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = np.arange(12.0)
    table = write(
        tmp_path / "t.csv",
        huge=1e200 * count,
        tiny=1e-200 * count,
        kind="cpu",
        endless=[np.inf, *count[1:]],
        gaps=[np.nan, *count[1:]],
    )
    assert told in complaint(["analyze", table, *ASKED, "--formula", formula], capsys)


@pytest.mark.parametrize("units", ["natural", "log"])
def test_levels_that_no_computer_can_square(units: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path / "t.csv", a=DESIGN["a"].to_numpy() * 1e308)
    assert "a has values up to 1e+308, too large" in complaint(["analyze", table, *ASKED, "--units", units], capsys)
    assert main(["analyze", table, *ASKED]) == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--confidence", "0.99999"], "--confidence: 0.99999 is more than 0.9999"),
        (["--confidence", "nan"], "--confidence: nan is not between 0.5 and 1"),
        (["--seed", "-1"], "--seed: -1 is negative"),
        (["--also", "y"], "--also: 'y' is there twice"),
        (["--also", "zz"], "there is no response column 'zz'"),
        (["--weights", "y"], "--weights: 'y' is the response"),
        (["--error", "foldover"], "--error foldover: there is no foldover error"),
        (["--transform", "logit"], "logit needs numbers that are between 0 and 1"),
        (["--box-meyer", "p=1"], "--box-meyer: p=1 is no prior probability"),
        (["--box-meyer", "max_factors=9"], "max_factors=9 is more than the 4 factors there are"),
        (["--high", "a=7"], "--high: 7 is not a level of factor 'a'"),
        (["--report", "."], "cannot be written"),
        (["--json", "/dev/full"], "/dev/full: cannot be written"),
    ],
)
def test_options_that_cannot_be_met(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in complaint(["analyze", write(tmp_path / "t.csv"), *ASKED, *options], capsys)


@pytest.mark.parametrize("weights", [[0], [-1], ["x"], [np.inf], [None]])
def test_weights_are_positive_numbers(
    weights: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write(tmp_path / "t.csv", w=[*weights, *[1] * 11])
    told = complaint(["analyze", table, *ASKED, "--weights", "w"], capsys)
    assert "row 1, column 'w': the weight is" in told


def of_weights() -> qs.Analysis:
    frame = TABLE.assign(w=[1, 4] * 6)
    return qs.analyze(frame, response="y", direction="maximize", weights="w")


def of_responses() -> qs.Analysis:
    frame = TABLE.assign(w=[0, 1] * 6)
    return qs.analyze(frame, response=["y", "w"], direction="maximize")


@pytest.mark.parametrize("analyze", [of_weights, of_responses])
def test_a_column_in_use_is_no_factor_though_it_has_two_levels(analyze: Callable[[], qs.Analysis]) -> None:
    found = analyze()
    assert found.trials.factor_names == list("abcd")
    assert not any("w" in alert.message.split("'") for alert in found.alerts)
