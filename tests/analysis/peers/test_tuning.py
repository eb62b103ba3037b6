"""Tuning after screening: trials are counted from the first one of the screening."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest
from peers import screening_memory, tuning_page
from peers.answers import fingerprint
from peers.perceptron import CHANCE, RANGES, trained
from peers.tables import ANALYSIS, load
from peers.tuning import main, told, version_of
from peers.tuning_page import is_stale, is_there
from peers.tuning_spaces import Run, Space, perceptron_space, table_space
from peers.tuning_strategies import STRATEGIES, Strategy, trials_to_target

ALL = [pytest.param(strategy, id=strategy.name) for strategy in STRATEGIES]
HALF = np.array([3.0, -2.0, 0.5, 0.6, 4.0, -0.5, 0.6])


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def additive(target: float, tried: list[np.ndarray], *, continuous: bool) -> Space:
    def study(rng: np.random.Generator) -> Run:
        del rng

        def run(setting: np.ndarray) -> tuple[float, float]:
            tried.append(setting)
            y = float((2.0 * setting - 1.0) @ HALF)
            return y, y

        return run

    levels = (0.25, 0.75) if continuous else (0.0, 1.0)
    return Space("additive", len(HALF), True, target, continuous, levels, study)


@pytest.mark.parametrize("strategy", ALL)
def test_the_budget_holds_the_screening_and_is_never_passed(strategy: Strategy) -> None:
    tried: list[np.ndarray] = []
    assert trials_to_target(additive(99.0, tried, continuous=False), strategy, 40, rng()) == np.inf
    assert len(tried) == 40


@pytest.mark.parametrize("strategy", ALL)
def test_the_first_trial_that_reaches_the_target_is_told(strategy: Strategy) -> None:
    tried: list[np.ndarray] = []
    reached = trials_to_target(additive(0.8 * np.abs(HALF).sum(), tried, continuous=False), strategy, 200, rng())
    assert reached == len(tried)
    assert (2.0 * tried[-1] - 1.0) @ HALF >= 0.8 * np.abs(HALF).sum()


@pytest.mark.parametrize("name", ["pb12, then TPE on 3", "pb12..24, then random on 3"])
@pytest.mark.parametrize("continuous", [True, False])
def test_what_did_not_rank_top_is_held_at_its_better_level(name: str, *, continuous: bool) -> None:
    strategy = next(strategy for strategy in STRATEGIES if strategy.name == name)
    tried: list[np.ndarray] = []
    space = additive(99.0, tried, continuous=continuous)
    trials_to_target(space, strategy, 60, rng())
    screened = 24 if "24" in name else 12
    low, high = space.levels
    assert {*np.unique(tried[:screened])} == {low, high}
    for place, half in enumerate(HALF):
        after = {float(setting[place]) for setting in tried[screened:]}
        if abs(half) < 1.0:
            assert after == {high if half > 0.0 else low}
        else:
            assert len(after) > 1


@pytest.mark.parametrize("continuous", [True, False])
def test_the_sampler_is_told_of_the_screening(continuous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    studies: list[optuna.Study] = []
    create = optuna.create_study
    monkeypatch.setattr(optuna, "create_study", lambda **options: studies.append(create(**options)) or studies[0])
    strategy = next(strategy for strategy in STRATEGIES if strategy.told)
    tried: list[np.ndarray] = []
    space = additive(99.0, tried, continuous=continuous)
    trials_to_target(space, strategy, 30, rng())
    known = studies[0].trials[:12]
    assert [[trial.params[str(i)] for i in range(space.k)] for trial in known] == [
        list(setting) for setting in tried[:12]
    ]
    assert [trial.value for trial in known] == [float((2.0 * setting - 1.0) @ HALF) for setting in tried[:12]]
    assert all(len({float(setting[place]) for setting in tried[12:]}) > 1 for place in range(space.k))


def test_a_table_is_tuned_towards_its_best_cell() -> None:
    table = load(ANALYSIS / "lenet_fashion" / "full.csv")
    space = table_space(table)
    assert space.target == pytest.approx(table.full.means.max() - np.sqrt(2.0) * table.noise.sd)
    best = int(table.full.means.argmax())
    setting = ((best >> np.arange(table.full.k)) & 1).astype(np.float64)
    assert space.study(rng())(setting)[1] == table.full.means.max()
    assert trials_to_target(space, STRATEGIES[0], 128, rng()) <= 128


@pytest.mark.parametrize("name", RANGES)
def test_a_real_training_repeats_itself_and_learns(name: str) -> None:
    setting = np.full(len(RANGES[name]), 0.6)
    assert trained(name, setting, 3) == trained(name, setting, 3)
    assert trained(name, setting, 3) != trained(name, setting, 4)
    assert trained(name, setting, 3) < CHANCE
    assert not perceptron_space(name, 0.2, 0.01).maximize


def test_a_lucky_trial_is_judged_by_fresh_ones_and_a_poor_one_by_itself() -> None:
    setting = np.full(8, 0.6)
    told, judged = perceptron_space("perceptron, narrow", 0.01, 0.01).study(rng(2))(setting)
    assert judged == told
    seeds = rng(2).integers(2**31 - 1, size=6).tolist()
    losses = [trained("perceptron, narrow", setting, seed) for seed in seeds]
    assert told == losses[0]
    told, judged = perceptron_space("perceptron, narrow", told, 0.01).study(rng(2))(setting)
    assert judged == pytest.approx(np.mean(losses[1:]))


def test_a_net_that_diverges_is_no_better_than_chance() -> None:
    assert trained("perceptron, wide", np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0]), 1) == CHANCE


def test_quartiles_are_repeats_and_may_be_never() -> None:
    row = told(np.array([4.0, 10.0, np.inf, np.inf, 20.0, 30.0, np.inf, np.inf]))
    assert row == {
        "repeats": 8,
        "reached": 0.5,
        "reached_error": pytest.approx(np.sqrt(0.25 / 8)),
        "first_quartile": 10.0,
        "median": 30.0,
        "third_quartile": np.inf,
    }


def test_strategies_of_one_screening_share_it_and_do_what_they_do_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    space = table_space(load(ANALYSIS / "autoencoder_mnist" / "full.csv"))
    alike = [one for one in STRATEGIES if one.screening == "pb12" and one.kept]
    alone = [trials_to_target(space, one, 60, rng(4)) for one in alike]
    asked, whole = [], screening_memory.alias_aware
    monkeypatch.setattr(screening_memory, "alias_aware", lambda x, y: asked.append(len(y[0])) or whole(x, y))
    memory = screening_memory.ScreeningMemory()
    assert [trials_to_target(space, one, 60, rng(4), memory) for one in alike] == alone
    assert asked == [12]
    assert len(set(alone)) > 1


def test_a_remembered_choice_leaves_the_generator_as_it_left_it_then() -> None:
    class Coin:
        word = "coin"

        def start(self, rng: np.random.Generator) -> np.ndarray:
            return self.next(np.empty((0, 2)), np.empty(0), rng)

        def next(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            del x, y
            return rng.choice(np.array([-1, 1], dtype=np.int8), (1, 2))

    memory, x, y = screening_memory.ScreeningMemory(), np.ones((2, 2)), np.zeros(2)
    one, same, other = rng(1), rng(1), rng(2)
    rows = [memory.next(Coin(), x, y, chosen) for chosen in (one, same)]
    assert np.array_equal(rows[0], rows[1])
    after = one.random()
    assert same.random() == after
    memory.next(Coin(), x, y, other)
    assert other.random() != after


def test_only_strategies_that_hold_factors_by_rank_carry_the_mark_of_the_ranks() -> None:
    marked = {one.name for one in STRATEGIES if fingerprint() in version_of(one)}
    assert marked == {one.name for one in STRATEGIES if "then" in one.name}
    rows = tuning_page.read().set_index("strategy")["version"]
    for one in STRATEGIES:
        if one.name not in marked:
            assert set(rows[one.name]) == {version_of(one)}


def test_rows_are_kept_until_the_target_changes_and_told_of_another_version() -> None:
    space, strategy = additive(5.0, [], continuous=False), STRATEGIES[1]
    rows = pd.DataFrame(
        [{"space": "additive", "strategy": strategy.name, "target": 5.0, "repeats": 40, "version": "one"}]
    )
    assert is_there(rows, space, strategy, 40)
    assert not is_there(rows, space, strategy, 41)
    assert not is_there(rows, space, STRATEGIES[2], 40)
    assert not is_there(rows.assign(target=5.01), space, strategy, 40)
    assert [is_stale(rows, space, strategy, version) for version in ("one", "another")] == [False, True]
    assert not is_stale(rows.assign(target=5.01), space, strategy, "another")


def test_a_space_that_is_none_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--again", "perceptron"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("peers: 'perceptron' is no space; there are: ")
    assert error.count("\n") == 1
