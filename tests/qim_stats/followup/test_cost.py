"""What runs cost, and that cost decides."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qim_stats.errors import QimError
from qim_stats.followup import augment
from qim_stats.followup.cost import parse_cost, read_cost
from qim_stats.followup.foresight import best_runs, best_set, foresee
from qim_stats.followup.knowledge import learn
from qim_stats.trials import read_trials

Study = Callable[..., pd.DataFrame]


def ask(trials: pd.DataFrame, **options: Any) -> Any:
    return augment(trials, response="y", direction="maximize", **options)


def test_the_cost_of_a_run_is_the_product_of_its_levels(study: Study) -> None:
    data = read_trials(study(4), response="y", direction="maximize")
    prices = read_cost({"x0": {10: 2.0}, "x2": {"10": 3.0, "0": 0.5}}, data)
    settings = np.array([[1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, 1.0], [1.0, -1.0, -1.0, 1.0]])
    assert prices.of(settings).tolist() == [6.0, 3.0, 1.0]
    assert prices.told() == {"x0": {"0": 1.0, "10": 2.0}, "x2": {"0": 0.5, "10": 3.0}}
    assert read_cost(None, data).of(settings).tolist() == [1.0, 1.0, 1.0]


def test_the_command_line_says_it_in_words() -> None:
    assert parse_cost([]) is None
    assert parse_cost(["seconds"]) == "seconds"
    assert parse_cost(["a=b=200:2", "a=b=1:0.5", "c=relu:3"]) == {"a=b": {"200": 2.0, "1": 0.5}, "c": {"relu": 3.0}}


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["x0=10:2", "x0=10:5"], "x0=10 is given two costs"),
        (["x0=10:2", "x0=10.0:5"], "x0=10.0 is given two costs"),
        (["x0=10"], "'x0=10' is not FACTOR=LEVEL:RELATIVE"),
        (["x0:2"], "'x0:2' is not FACTOR=LEVEL:RELATIVE"),
        (["x0=10:nan"], "is not FACTOR=LEVEL:RELATIVE"),
        (["seconds", "x0=10:2"], "'seconds' is not FACTOR=LEVEL:RELATIVE"),
        (["x9=10:2"], "unknown factor 'x9'"),
        (["x0=11:2"], "factor 'x0' has no level 11; its levels are 0 and 10"),
        (["x0=5:2"], "factor 'x0' has no level 5"),
        (["x0=10:0"], "a run with 'x0' at 10 cannot cost 0"),
        (["x0=10:-1"], "cannot cost -1"),
        (["x0=10:inf"], "cannot cost inf"),
        (["seconds"], "the table has no seconds"),
    ],
)
def test_what_is_no_cost_is_refused_in_one_line(study: Study, texts: list[str], complaint: str) -> None:
    with pytest.raises(QimError) as caught:
        ask(study(4), runs=4, cost=parse_cost(texts))
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("--cost: ")


def test_the_greedy_choice_is_worth_by_cost(study: Study) -> None:
    data = read_trials(study(4), response="y", direction="maximize")
    known = learn(data.coded[data.factor_names].to_numpy(), data.y, None, runs=4, seed=0)
    settings = np.array([[i >> j & 1 for j in range(4)] for i in range(16)]) * 2.0 - 1.0
    seen, omega = foresee(known, settings), np.eye(4)
    worth = np.einsum("ci,ci->c", seen.effects, seen.effects) / (seen.variance + seen.noise)
    cost = np.array([1.0, 2.0, 3.0, 4.0] * 4)
    (first,) = best_runs(seen, omega, 1, again=True, cost=cost)
    assert worth[first] / cost[first] == pytest.approx(max(worth / cost))
    # Two sets with the same settings: the cheap one is taken, wherever it stands.
    sets = np.array([[0, 1], [0, 1], [2, 3]])
    dear = np.ones(16)
    dear[[0, 1]] = 1e9
    assert best_set(seen, omega, sets, dear) == 2


def test_dear_runs_are_chosen_less_and_what_options_cost_is_told(study: Study) -> None:
    old = study(5)
    plain, priced = (ask(old, runs=6, method="posterior", cost=cost) for cost in (None, {"x4": {10: 50.0}}))
    assert (priced.runs["x4"] == 0).sum() > (plain.runs["x4"] == 0).sum()
    assert plain.options["cost"].tolist() == [6.0]
    dear = int((priced.runs["x4"] == 10).sum())
    assert priced.options["cost"].tolist() == [6.0 - dear + 50.0 * dear]
    assert priced.method["cost"] == {"x4": {"0": 1.0, "10": 50.0}}


def test_auto_takes_what_gains_most_for_its_cost(study: Study) -> None:
    old = study(5)
    found = ask(old, runs=6, cost={"x0": {10: 30.0}})
    had = found.options[found.options["after"].notna()].set_index("method")
    assert had["gain_per_cost"].to_numpy() == pytest.approx((had["gain"] / had["cost"]).to_numpy())
    best = had["gain_per_cost"].idxmax()
    # Behind is for what the best costs.
    missing = had["gain"][best] - had["gain"] * had["cost"][best] / had["cost"]
    assert had["behind"].to_numpy() == pytest.approx(missing.to_numpy())
    close = had[had["behind"] <= 2 * had["behind_error"]]
    assert found.chosen == close.index[0]


def test_seconds_as_measured(study: Study) -> None:
    old = study(4)
    timed = old.assign(seconds=np.where(old["x3"] == 10, 8.0, 2.0))
    found = ask(timed, runs=4, method="posterior", cost="seconds")
    row = found.options.iloc[0]
    assert row["cost"] == pytest.approx(row["seconds"])
    assert row["cost"] == pytest.approx(np.where(found.runs["x3"] == 10, 8.0, 2.0).sum())
    assert found.method["cost"] == "seconds"
