# ruff: noqa: RUF001  typographic signs are what is tested
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qim_stats import Factor
from qim_stats.report.numbers import column, interval, level, levels, number, p_value, percent, probability, seconds

FLOATS = st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.123456, "0.1235"),
        (-12.3456, "−12.35"),
        (123456.7, "123457"),
        (1234567.0, "1.235×10⁶"),
        (-0.0000123456, "−1.235×10⁻⁵"),
        (9.99996, "10.00"),
        (math.inf, "∞"),
    ],
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


@given(FLOATS)
def test_number_is_right_to_four_digits(value: float) -> None:
    power = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = number(value).replace("−", "-").replace("×10", "e").translate(power)
    assert float(text) == pytest.approx(value, rel=5.1e-4)


def test_column_shares_its_decimals() -> None:
    assert column([0.1198, -0.0024, None, 0.00001]) == ["0.1198", "−0.0024", "–", "1.0×10⁻⁵"]


def test_column_of_large_and_of_missing_numbers() -> None:
    assert column([51234.4, 3.0]) == ["51234", "3"]
    assert column([1.5e9, 2.0]) == ["1.500×10⁹", "2.000"]
    assert column([None, math.nan]) == ["–", "–"]


@given(st.lists(FLOATS, min_size=1))
def test_column_never_shows_a_number_as_zero(values: list[float]) -> None:
    for value, text in zip(values, column(values), strict=True):
        assert (value == 0) == (set(text) <= set("−0."))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "<0.001"), (0.001, "0.001"), (0.0456, "0.046"), (1.0, "1.000"), (None, "–")]
)
def test_p_value(value: float | None, text: str) -> None:
    assert p_value(value) == text


def test_levels_have_their_unit_and_a_real_minus() -> None:
    assert levels(Factor("a", -1, 1)) == ("−1", "1")
    assert levels(Factor("a", 0.0005, 1e-7, unit="s")) == ("0.0005 s", "1e−7 s")
    assert levels(Factor("a", False, True)) == ("False", "True")
    assert level("pre-trained", None) == "pre-trained"


def test_shares_and_durations() -> None:
    assert (percent(0.0938), percent(None)) == ("9.4 %", "–")
    assert [seconds(s) for s in (None, 21.46, 600.0, 36000.0)] == ["–", "21.5 s", "10.0 min", "10.0 h"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (math.nan, "–"), (0.0, "<0.01"), (0.0049, "<0.01"), (0.005, "0.01"), (0.994, "0.99"), (1.0, ">0.99")],
)
def test_probabilities_are_never_written_as_certain(value: float | None, text: str) -> None:
    assert probability(value) == text


def test_intervals_are_whole_numbers() -> None:
    assert interval(1.0, 12) == "1–12"
