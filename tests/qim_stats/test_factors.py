from __future__ import annotations

import pytest

from qim_stats.errors import FactorError
from qim_stats.factors import RESERVED_COLUMNS, Factor, check_factors


def test_good_factors_come_back() -> None:
    factors = (Factor("a", 0, 1), Factor("A", 0, 1), Factor("response", 0, 1))
    assert check_factors(iter(factors)) == factors


@pytest.mark.parametrize("name", RESERVED_COLUMNS)
def test_reserved_names(name: str) -> None:
    with pytest.raises(FactorError, match="column of its own"):
        check_factors([Factor(name, 0, 1)])


def test_two_of_a_name_and_none_at_all() -> None:
    with pytest.raises(FactorError, match="two factors named 'a'"):
        check_factors([Factor("a", 0, 1), Factor("b", 0, 1), Factor("a", 1, 2)])
    with pytest.raises(FactorError, match="no factors"):
        check_factors([])


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        (1, 1, "linear"),
        (1, "a", "linear"),
        (True, 2, "linear"),
        (0, 1, "log"),
        ("a", "b", "log"),
        (1.0, float("nan"), "linear"),
    ],
)
def test_levels_that_are_none(low: int, high: int, scale: str) -> None:
    with pytest.raises(FactorError):
        Factor("a", low, high, scale)  # type: ignore[arg-type]  # the wrong kinds are the point


def test_levels_are_coded_however_they_are_spelled() -> None:
    assert Factor("a", 0.01, 0.1).code(["0.010", "1e-1", 0.01]).tolist() == [-1.0, 1.0, -1.0]
    assert Factor("a", "1", "one").code(["1", "one"]).tolist() == [-1.0, 1.0]
    assert Factor("a", False, True).code(["true", False]).tolist() == [1.0, -1.0]
    with pytest.raises(FactorError, match=r"'0\.2' in row 2"):
        Factor("a", 0.01, 0.1).code([0.1, 0.2])
