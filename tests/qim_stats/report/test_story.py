"""The story of a study, on the page and on the terminal: each block with what it taught, names as text."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.followup.goal import Goal
from qim_stats.followup.settle import OutOfBudget, Settled
from qim_stats.followup.standing import Standing
from qim_stats.followup.story import Chapter
from qim_stats.report import render
from qim_stats.report.numbers import EN_DASH, MISSING
from qim_stats.report.story import story_view
from qim_stats.terminal.settle import block_line, story_text

Read = Callable[[str], SimpleNamespace]
SCRIPT = "<script>alert(1)</script>"
TOP = Goal("top", "top-1", 1)


def standing(measure: float, answer: str, *pairs: tuple[str, str], goal: Goal = TOP) -> Standing:
    """What some trials said."""
    return Standing(
        goal=goal,
        probability=0.9,
        trials=8,
        measure=measure,
        settled=measure >= 0.9,
        answer=(answer,),
        words=f"{answer} is the first",
        border=(answer, "b"),
        p_top={answer: measure, "b": 1.0 - measure},
        pairs=pairs,
        draws=np.zeros((1, 2)),
    )


@pytest.fixture
def chapters() -> list[Chapter]:
    """Three blocks: the first says nothing, the second settles two orders, the third another and opens one again."""
    second = standing(0.62, SCRIPT, (SCRIPT, "b"), (SCRIPT, "c"))
    third = standing(0.4, "b", ("b", "c"), (SCRIPT, "c"))
    return [
        Chapter(1, 1, 8, 7, None, None, None, "the response does not vary"),
        Chapter(2, 9, 12, 4, 90.0, None, second),
        Chapter(3, 13, 13, 1, 7300.0, second, third),
    ]


@pytest.fixture
def ended(chapters: list[Chapter]) -> OutOfBudget:
    assert chapters[-1].after is not None
    words = ("The budget of 13 trials is spent, and top-1 is open.",)
    return OutOfBudget(chapters[-1].after, 13, 13, words, None, (), {})


def test_a_row_has_what_its_block_taught(ended: OutOfBudget, chapters: list[Chapter]) -> None:
    first, second, third = story_view(ended, chapters)["rows"]
    assert (first["trials"], first["lost"], first["after"], first["answer"]) == (
        f"1{EN_DASH}8",
        "(1 without a response)",
        MISSING,
        "the response does not vary",
    )
    assert (second["trials"], second["before"], second["after"], second["seconds"]) == (
        f"9{EN_DASH}12",
        MISSING,
        "0.62",
        "90.0 s",
    )
    assert second["settled"] == f"{SCRIPT} > b; {SCRIPT} > c"
    assert second["reopened"] == "none"
    assert (third["trials"], third["before"], third["settled"]) == ("13", "0.62", "b > c")
    assert third["reopened"] == f"{SCRIPT} > b"


def test_many_pairs_are_told_by_their_number(ended: OutOfBudget) -> None:
    many = standing(0.9, "a", *[("a", f"x{i}") for i in range(9)])
    (row,) = story_view(ended, [Chapter(1, 1, 8, 8, 1.0, None, many)])["rows"]
    assert row["settled"].endswith("a > x5; 3 more")


def test_the_section_stands_before_the_ranking_and_names_are_text(
    ended: OutOfBudget, chapters: list[Chapter], study: Callable[..., pd.DataFrame], read: Read
) -> None:
    table = study(qs.plackett_burman([qs.Factor(name, 0, 1) for name in "abc"], runs=12))
    analysis = qs.analyze(table, response="accuracy", direction="maximize", factors=["a", "b", "c"])
    page = read(render(analysis, story=(ended, chapters)))
    assert page.ids.index("verdict") < page.ids.index("story") < page.ids.index("ranking")
    assert "script" not in page.tags
    assert SCRIPT in page.text["story"]
    assert "13 of 13 trials" in page.text["story"]
    told = " ".join(page.text["verdict"].split())
    assert "The budget of 13 trials is spent, and top-1 is open. Beyond that:" in told
    plain = read(render(analysis))
    assert "story" not in plain.ids
    assert "Beyond that" not in plain.text["verdict"]


def test_nearly_settled_does_not_read_as_settled(chapters: list[Chapter]) -> None:
    nearly = standing(0.8996, "a")
    last = OutOfBudget(nearly, 17, 17, ("Open.",), None, (), {})
    rows = story_view(last, [*chapters, Chapter(4, 14, 17, 4, 1.0, chapters[-1].after, nearly)])["rows"]
    assert [row["after"] for row in rows[-2:]] == ["0.40", "0.899"]
    assert nearly.told() == "a probability of the likeliest top 1 of 0.899"
    assert standing(0.9, "a").told() == "a probability of the likeliest top 1 of 0.90"
    assert standing(0.8949, "a").told() == "a probability of the likeliest top 1 of 0.89"


def test_a_settled_goal_needs_nothing_more(chapters: list[Chapter]) -> None:
    done = Settled(standing(0.95, "a"), 13, 48, ("Settled: a is the first.",), None, (), {})
    assert story_view(done, chapters)["next"] == "For top-1: nothing, it is settled."


def test_the_terminal_has_a_line_for_each_block(ended: OutOfBudget, chapters: list[Chapter]) -> None:
    lines = story_text(ended, chapters).splitlines()
    assert all(len(line) <= 80 for line in lines)
    at = next(i for i, line in enumerate(lines) if line.startswith("block"))
    assert lines[at].split() == ["block", "trials", "p(top", "1)", "pairs", "likeliest"]
    assert lines[at + 1].split()[:4] == ["1", "1-8", "-", "-"]
    assert lines[at + 2].split()[:4] == ["2", "9-12", "0.62", "2"]
    assert lines[at + 3].split()[:4] == ["3", "13", "0.40", "2"]


@pytest.mark.parametrize(
    ("goal", "measure", "told"),
    [
        (TOP, 0.999, "block 2, trials 9-12: p(top 1) 0.62 -> 0.99: a"),
        (TOP, 1.0, "block 2, trials 9-12: p(top 1) 0.62 -> 1.00: a"),
        (TOP, 0.8976, "block 2, trials 9-12: p(top 1) 0.62 -> 0.897: a"),
        (TOP, 0.9, "block 2, trials 9-12: p(top 1) 0.62 -> 0.90: a"),
        (Goal("order", "order"), 3.0, "block 2, trials 9-12: ordered 1 -> 3: a is the first"),
        (Goal("sign", "sign of a", members=(0,)), 0.7, "block 2, trials 9-12: p(sign) 0.62 -> 0.70: a is the first"),
    ],
)
def test_a_block_is_told_in_a_line(goal: Goal, measure: float, told: str) -> None:
    before = standing(0.62 if goal.kind != "order" else 1.0, "a", goal=goal)
    assert block_line(2, (9, 12), before, standing(measure, "a", goal=goal)) == told
    assert "->" not in block_line(1, (1, 8), None, before)
