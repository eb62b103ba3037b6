"""The page on power tells what its commands print."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from qim_stats.factors import Factor
from qim_stats.power import Price, Question, compare_designs, comparison_text, guessed_noise

PAGE = Path(__file__).parents[3] / "docs" / "power.md"


def test_the_first_example_is_what_is_printed(named: Callable[[int], list[Factor]]) -> None:
    question = Question(effect=0.02, noise=guessed_noise(0.01), price=Price(30.0, jobs=2))
    printed = comparison_text(compare_designs(named(8), question))
    assert textwrap.indent(printed, "    ") in PAGE.read_text(encoding="utf-8")
