"""Virtual studies: what they look up, what they must find, and that seeds decide everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.replays import Estimates, FixedDesign, Replays, replay
from qim_stats.replays.analyzed import analyzed
from qim_stats.replays.designs import plans, usual_designs
from qim_stats.replays.estimators import least_squares, raw
from qim_stats.replays.full_table import cell_numbers, full_table
from qim_stats.replays.noise import TrialNoise
from qim_stats.replays.virtual import World, run_studies

Full = Callable[..., pd.DataFrame]
Array = npt.NDArray[np.float64]


def run(frame: pd.DataFrame, *designs: str, **options: object) -> Replays:
    asked: dict[str, object] = {"replays": 60, "estimators": ["raw"], "response": "y", "direction": "maximize"}
    return replay(frame, designs=designs, **{**asked, **options})  # type: ignore[arg-type]


def row(found: Replays, design: str, estimator: str = "raw") -> pd.Series:
    table = found.designs
    return table[(table["design"] == design) & (table["estimator"] == estimator)].iloc[0]


def test_a_full_design_without_noise_is_always_right(full: Full) -> None:
    found = row(run(full(interaction=0.5), "full"), "full")
    assert found[["kendall_tau", "p_top1", "p_top3", "top3_capture", "signs_right"]].tolist() == pytest.approx(
        [1.0] * 5
    )
    assert found["trials"] == 32
    assert found["seconds"] == 64.0


def test_main_effects_alone_are_found_by_any_orthogonal_design(full: Full) -> None:
    found = run(full(), "pb12", "frac16", "pb12+foldover", "pb12+semifold", estimators=["raw", "least-squares"])
    assert found.designs["trials"].tolist() == [12, 12, 16, 16, 24, 24, 18, 18]
    whole = found.designs[~((found.designs["design"] == "pb12+semifold") & (found.designs["estimator"] == "raw"))]
    assert whole["p_top3"].tolist() == [1.0] * len(whole)


def test_what_is_run_where_nobody_says_fits_the_number_of_factors(full: Full) -> None:
    assert usual_designs(5) == usual_designs(11) == ("pb12", "pb12+foldover", "pb12..24")
    assert usual_designs(12) == ("pb16", "pb16+foldover", "pb16..32")
    assert usual_designs(16)[0] == "pb20"
    assert all(plans(usual_designs(k), k) for k in range(4, 20))
    four = full(noise=0.1).query("act == 1").drop(columns="act")
    found = replay(four, replays=2, response="y", direction="maximize")
    assert found.designs["design"].tolist() == list(usual_designs(4))
    assert found.designs["trials"].tolist() == [8, 12]
    with pytest.raises(qs.QimError, match="all 8 combinations of 3 factors"):
        replay(four.query("drop == 1").drop(columns="drop"), replays=2, response="y", direction="maximize")


def test_an_interaction_misleads_twelve_runs_and_not_their_foldover(full: Full) -> None:
    found = run(full(interaction=1.5), "pb12", "pb12+foldover", replays=400)
    assert row(found, "pb12")["p_top3"] < 0.9
    assert row(found, "pb12+foldover")["p_top3"] == 1.0
    assert row(found, "pb12")["monte_carlo_error"] == pytest.approx(np.sqrt(0.25 / 400), rel=0.5)


def test_every_number_follows_from_the_studies(recorded: Path) -> None:
    found = replay(recorded, designs=["pb12"], replays=200, estimators=["raw"])
    assert len(found.studies) == 200
    assert row(found, "pb12")["p_top3"] == found.studies["top3"].mean()
    error = found.studies["kendall_tau"].std() / np.sqrt(200)
    assert row(found, "pb12")["errors"]["kendall_tau"] == pytest.approx(error)


def test_the_seed_decides_and_jobs_do_not(recorded: Path) -> None:
    asked = {"designs": ["pb12", "random16..20/random"], "replays": 60, "estimators": ["raw", "least-squares"]}
    first, again, other, split = (
        replay(recorded, seed=seed, jobs=jobs, **asked)  # type: ignore[arg-type]
        for seed, jobs in ((1, 1), (1, 1), (2, 1), (1, 2))
    )
    assert first.to_dict() == again.to_dict() == split.to_dict()
    assert not first.studies.equals(other.studies)


def test_a_design_is_replayed_alike_whatever_else_is_asked(recorded: Path) -> None:
    alone = replay(recorded, designs=["random16..24/random"], replays=20, estimators=["raw"])
    beside = replay(
        recorded, designs=["pb12", "random16..32/random", "random16..24/random"], replays=20, estimators=["raw"]
    )
    ours, theirs = (f.studies.query("design == 'random16..24/random'").reset_index(drop=True) for f in (alone, beside))
    pd.testing.assert_frame_equal(ours, theirs)


def test_designs_have_random_columns_and_levels(full: Full) -> None:
    world = World(full_table(qs.read_trials(full(), response="y", direction="maximize")), TrialNoise(0.0, 1, ""), False)
    plan = plans(["pb12"], 5)[0]
    studies = run_studies(plan, world, 500, np.random.Generator(np.random.PCG64(0)))[0][0]
    first = studies.x[:, 0]
    assert np.abs(first.mean(axis=0)).max() < 0.2
    gram = studies.x.transpose(0, 2, 1).astype(float) @ studies.x
    assert (gram == 12.0 * np.eye(5)).all()
    base = plan.rule.start(np.random.Generator(np.random.PCG64(0)))
    assert sorted(np.abs(base.sum(axis=0)).tolist()) == [0] * 5
    assert len({tuple(np.sort(cell_numbers(x)).tolist()) for x in studies.x}) > 20


def test_responses_are_looked_up(full: Full) -> None:
    frame = full(noise=1.0)
    table = full_table(qs.read_trials(frame, response="y", direction="maximize"))
    world = World(table, TrialNoise(1.0, 1, ""), False)
    rng = np.random.Generator(np.random.PCG64(0))
    studies = run_studies(plans(["random16"], 5)[0], world, 50, rng)[0][0]
    known = {tuple(r[:5]): r[5] for r in frame[["lr", "wd", "bs", "act", "drop", "y"]].to_numpy().tolist()}
    for x, y in zip(studies.x[7], studies.y[7], strict=True):
        assert known[tuple((x * 0.5 + 1.5).tolist())] == y
    assert all(len(np.unique(cell_numbers(x))) == 16 for x in studies.x)


def test_a_cell_run_again_has_fresh_noise_and_no_other(full: Full) -> None:
    table = full_table(qs.read_trials(full(), response="y", direction="maximize"))
    cells = np.array([[3, 5, 3, 3], [1, 2, 4, 8]])
    rng = np.random.Generator(np.random.PCG64(0))
    y, _ = World(table, TrialNoise(0.1, 9, ""), False).run(cells, np.array([[5], [0]]), rng)
    changed = y != table.means[cells]
    assert changed.tolist() == [[False, True, True, True], [False] * 4]
    y, _ = World(table, TrialNoise(0.1, 9, ""), True).run(cells, cells[:, :0], rng)
    assert (y != table.means[cells]).all()


def test_replicates_in_the_table_are_drawn_one_by_one(full: Full) -> None:
    table = full_table(qs.read_trials(full(noise=1.0, replicates=2), response="y", direction="maximize"))
    world = World(table, TrialNoise(9.0, 1, ""), False)
    y, _ = world.run(np.zeros((1, 200), dtype=np.int64), np.empty((1, 0), np.int64), np.random.default_rng(0))
    assert set(y[0].tolist()) == set(table.values[:2].tolist())


def test_noise_makes_studies_worse_and_sets_the_ceiling(full: Full) -> None:
    replicates = full(noise=0.4, replicates=3, seed=1).query("run <= 8")
    quiet = run(full(noise=0.05), "pb12", replicates=replicates, replays=400)
    noisy = run(full(noise=0.05), "pb12", noise=replicates, replays=400)
    assert not quiet.noise["added"]
    assert noisy.noise["added"]
    assert quiet.noise["sd"] == noisy.noise["sd"] == pytest.approx(0.4, rel=0.5)
    assert row(noisy, "pb12")["kendall_tau"] < row(quiet, "pb12")["kendall_tau"]
    ceiling = noisy.ceiling.set_index("trials").loc[12]
    # Nothing but noise stands between twelve orthogonal runs and the ceiling, as there are no interactions.
    assert row(noisy, "pb12")["p_top3"] == pytest.approx(ceiling["p_top3"], abs=0.08)
    assert row(noisy, "pb12")["kendall_tau"] == pytest.approx(ceiling["kendall_tau"], abs=0.06)


def test_all_trials_without_added_noise_reach_the_whole_ceiling(full: Full) -> None:
    found = run(full(noise=0.5), "full", "pb12")
    assert found.ceiling["trials"].tolist() == [12, 32]
    tau = found.ceiling["kendall_tau"].tolist()
    assert tau[0] < 1.0
    assert tau[1] == 1.0


def test_estimators_are_those_of_numpy() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    x = rng.choice([-1.0, 1.0], (4, 11, 5))
    y = rng.normal(size=(4, 11))
    contrasts, fitted = raw(x, y), least_squares(x, y)
    assert contrasts.sign is not None
    assert fitted.sign is not None
    for i in range(4):
        means = [y[i][x[i][:, j] > 0].mean() - y[i][x[i][:, j] < 0].mean() for j in range(5)]
        assert contrasts.score[i] * contrasts.sign[i] == pytest.approx(means)
        solved = np.linalg.lstsq(np.column_stack([np.ones(11), x[i]]), y[i])[0][1:]
        assert fitted.score[i] * fitted.sign[i] == pytest.approx(solved)


def test_least_squares_of_too_few_trials_has_the_least_norm() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    x, y = rng.choice([-1.0, 1.0], (1, 4, 6)), rng.normal(size=(1, 4))
    found = least_squares(x, y)
    assert found.sign is not None
    centered = x[0] - x[0].mean(axis=0)
    assert found.score[0] * found.sign[0] == pytest.approx(np.linalg.pinv(centered) @ (y[0] - y[0].mean()))


def test_a_factor_at_one_level_comes_last_in_raw() -> None:
    x = np.array([[[1.0, 1.0], [1.0, -1.0]]])
    assert np.isnan(raw(x, np.array([[0.0, 1.0]])).score).tolist() == [[True, False]]


def test_an_estimator_of_ones_own(full: Full) -> None:
    def backwards(x: Array, y: Array) -> Estimates:
        return Estimates(-raw(x, y).score)

    found = run(full(), "full", estimators={"backwards": backwards, "raw": raw})
    assert found.designs["kendall_tau"].tolist() == pytest.approx([-1.0, 1.0])
    with pytest.raises(qs.QimError, match=r"'wrong' gives scores of shape \(3,\)"):
        run(full(), "full", estimators={"wrong": lambda x, y: Estimates(np.ones(3))})  # noqa: ARG005


class UntilBored:
    """A rule that adds a random row until it has twenty trials."""

    word = "bored"

    def start(self, rng: np.random.Generator) -> npt.NDArray[np.int8]:
        return rng.choice(np.array([-1, 1], dtype=np.int8), (8, 5))

    def next(self, x: Array, y: Array, rng: np.random.Generator) -> npt.NDArray[np.int8] | None:
        assert len(x) == len(y)
        return None if len(y) >= 20 else rng.choice(np.array([-1, 1], dtype=np.int8), (3, 5))


def test_a_rule_of_ones_own(full: Full) -> None:
    found = run(full(), UntilBored(), "pb12")  # type: ignore[arg-type]
    assert row(found, "bored")["trials"] == 20
    design = FixedDesign("mine", np.array([[1, 1, 1, 1, 1], [-1, 1, -1, 1, -1], [-1, -1, 1, 1, 1]], dtype=np.int8))
    assert row(run(full(), design), "mine")["trials"] == 3  # type: ignore[arg-type]

    class Wrong(UntilBored):
        def next(self, x: Array, y: Array, rng: np.random.Generator) -> npt.NDArray[np.int8] | None:  # noqa: ARG002
            return np.zeros((2, 5), dtype=np.int8)

    with pytest.raises(qs.QimError, match=r"'bored' gives settings of shape \(2, 5\); give rows of 5 numbers"):
        run(full(), Wrong())  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["posterior", "random", "replicates", "d-optimal", "md"])
def test_further_trials_are_chosen_in_fours(full: Full, way: str) -> None:
    found = run(full(noise=0.1), f"pb8..12/{way}", f"pb8..16/{way}", f"pb8..15/{way}", replays=2)
    assert found.designs["trials"].tolist() == [12, 16, 15]


def test_chosen_settings_are_new_ones_and_replicates_old_ones(full: Full) -> None:
    world = World(full_table(qs.read_trials(full(), response="y", direction="maximize")), TrialNoise(0.1, 9, ""), False)
    for way, fresh in (("posterior", 16), ("random", 16), ("replicates", 8)):
        plan = plans([f"pb8..16/{way}"], 5)[0]
        studies = run_studies(plan, world, 2, np.random.Generator(np.random.PCG64(0)))[0]
        assert [len(np.unique(cell_numbers(s.x[0]))) for s in studies] == [fresh] * 2


def test_a_study_that_is_sure_stops(full: Full) -> None:
    found = run(full(), "frac16..32@0.8", replays=4, estimators=["alias-aware"])
    assert row(found, "frac16..32@0.8", "alias-aware")["trials"] < 32
    assert found.studies["claimed_top3"].ge(0.8).any()


def test_the_loop_of_run_until_stops_by_itself(full: Full) -> None:
    found = run(full(noise=0.01), "pb8..24/settle@0.8", replays=2, estimators=["alias-aware"])
    assert row(found, "pb8..24/settle@0.8", "alias-aware")["trials"] < 24
    assert row(found, "pb8..24/settle@0.8", "alias-aware")["p_top3"] == 1.0


def test_responses_that_never_vary_are_answered_all_the_same(full: Full) -> None:
    flat = full()
    flat["y"] = np.where(np.arange(32) == 0, 1.0, 0.0)  # one cell in 32 is off the floor
    found = run(flat, "pb8..12", "pb8..12/settle", replays=6, estimators=["alias-aware", "raw"])
    assert found.designs["trials"].tolist() == [12.0] * 4
    assert found.designs["kendall_tau"].isna().all()  # all true effects are equal


def test_the_alias_aware_estimator_claims_and_covers(recorded: Path) -> None:
    found = replay(recorded, designs=["pb12+foldover"], replays=24)
    own = row(found, "pb12+foldover", "alias-aware")
    assert own["coverage_marginal"] > 0.9
    assert own["coverage_simultaneous"] > 0.9
    assert 0.0 < own["width_marginal"] < own["width_simultaneous"] <= 7.0
    assert own["pairs_right"] <= own["pairs_resolved"] <= 28
    assert own["brier"] < 0.2
    assert 0.0 < own["claimed_top3"] < 1.0
    pairs = found.calibration.query("about == 'pair'")
    assert pairs["claims"].sum() == 24 * 28
    error = (pairs["claims"] * (pairs["claimed"] - pairs["right"]).abs()).sum() / pairs["claims"].sum()
    assert own["calibration_error"] == pytest.approx(error)


def test_what_analyze_prints_is_replayed(recorded: Path) -> None:
    found = replay(recorded, designs=["pb12"], replays=2, estimators=["analyze"])
    own = row(found, "pb12", "analyze")
    assert own["coverage_simultaneous"] == 1.0
    assert own["width_simultaneous"] > 5.0
    x = run_studies(
        plans(["pb12"], 8)[0],
        World(full_table(qs.read_trials(recorded)), TrialNoise(0.0, 1, ""), False),
        1,
        np.random.Generator(np.random.PCG64(0)),
    )[0][0]
    told = analyzed(x.x.astype(float), x.y)
    names = [f"f{i}" for i in range(8)]
    study = pd.DataFrame(x.x[0].astype(int), columns=names).assign(y=x.y[0])
    ranking = qs.analyze(study, response="y", direction="maximize", factors=names).ranking().set_index("factor")
    assert told.simultaneous is not None
    assert told.simultaneous.high[0].tolist() == ranking.loc[names, "rank_high"].tolist()
    assert (8.0 - told.score[0]).tolist() == ranking.loc[names, "rank"].tolist()


def test_a_study_that_analyze_refuses_claims_nothing() -> None:
    x = np.ones((1, 4, 3))
    found = analyzed(x, np.zeros((1, 4)))
    assert np.isnan(found.score).all()
    assert found.p_larger is not None
    assert (found.p_larger == 0.5).all()


def test_a_floor_is_told(full: Full) -> None:
    frame = full(noise=0.1)
    names = list(frame.columns[2:7])
    assert not run(frame, "pb12", factors=names).alerts
    frame["y"] = frame["y"].clip(lower=sorted(frame["y"])[9])
    told = run(frame, "pb12", factors=names).alerts
    assert [alert.code for alert in told] == ["response_floor"]
    assert "10 of 32 trials have the same y" in told[0].message


def test_trials_that_say_that_they_stayed_at_chance_are_a_floor(full: Full) -> None:
    frame = full(noise=0.1)
    names = list(frame.columns[2:7])
    frame["reason"] = ""
    frame.loc[frame["y"].nsmallest(9).index, "reason"] = "At chance"
    told = [alert for alert in run(frame, "pb12", factors=names).alerts if alert.code == "response_floor"]
    assert len(told) == 1
    assert told[0].message.startswith("9 of 32 trials finished at chance level: a floor. It breeds interactions")
    frame.loc[frame["y"].nsmallest(9).index[1:], "reason"] = ""
    assert "response_floor" not in [alert.code for alert in run(frame, "pb12", factors=names).alerts]


def test_without_a_posterior_signs_are_those_of_the_contrasts(full: Full) -> None:
    frame = full(noise=0.1)
    names = list(frame.columns[2:7])
    found = qs.replay(
        frame,
        replays=2,
        designs=["full"],
        response="y",
        direction="maximize",
        factors=names,
        estimators=["alias-aware"],
    )
    assert found.designs["signs_right"].tolist() == [1.0]


@pytest.mark.parametrize("replays", [10**6 + 1, 10**20])
def test_more_replays_than_memory_holds_are_refused(full: Full, replays: int) -> None:
    with pytest.raises(qs.QimError, match=r"^--replays: .* more than memory holds; give 1000000 at most"):
        qs.replay(full(), replays=replays, response="y", direction="maximize")


def test_estimators_that_cannot_be_sent_are_for_one_process(full: Full) -> None:
    with pytest.raises(qs.QimError, match="cannot be sent to other processes; give jobs=1"):
        run(full(), "pb12", estimators={"mine": lambda x, y: raw(x, y)}, jobs=2)


def test_swapped_levels_and_factors_change_no_alias_aware_answer(recorded: Path) -> None:
    from qim_stats.replays.aware import alias_aware

    table = full_table(qs.read_trials(recorded))
    world = World(table, TrialNoise(0.0, 1, ""), False)
    studies = run_studies(plans(["pb12"], 8)[0], world, 2, np.random.Generator(np.random.PCG64(0)))[0][0]
    x, order = studies.x.astype(float), np.array([3, 1, 0, 2, 7, 6, 5, 4])
    ours = alias_aware(x, studies.y)
    theirs = alias_aware((-x)[:, :, order], studies.y)
    assert ours.p_larger is not None
    assert theirs.p_larger is not None
    assert theirs.score == pytest.approx(ours.score[:, order])
    assert theirs.p_larger == pytest.approx(ours.p_larger[:, order][:, :, order])
    assert ours.sign is not None
    assert theirs.sign is not None
    assert (theirs.sign == -ours.sign[:, order]).all()


def test_a_full_factorial_claims_nothing_but_is_ranked(full: Full) -> None:
    found = row(run(full(), "full", estimators=["alias-aware"], replays=2), "full", "alias-aware")
    assert found["p_top3"] == 1.0
    assert found["pairs_resolved"] == 0


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("pb12+twist", "'twist' is no foldover"),
        ("pb12..", "'pb12..' is not a design"),
        ("pb", "'pb' is not a design"),
        ("box9", "'box9' is not a design"),
        ("pb13", "13"),
        ("frac12", "no 2"),
        ("noconf16", "no-confounding"),
        ("random99", "99 rows are more than the 32 of the full table"),
        ("random5", "5 trials are too few to tell the mean and the main effects of 5 factors"),
        ("random24+foldover", "random rows have no foldover"),
        ("random2..12", "2 trials are too few to start with"),
        ("random4..5", "5 trials are too few to tell the mean and the main effects of 5 factors"),
        ("pb12..12", "a budget of 12 trials leaves none after the 12 of the start; give 13 or more, such as 16"),
        ("pb12..8", "a budget of 8 trials leaves none after the 12"),
        ("pb12..99", "a budget of 99 trials is more than the 32 of the full table"),
        ("pb12..16/postirior", "'postirior' is no way to choose trials; .*'posterior'"),
        ("pb12..16@0.3", "0.3 is no probability between 0.5 and 1"),
    ],
)
def test_words_that_are_no_designs(full: Full, word: str, problem: str) -> None:
    with pytest.raises(qs.QimError, match=problem) as raised:
        run(full(), word)
    assert "\n" not in str(raised.value)


def test_options_at_fault(full: Full) -> None:
    for options, problem in (
        ({"replays": 1}, "1 replays tell no share"),
        ({"estimators": ["row"]}, "'row' is no estimator"),
        ({"estimators": []}, "no estimator is named"),
        ({"seed": -1}, "the seed -1 is negative"),
        ({"jobs": 0}, "0 jobs do no work"),
        ({"noise": full(), "replicates": full()}, "two tables tell the noise"),
    ):
        with pytest.raises(qs.QimError, match=problem):
            run(full(), "pb12", **options)
    with pytest.raises(qs.QimError, match="'pb12' stands twice"):
        run(full(), "pb12", "pb12")
    with pytest.raises(qs.QimError, match="no design is named"):
        run(full())
