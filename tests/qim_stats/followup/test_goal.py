"""Goals: how they are read, and how far draws settle them."""

import numpy as np
import pytest

from qim_stats.errors import FactorError, QimError
from qim_stats.followup import Goal, parse_goal
from qim_stats.followup.goal import parse_until

NAMES = ["lr", "momentum", "decay", "a,b"]


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        (None, Goal("top", "top-3", 3)),
        ("top-1", Goal("top", "top-1", 1)),
        ("order", Goal("order", "order")),
        ("pair:decay,lr", Goal("pair", "pair:decay,lr", members=(2, 0))),
        ('pair:"a,b",lr', Goal("pair", 'pair:"a,b",lr', members=(3, 0))),
        ("sign:momentum", Goal("sign", "sign:momentum", members=(1,))),
        ("decay before lr", Goal("pair", "decay before lr", members=(2, 0))),
        ('"a,b"  before "lr"', Goal("pair", '"a,b"  before "lr"', members=(3, 0))),
        ("sign of a,b", Goal("sign", "sign of a,b", members=(3,))),
    ],
)
def test_goals_are_read(text: str | None, goal: Goal) -> None:
    assert parse_goal(text, NAMES) == goal


def test_the_default_fits_few_factors() -> None:
    assert parse_goal(None, NAMES[:3]).text == "top-1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("top-4", "no question which 4 of 4"),
        ("top-0", "no question which 0 of 4"),
        ("best", "'best' is not a goal"),
        ("pair:lr", "two different factors"),
        ("pair:lr,lr", "two different factors"),
        ("sign:lr,decay", "one factor"),
        ("sign:", "one factor"),
        ("sign:lr\n", "unknown factor"),
        ("lr before lr", "two different factors"),
        ("lr before warmth", "unknown factor 'warmth'"),
        ("sign of warmth", "unknown factor 'warmth'"),
        ('pair:"lr', "two different factors"),
    ],
)
def test_what_is_no_goal_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(QimError) as caught:
        parse_goal(text, NAMES)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_factor_is_answered_with_the_nearest() -> None:
    with pytest.raises(FactorError, match=r"unknown factor 'momentun'.*'momentum'"):
        parse_goal("sign:momentun", NAMES)


@pytest.mark.parametrize(
    ("text", "goal", "probability"),
    [
        ("top-3 settled at 0.9", "top-3", 0.9),
        ("order settled at .8", "order", 0.8),
        ("decay before lr settled at 0.95", "decay before lr", 0.95),
        ("sign of lr  settled  at 9e-1", "sign of lr", 0.9),
        ("top-1", "top-1", None),
        (None, "top-3", None),
    ],
)
def test_a_goal_may_say_when_it_is_settled(text: str | None, goal: str, probability: float | None) -> None:
    assert parse_until(text, NAMES) == (parse_goal(goal, NAMES), probability)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("top-3 settled at 90%", "--until: '90%' is no probability"),
        ("top-3 settled at 0.5", "--until: 0.5 is no probability between"),
        ("top-3 settled at nan", "--until: nan is no probability between"),
        ("top-3 settled", "--until: 'top-3 settled' is not a goal"),
        ("settled at 0.9", "--until: 'settled at 0.9' is not a goal"),
        ("lr before warmth settled at 0.9", "--until: unknown factor 'warmth'"),
    ],
)
def test_what_says_neither_is_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(QimError) as caught:
        parse_until(text, NAMES)
    assert complaint in str(caught.value)


def test_words_of_the_grammar_may_be_in_names() -> None:
    names = ["day before", "x before y", "sign of z"]
    assert parse_goal("x before y before day before", names).members == (1, 0)
    assert parse_goal('"day before" before "sign of z"', names).members == (0, 2)
    assert parse_goal("sign of z before day before", names).members == (2, 0)


DRAWS = np.array([[3.0, -2.0, 1.0], [3.0, 1.0, -2.0], [-3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])


@pytest.mark.parametrize(
    ("goal", "measure", "settled"),
    [
        (Goal("top", "", 1), 1.0, True),
        (Goal("top", "", 2), 0.75, False),
        (Goal("order", ""), 2.0, False),
        (Goal("pair", "", members=(2, 1)), 0.75, False),
        (Goal("sign", "", members=(0,)), 0.75, False),
        (Goal("sign", "", members=(1,)), 0.75, False),
    ],
)
def test_measures_are_shares_of_draws(goal: Goal, measure: float, settled: bool) -> None:
    assert goal.measure(DRAWS, 0.9) == (measure, settled)


def test_only_what_is_open_weighs() -> None:
    omega = Goal("top", "", 2).weights(DRAWS)
    # The first factor is among the first two in every draw and before both others; only the last two are open.
    assert omega[0].tolist() == [0.0, 0.0, 0.0]
    v = np.array([0.0, 1.0, -1.0])  # signs of the means: +, +, +
    assert omega == pytest.approx(omega[1, 1] * np.outer(v, v))
    assert omega[1, 1] == pytest.approx(0.75 * 0.25 * (2 * 0.75 * 0.25))
    pair = Goal("pair", "", members=(0, 2)).weights(DRAWS)
    assert pair == pytest.approx(np.outer([1, 0, -1], [1, 0, -1]))
    assert Goal("sign", "", members=(2,)).weights(DRAWS).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
