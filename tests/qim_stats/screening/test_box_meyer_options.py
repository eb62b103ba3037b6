"""Options of Box and Meyer's analysis as text: what is read, and how mistakes are told."""

from __future__ import annotations

import pytest

from qim_stats.errors import QimError
from qim_stats.screening.box_meyer_options import BoxMeyerOptions, count_models, parse_box_meyer_options


def test_reads_all_and_keeps_defaults() -> None:
    assert parse_box_meyer_options("max_factors=4, max_order=2,p=0.3 ,g=1.5") == BoxMeyerOptions(4, 2, 0.3, 1.5)
    assert parse_box_meyer_options("p=0.1") == BoxMeyerOptions(p=0.1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("max_factor=4", "unknown option 'max_factor'; did you mean 'max_factors'"),
        ("", "'' is not key=value"),
        ("p", "'p' is not key=value"),
        ("p=0.2,p=0.3", "p is there twice"),
        ("p=0", r"p=0 is no prior probability .* in \(0, 1\)"),
        ("p=1", "p=1 is no prior"),
        ("p=nan", "p='nan' is not a number"),
        ("g=-2", "g=-2 is no prior spread"),
        ("g=inf", "g='inf' is not a number"),
        ("g=1e9", "up to 1000"),
        ("max_factors=0", "max_factors=0 is not a number of factors"),
        ("max_factors=2.5", "max_factors='2.5' is not a whole number"),
        ("max_order=0", "max_order=0 is not an order"),
    ],
)
def test_mistakes_are_one_line_with_the_option(text: str, told: str) -> None:
    with pytest.raises(QimError, match=told) as caught:
        parse_box_meyer_options(text)
    assert str(caught.value).startswith("--box-meyer: ")


def test_defaults_fit_small_designs() -> None:
    assert BoxMeyerOptions().for_factors(2) == (2, 2)
    assert BoxMeyerOptions().for_factors(9) == (5, 3)


def test_defaults_bound_the_models_of_large_designs() -> None:
    for k in (28, 40, 100, 199):
        largest, order = BoxMeyerOptions().for_factors(k)
        assert count_models(k, largest) <= 150_000 < count_models(k, largest + 1)
        assert order == min(3, largest)


def test_too_many_models_or_effects_are_refused() -> None:
    with pytest.raises(QimError, match="up to 5 of 60 factors make 5,985,198 models, more than 1,000,000"):
        BoxMeyerOptions(max_factors=5).for_factors(60)
    with pytest.raises(QimError, match=r"180 factors have .* effects up to order 3"):
        BoxMeyerOptions(max_factors=3).for_factors(180)
    assert BoxMeyerOptions(max_factors=3, max_order=2).for_factors(180) == (3, 2)


def test_counts_the_models() -> None:
    # The counts that the requirements on speed name.
    assert count_models(19, 5) == 16_664
    assert count_models(20, 6) == 60_460
