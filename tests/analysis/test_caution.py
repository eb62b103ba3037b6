"""The page on other priors tells what was recorded, of the prior that answers are given under among them."""

from __future__ import annotations

import pandas as pd
import pytest
from validation import caution
from validation.results import FOLDER

from qim_stats.screening.walsh_prior import STANDARD


def test_the_page_tells_the_recorded_numbers() -> None:
    rows = pd.read_csv(FOLDER / "caution.csv")
    assert caution.text(rows) == (caution.DOCS / "caution.md").read_text(encoding="utf-8")
    assert set(rows["table"]) == set(caution.TABLES)
    assert set(rows["prior"]) == set(caution.PRIORS)
    assert len(rows) == 2 * len(caution.TABLES) * len(caution.PRIORS)


def test_one_of_the_priors_is_the_one_that_answers_are_given_under() -> None:
    assert caution.PRIORS["as it is"] == STANDARD
    assert all(prior != STANDARD for name, prior in caution.PRIORS.items() if name != "as it is")


@pytest.mark.parametrize(
    ("words", "told"), [(["--studies", "1"], "--studies"), (["--docs", __file__], "--docs: there is")]
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert caution.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_what_is_wanted_is_what_the_goals_want() -> None:
    assert (caution._limit("calibration_error"), caution._limit("coverage_simultaneous")) == (0.05, 0.95)
