"""The loop until a goal is settled, with the recorded full factorial of LeNet as the trainer."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qim_stats.errors import QimError, TrialsError
from qim_stats.followup import NextRuns, OutOfBudget, Settled, Tie, augment, parse_until, settle_step, tell_story
from qim_stats.followup.prospect import Prospect
from qim_stats.followup.settle import check_budget
from qim_stats.terminal.settle import step_text
from qim_stats.trials import read_trials
from qim_stats.trials.metadata import metadata_path

RECORDED = Path(__file__).parents[3] / "analysis" / "lenet_fashion"
FACTORS = read_trials(RECORDED / "full.csv").factors
NAMES = [factor.name for factor in FACTORS]
Step = Settled | Tie | OutOfBudget | NextRuns


def step(table: pd.DataFrame, until: str, **options: Any) -> Step:
    return settle_step(
        table, until=until, response="accuracy", direction="maximize", factors=FACTORS, **{"budget": 48, **options}
    )


def train(runs: pd.DataFrame) -> pd.DataFrame:
    """Look the trials up in the full factorial."""
    full = pd.read_csv(RECORDED / "full.csv").set_index(NAMES)["accuracy"]
    return runs.assign(accuracy=[float(full[tuple(row)]) for row in runs[NAMES].to_numpy().tolist()], state="done")


def loop(until: str, **options: Any) -> tuple[pd.DataFrame, list[Step]]:
    """Go on from the recorded screen until something stops it."""
    table, steps = pd.read_csv(RECORDED / "screen.csv"), []
    while True:
        steps.append(step(table, until, **options))
        if not isinstance(steps[-1], NextRuns):
            return table, steps
        table = pd.concat([table, train(steps[-1].runs)], ignore_index=True)


@pytest.fixture(scope="module")
def settled() -> tuple[pd.DataFrame, list[Step]]:
    return loop("top-2 settled at 0.9", jobs=3)


def test_it_settles_what_the_full_factorial_has(settled: tuple[pd.DataFrame, list[Step]]) -> None:
    table, steps = settled
    assert isinstance(steps[-1], Settled)
    # The two largest main effects of the 256 trials, by a distance.
    assert set(steps[-1].standing.answer) == {"base_lr", "momentum"}
    assert steps[-1].standing.measure >= 0.9
    assert "base_lr and momentum are the first 2" in steps[-1].words[0]
    assert len(table) < 48
    assert [s.run for s in steps] == [12 + 6 * i for i in range(len(steps))]
    # Batches of the least multiple of 3 from 4, all of them new settings, in the block there is.
    assert not table.duplicated(NAMES).any()
    assert set(table["block"]) == {1}
    assert table["order"].tolist()[12:] == list(range(13, len(table) + 1))


def test_the_story_of_the_whole_table_is_what_each_step_said(settled: tuple[pd.DataFrame, list[Step]]) -> None:
    table, steps = settled
    data = read_trials(table, response="accuracy", direction="maximize", factors=FACTORS)
    goal, probability = parse_until("top-2 settled at 0.9", NAMES)
    assert probability is not None
    story = tell_story(data, goal, probability, sizes=[12] + [6] * (len(steps) - 1))
    assert [c.after.to_dict() if c.after else None for c in story] == [s.standing.to_dict() for s in steps]
    assert [(c.first, c.last) for c in story][:2] == [(1, 12), (13, 18)]
    assert story[0].before is None
    assert story[1].before == story[0].after
    gained = [pair for c in story for pair in c.settled_pairs]
    lost = [pair for c in story for pair in c.reopened_pairs]
    assert len(gained) - len(lost) == len(steps[-1].standing.pairs)
    with pytest.raises(TrialsError, match="which of the"):
        tell_story(data, goal, probability, sizes=[12, 6])


def test_the_same_table_gives_the_same_step(settled: tuple[pd.DataFrame, list[Step]]) -> None:
    table, steps = settled
    again = step(table.iloc[:12], "top-2 settled at 0.9", jobs=3)
    assert isinstance(again, NextRuns)
    assert isinstance(steps[0], NextRuns)
    pd.testing.assert_frame_equal(again.runs, steps[0].runs)
    assert again.to_dict() == steps[0].to_dict()


def test_near_equals_end_as_a_tie_before_the_budget_is_spent() -> None:
    # In the full factorial their effects are 0.0697 and 0.0711; a trial's noise hides 0.002.
    table, steps = loop("hidden before filters settled at 0.99", budget=36, jobs=4)
    last = steps[-1]
    assert isinstance(last, Tie)
    assert 18 <= len(table) < 36
    assert set(last.standing.border) == {"hidden", "filters"}
    assert last.prospect is not None
    assert last.prospect.p_settled < 0.05
    assert "the order of" in last.words[0]
    assert "is more than 36 trials are likely to tell" in last.words[0]


@pytest.mark.parametrize(("trials", "budget", "outcome"), [(16, 32, Tie), (16, 34, NextRuns), (12, 24, NextRuns)])
def test_no_tie_is_called_before_half_of_the_budget_or_two_trials_a_factor(
    trials: int, budget: int, outcome: type[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However little the forecast promises.
    monkeypatch.setattr("qim_stats.followup.settle.prospect_of", lambda *_: Prospect(8, 0.0, 0.0, 0.5, 0.03, 1.0, 0.1))
    screen, full = pd.read_csv(RECORDED / "screen.csv"), pd.read_csv(RECORDED / "full.csv")
    table = pd.concat([screen, full.iloc[100 : 100 + trials - 12]], ignore_index=True)
    found = settle_step(
        table[[*NAMES, "accuracy"]],
        until="hidden before filters settled at 0.9",
        budget=budget,
        response="accuracy",
        direction="maximize",
        factors=FACTORS,
    )
    assert isinstance(found, outcome)


def test_a_spent_budget_says_what_is_open_and_is_never_passed() -> None:
    table, steps = loop("top-3 settled at 0.99", budget=15)
    assert isinstance(steps[-1], OutOfBudget)
    assert len(table) == 15
    assert "The budget of 15 trials is spent" in steps[-1].words[0]
    last = steps[-1].standing
    assert all(name in steps[-1].words[1] for name in last.border)
    assert {name for name, share in last.p_top.items() if 0.01 < share < 0.99} == set(last.border)


def test_trials_that_gave_no_response_count_against_the_budget_and_are_not_chosen_again() -> None:
    table = pd.read_csv(RECORDED / "screen.csv")
    found = step(table, "top-2 settled at 0.9")
    assert isinstance(found, NextRuns)
    failed = found.runs.assign(state="diverged", accuracy=np.nan)
    both = pd.concat([table, failed], ignore_index=True)
    after = step(both, "top-2 settled at 0.9")
    assert isinstance(after, NextRuns)
    assert after.run == 16
    assert after.standing.trials == 12
    assert not pd.concat([both, after.runs])[NAMES].duplicated().any()
    spent = step(both, "top-2 settled at 0.9", budget=16)
    assert isinstance(spent, OutOfBudget)


def test_rows_still_to_be_run_are_refused() -> None:
    table = pd.read_csv(RECORDED / "screen.csv").astype({"accuracy": object})
    table.loc[3, "state"] = "pending"
    table.loc[3, "accuracy"] = None
    with pytest.raises(TrialsError, match="1 rows are pending"):
        step(table, "top-3")


@pytest.mark.parametrize(
    ("budget", "design", "complaint"),
    [
        (15, 12, "--budget: 15 trials are too few: the design's 12 and a batch of 4 are 16; give 16 or more"),
        (9, 0, "--budget: 9 trials are too few: 8 factors need 10 at least; give 10 or more"),
        (151, 0, "give 150 at most"),
    ],
)
def test_a_budget_without_an_answer_is_refused(budget: int, design: int, complaint: str) -> None:
    with pytest.raises(QimError) as caught:
        check_budget(budget, 8, 4, design)
    assert complaint in str(caught.value)


def test_a_budget_that_cannot_be_weighed_is_refused_before_its_trials_are_run() -> None:
    with pytest.raises(QimError) as caught:
        check_budget(150, 50, 4, 52)
    least = int(str(caught.value).rpartition("give ")[2].partition(" at most")[0])
    assert 52 + 4 <= least < 150
    check_budget(least, 50, 4, 52)


def test_where_every_setting_was_run_replicates_come_next() -> None:
    corners = np.array([[i >> j & 1 for j in range(3)] for i in range(8)]) * 2.0 - 1.0
    rng = np.random.Generator(np.random.PCG64(4))
    table = pd.DataFrame(corners, columns=list("abc")).assign(y=corners @ [1.0, 0.9, 0.2] + rng.normal(size=8))
    found = settle_step(table, until="top-1", budget=40, response="y", direction="maximize")
    assert isinstance(found, NextRuns)
    assert found.follow_up.chosen == "replicates"
    assert (found.runs["replicate"] == 2).all()


def test_words_fit_a_terminal(settled: tuple[pd.DataFrame, list[Step]]) -> None:
    for found in settled[1]:
        assert max(map(len, step_text(found, ["that is all"]).splitlines())) <= 80


def test_stages_are_read_from_the_metadata(tmp_path: Path) -> None:
    table = tmp_path / "all.csv"
    (tmp_path / "t.csv").write_text((RECORDED / "screen.csv").read_text())
    metadata_path(tmp_path / "t.csv").write_text(metadata_path(RECORDED / "screen.csv").read_text())
    found = settle_step(tmp_path / "t.csv", until="top-1")
    assert isinstance(found, NextRuns)
    found.follow_up.to_csv(tmp_path / "next.csv", joined=table)
    joined = pd.read_csv(table)
    pd.concat([joined.iloc[:12], train(joined.iloc[12:])]).to_csv(table, index=False)
    data = read_trials(table)
    story = tell_story(data, parse_until("top-1", data.factor_names)[0], 0.9)
    assert [(c.first, c.last, c.done) for c in story] == [(1, 12, 12), (13, 16, 4)]


def test_what_is_not_ranked_is_not_settled() -> None:
    table = pd.read_csv(RECORDED / "screen.csv").assign(state="done")
    few = table.assign(state=["diverged"] * 4 + ["done"] * 8)
    few.loc[:3, "accuracy"] = np.nan
    assert isinstance(step(few, "top-1 settled at 0.9"), NextRuns)
    many = table.assign(state=["diverged"] * 5 + ["done"] * 7)
    many.loc[:4, "accuracy"] = np.nan
    told = "more than a third of the runs failed: what is left settles nothing.*; move the levels"
    with pytest.raises(TrialsError, match=told):
        step(many, "top-1 settled at 0.9")
    with pytest.raises(TrialsError, match=told):
        augment(many, runs=4, response="accuracy", direction="maximize", factors=FACTORS)
    assert isinstance(step(many, "top-1 settled at 0.9", diverged_as=0.1), NextRuns)


@pytest.mark.parametrize("budget", [10**10, 10**20])
def test_a_budget_beyond_all_measure_is_refused(budget: int) -> None:
    with pytest.raises(QimError, match="--budget"):
        check_budget(budget, 8, 4)
