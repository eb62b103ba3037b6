"""The goals page: tables that wait for the freeze, artificial tables, verdicts, and what a small run writes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from validation import page, results, run
from validation.artificial import KINDS, make
from validation.claims import pairs_together, pairs_told
from validation.goals import GOALS, Finding, Goal, Verdict, find, judge, overall, share_above
from validation.knower import ALONE
from validation.tables import (
    ANALYSIS,
    DEVELOPMENT,
    LOCKED,
    UNLOCKED,
    Freeze,
    Listed,
    TableList,
    all_tables,
    check_locked,
    load,
    made,
    read_list,
)
from validation.work import (
    ANALYZE,
    AWARE,
    CEILING,
    STOPPED,
    Budget,
    Measured,
    budget_of,
    chance_errors,
    looks,
    measure,
    share_error,
    stopped,
    studies_behind,
)

from qim_stats.errors import QimError
from qim_stats.replays.full_table import walsh_transform

KIND = {kind.name: kind for kind in KINDS}
NOTHING = results.read_alone([], Path("nowhere"))


def table_rows(**changes: object) -> pd.DataFrame:
    """Rows of one real table of eight factors: the ceiling, and studies that choose their trials."""
    ceiling = {"design": CEILING, "estimator": "", "trials": 24.0, "p_top3": 0.9}
    chosen = {"design": "pb12..24", "estimator": AWARE, "trials": 24.0, "p_top3": 0.88, "p_top3_error": 0.01}
    both = pd.DataFrame([ceiling, chosen | changes]).reindex(columns=list(results.COLUMNS))
    return both.assign(table="some", role="development", factors=8, design=[CEILING, "pb12..24"], estimator=["", AWARE])


def goal(name: str) -> Goal:
    return next(one for one in GOALS if one.name.startswith(name))


def test_no_table_is_recorded_before_the_freeze_that_it_waits_for() -> None:
    listed = read_list()
    told = (page.DOCS / "validation.md").read_text(encoding="utf-8")
    assert (page.NEXT in told) == (listed.version < len(listed.freezes))
    assert all(f"`{table.name}`" in told for table in listed.locked)
    first, second, third, fourth = ({table.name for table in listed.tables if table.freeze == n} for n in (1, 2, 3, 4))
    assert first == {"lenet_mnist", "cifar10_quick", "sdae_mnist", "mnist_pipeline"}
    assert second == {"batchnorm_fashion", "forest_fashion"}
    assert third == {"residual_cifar10", "gradients_cifar10"}
    assert fourth == {"inception_fashion", "neighbours_mnist"}
    check_locked(listed)
    waiting = [table for table in listed.tables if listed.waits(table)]
    assert not [table.name for table in waiting if table.path().exists()]
    assert not set(results.read().rows["table"]) & {table.name for table in waiting}


def test_a_locked_table_that_is_recorded_early_is_refused(tmp_path: Path) -> None:
    table = Listed("secret", "y", "maximize", "locked", freeze=1)
    not_yet, frozen = Freeze(""), Freeze("abc123")
    check_locked(TableList((not_yet,), (table,)), tmp_path)
    (tmp_path / "secret").mkdir()
    table.path(tmp_path).write_text("a,y\n", encoding="utf-8")
    with pytest.raises(QimError, match="secret is locked until the method is frozen"):
        check_locked(TableList((not_yet,), (table,)), tmp_path)
    check_locked(TableList((frozen,), (table,)), tmp_path)
    # The next version may have been made with it; a table that waits for that one may not be there.
    check_locked(TableList((frozen, not_yet), (table,)), tmp_path)
    with pytest.raises(QimError, match="secret is locked"):
        check_locked(TableList((frozen, not_yet), (dataclasses.replace(table, freeze=2),)), tmp_path)


def test_a_table_that_waited_for_an_earlier_freeze_is_unlocked() -> None:
    table, other = Listed("a", "y", "maximize", "locked", freeze=1), Listed("b", "y", "maximize", "development")
    first, both = TableList((Freeze("abc"),), (table, other)), TableList((Freeze("abc"), Freeze("def")), (table, other))
    assert [first.role(one) for one in (table, other)] == [LOCKED, DEVELOPMENT]
    assert [both.role(one) for one in (table, other)] == [UNLOCKED, DEVELOPMENT]
    assert (first.locked, both.locked) == ((table,), ())
    # Until the next version is frozen, it is the first that answers are given by.
    pending = TableList((Freeze("abc"), Freeze("")), (table, dataclasses.replace(table, name="c", freeze=2)))
    assert [pending.waits(one) for one in pending.tables] == [False, True]
    assert pending.locked == pending.tables


def test_every_recorded_factorial_is_listed() -> None:
    recorded = {path.parent.name for path in ANALYSIS.glob("*/full.csv")}
    assert recorded <= {table.name for table in read_list().tables}


def test_tables_are_read_with_their_response_and_noise() -> None:
    listed = next(table for table in read_list().tables if table.name == "digits_mlp")
    table = load(listed)
    assert (table.full.k, table.full.response, table.full.direction) == (9, "log_loss", "minimize")
    assert table.noise.df == 96
    assert [one.name for one in all_tables(read_list(), ["xor", "digits_mlp"])] == ["digits_mlp", "xor"]
    with pytest.raises(QimError, match="'lenet' is no table"):
        all_tables(read_list(), ["lenet"])


@pytest.mark.parametrize(
    "text",
    [
        "role = 'public'",
        "role = 'locked'\nfreeze = 2",
        "role = 'locked'\nfreeze = 1\n[[table]]\nname='a'\nrole='locked'\nfreeze = 1",
    ],
)
def test_a_list_with_a_mistake_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    entry = "response='y'\ndirection='maximize'"
    file.write_text(f"[[freeze]]\ncommit=''\n[[table]]\nname='a'\n{entry}\n{text}\n{entry if 'name' in text else ''}")
    with pytest.raises(QimError, match=r"unknown|stands twice|until freeze 2, of 1"):
        read_list(file)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_artificial_tables_are_full_and_always_the_same(kind: object) -> None:
    name = kind.name  # type: ignore[attr-defined]
    table, (full, replicates) = made(KIND[name]), make(KIND[name])
    pd.testing.assert_frame_equal(full, make(KIND[name])[0])
    assert (table.full.k, table.full.cells, table.noise.df) == (8, 256, 96)
    spread = replicates.drop(columns="y").mean()
    assert (spread.abs() < 0.5).all()
    assert not full["y"].equals(make(KIND[name], seed=1)[0]["y"])


def squares(name: str) -> np.ndarray:
    """Sums of squared half effects by number of factors, over all but the mean."""
    table = made(KIND[name])
    by_order = np.bincount(np.bitwise_count(np.arange(256)), walsh_transform(table.full.means) ** 2 / 256**2)
    return np.asarray(by_order[1:])


def test_artificial_tables_break_what_they_say() -> None:
    assert squares("xor")[1] > 2 * squares("xor")[0]
    dense = made(KIND["dense"])
    pairs = np.bitwise_count(np.arange(256)) == 2
    assert (np.abs(dense.full.half_effects[pairs]) > dense.truth.std_error).mean() > 0.8
    stray = made(KIND["no heredity"])
    inert = (np.arange(256) & 0b111) == 0
    parts = stray.full.half_effects**2 * (np.bitwise_count(np.arange(256)) > 1)
    assert parts[inert].sum() > 0.9 * parts.sum()
    floor = made(KIND["saturating floor"]).full.values
    assert 0.2 < (np.abs(floor - np.log(10.0)) < 0.03).mean() < 0.7
    assert floor.max() < np.log(10.0) + 0.05
    nothing = made(KIND["all zero"]).truth
    assert (nothing.size < 3.5 * nothing.std_error).all()


def test_verdicts_say_when_the_studies_are_too_few() -> None:
    assert judge(0.96, 0.004, 0.95, at_least=True) is Verdict.MET
    assert judge(0.96, 0.006, 0.95, at_least=True) is Verdict.UNSURE
    assert judge(0.94, 0.004, 0.95, at_least=True) is Verdict.NOT_MET
    assert judge(0.94, 0.006, 0.95, at_least=True) is Verdict.UNSURE
    assert judge(0.03, 0.004, 0.05, at_least=False) is Verdict.MET
    assert judge(0.09, 0.004, 0.05, at_least=False) is Verdict.NOT_MET
    assert judge(0.09, 0.004, 0.05, at_least=False, chance=0.09) is Verdict.UNSURE
    assert judge(float("nan"), 0.1, 0.05, at_least=True) is Verdict.NONE
    found = [Finding(verdict) for verdict in (Verdict.MET, Verdict.UNSURE, Verdict.NONE)]
    assert overall(found) is Verdict.UNSURE
    assert overall([*found, Finding(Verdict.NOT_MET)]) is Verdict.NOT_MET
    assert overall([Finding(Verdict.NONE)]) is Verdict.NONE


def test_the_first_three_are_held_against_the_ceiling() -> None:
    first = goal("first three right, 24")
    assert find(first, table_rows()).verdict is Verdict.MET
    assert find(first, table_rows()).value == pytest.approx(-0.02)
    assert find(first, table_rows(p_top3=0.8)).verdict is Verdict.NOT_MET
    assert find(first, table_rows().assign(role="artificial")).verdict is Verdict.NONE
    assert share_above(table_rows(), 24) == (0, 1)
    assert share_above(table_rows(p_top3=0.95), 24) == (1, 1)


def test_a_miss_tells_what_noise_allows() -> None:
    rows = table_rows(top3_capture=0.9, top3_capture_error=0.01)
    rows.loc[rows["design"] == CEILING, "top3_capture"] = 0.951
    known = results.Results(rows, pd.DataFrame(columns=list(results.CLAIMS)))
    told = page.goals_section(known, NOTHING)
    assert "- capture, 24 trials, some: pb12..24, alias-aware, 0.9 ± 0.01 (noise alone: 0.951).\n" in told + "\n"
    wide = rows.assign(estimator=["", ANALYZE], design=[CEILING, "pb12..32"], width_simultaneous=5.0)
    missed = results.Results(wide.assign(width_simultaneous_error=0.1), known.calibration)
    alone = pd.DataFrame([{"table": "some", "design": ALONE, "trials": 32, "width_simultaneous": 4.5}])
    line = "- simultaneous width, 32 trials, 8 factors, some: pb12..32, analyze, 5 ± 0.1"
    assert f"{line} (noise alone: 4.5)." in page.goals_section(missed, alone)
    assert f"{line}." in page.goals_section(missed, alone.assign(table="other"))


def test_claims_of_pairs_are_counted_together() -> None:
    looks = ("pb12..24", "pb12..28", "pb12..20")
    rows = pd.concat(
        table_rows(calibration_error_error=0.02).iloc[1:].assign(design=design, trials=float(design[-2:]))
        for design in looks
    )
    claims = pd.DataFrame(
        [
            # Too sure by .1 in one design and unsure by .1 in the other; a look before 24 trials does not count.
            {"design": "pb12..24", "low": 0.6, "claims": 100, "claimed": 0.62, "right": 0.52},
            {"design": "pb12..28", "low": 0.6, "claims": 100, "claimed": 0.62, "right": 0.72},
            {"design": "pb12..28", "low": 0.9, "claims": 200, "claimed": 0.92, "right": 1.0},
            {"design": "pb12..20", "low": 0.9, "claims": 900, "claimed": 0.92, "right": 0.0},
        ]
    ).assign(table="some", estimator=AWARE, about="pair")
    both = results.Results(rows, claims.reindex(columns=list(results.CLAIMS)))
    found = pairs_together(both)
    assert found["value"].tolist() == pytest.approx([0.5 * 0.08])
    assert found["error"].tolist() == pytest.approx([0.02])
    assert "- 1 of 1 real tables: 0.040 ± 0.020 (some)\n" in pairs_told(both)
    assert "artificial" not in pairs_told(both)
    surer = claims.assign(estimator=ANALYZE, claimed=claims["right"] - 0.06)
    worse = results.Results(pd.concat([rows, rows.assign(estimator=ANALYZE)]), pd.concat([both.calibration, surer]))
    assert pairs_together(worse)["value"].tolist() == pytest.approx([0.06])
    assert "- 0 of 1 real tables: 0.060 ± 0.020 (some)\n" in pairs_told(worse)
    assert pairs_told(results.Results(rows, both.calibration.iloc[:0])) == ""


def test_the_page_tells_of_the_claims_of_pairs_what_was_recorded() -> None:
    recorded = results.read()
    found = pairs_together(recorded)
    assert pairs_told(recorded) in (page.DOCS / "validation.md").read_text(encoding="utf-8")
    assert sorted(found["table"]) == sorted(set(recorded.rows["table"]))


def test_coverage_is_that_of_the_worst_design() -> None:
    rows = table_rows(coverage_simultaneous=0.99, coverage_simultaneous_error=0.005)
    bad = rows.iloc[1:].assign(design="frac16", coverage_simultaneous=0.7)
    found = find(goal("simultaneous coverage"), pd.concat([rows, bad]).assign(role="artificial"))
    assert (found.verdict, found.where) == (Verdict.NOT_MET, "frac16, alias-aware")


def test_many_small_samples_can_meet_a_goal_together() -> None:
    few = {"coverage_simultaneous": 1.0, "coverage_simultaneous_error": 0.04, "replays": 25.0}
    one = table_rows(**few)
    every = pd.concat([one, *(one.iloc[1:].assign(design=f"pb12..{n}") for n in (28, 32))])
    wanted = goal("simultaneous coverage")
    assert find(wanted, one).verdict is Verdict.UNSURE
    # Looks share their studies: more of them tell nothing more.
    assert find(wanted, every).verdict is Verdict.UNSURE
    many = one.iloc[1:].assign(design="frac16", coverage_simultaneous_error=0.002, replays=500.0)
    assert find(wanted, pd.concat([every, many])).verdict is Verdict.MET
    short = one.iloc[1:].assign(design="pb12", coverage_simultaneous=0.93)
    found = find(wanted, pd.concat([every, many, short]))
    assert (found.verdict, found.where) == (Verdict.UNSURE, "pb12, alias-aware")


def test_chance_alone_makes_a_calibration_error() -> None:
    (few, over), (many, over_many) = (chance_errors(np.full(count, 0.5), seed=1) for count in (10, 1000))
    # Of ten fair coins 8 or 2 in no more than 11 of 100 throws of all ten, 9 or 1 in no more than 3.
    assert few == pytest.approx(0.3)
    # The 98.75 % quantile of a normal share on either side.
    assert many == pytest.approx(2.24 * 0.5 / np.sqrt(1000), rel=0.15)
    # On one side the same share of throws is beyond a smaller error; and none is beyond 0 but by what is claimed.
    assert over == pytest.approx(0.3)
    assert over_many == pytest.approx(1.96 * 0.5 / np.sqrt(1000), rel=0.15)
    assert over_many < many
    assert chance_errors(np.zeros(10), seed=1) == (0.0, 0.0)
    assert np.isnan(chance_errors(np.array([np.nan]), seed=1)).all()


def test_an_error_of_settled_studies_is_of_those_alone() -> None:
    assert [studies_behind("p_top3", 50, 0.1), studies_behind("settled_right", 50, 0.1)] == [50, 5]
    assert studies_behind("settled_right", 50, float("nan")) == 0
    assert share_error(0.0, studies_behind("settled_right", 50, 0.02), "settled_right") == 1.0
    assert np.isnan(share_error(float("nan"), 0, "settled_right"))


def test_a_study_stops_at_its_first_sure_look() -> None:
    looked = [(1, 16, 0.5, 0), (1, 20, 0.95, 1), (1, 24, 0.99, 0), (2, 16, 0.2, 0), (2, 20, 0.3, 0), (2, 24, 0.4, 1)]
    studies = pd.DataFrame(looked, columns=["study", "trials", "claimed_top3", "top3"])
    others = ["top1", "top3_exact", "top3_capture", "kendall_tau", "coverage_marginal", "coverage_simultaneous"]
    row = stopped(studies.assign(**dict.fromkeys([*others, "width_marginal", "width_simultaneous"], 1.0)))
    assert (row["trials"], row["settled"], row["settled_right"], row["p_top3"]) == (22.0, 0.5, 1.0, 1.0)
    assert row["settled_right_error"] == 1.0


@pytest.fixture(scope="module")
def small() -> results.Results:
    table = made(KIND["xor"])
    nothing = results.read(Path("nowhere"))
    return nothing.put(table, measure(table, Budget(60, 3, 2, 2, 48), seed=3, jobs=1))


def test_every_part_is_measured(small: results.Results) -> None:
    rows = small.rows
    assert list(rows.columns) == list(results.COLUMNS)
    assert set(looks(48)) <= set(rows["design"])
    asked = rows[rows["estimator"] == "analyze"]["design"]
    assert set(asked) == {"pb12", "pb12+foldover", "frac16", "pb12..24", "pb12..32"}
    claims = rows[rows["estimator"].isin([AWARE, "analyze"]) & (rows["design"] != STOPPED)]
    assert claims[["coverage_simultaneous", "width_simultaneous", "calibration_error"]].notna().all(axis=None)
    assert (rows["design"] == STOPPED).sum() == 1
    assert not rows.duplicated(["design", "estimator", "trials"]).any()


def test_results_are_kept_to_the_digit(small: results.Results, tmp_path: Path) -> None:
    results.write(small, tmp_path)
    again = results.read(tmp_path)
    pd.testing.assert_frame_equal(again.rows, small.rows, rtol=1e-5, check_dtype=False)
    results.write(again, tmp_path)
    table = made(KIND["xor"])
    assert len(again.current([table]).rows) == len(small.rows)
    changed = results.Results(again.rows.assign(fingerprint="other"), again.calibration)
    assert changed.current([table]).rows.empty


def test_the_page_of_a_small_run(small: results.Results, tmp_path: Path) -> None:
    listed = read_list()
    told = page.write(small, listed, results.read_earlier(), NOTHING, tmp_path)
    assert (tmp_path / "validation.md").read_text(encoding="utf-8") == told
    for name in ("validation", "validation-claims"):
        first = (tmp_path / f"{name}.svg").read_bytes()
        page.write(small, listed, results.read_earlier(), NOTHING, tmp_path)
        assert (tmp_path / f"{name}.svg").read_bytes() == first
    assert "nan" not in told
    row = small.rows[(small.rows["design"] == "pb12+foldover") & (small.rows["estimator"] == "raw")].iloc[0]
    assert f"| pb12+foldover | raw | 60 | 24 | {row['p_top3']:.2f} ± " in told


def test_the_page_holds_all_versions_side_by_side(small: results.Results) -> None:
    listed, before = read_list(), small.rows.assign(width_simultaneous=6.25, factors=8)
    (name,) = set(small.rows["table"])
    # The second had another table.
    earlier = {"first.csv": before, "second.csv": before.assign(table="other")}
    freezes = (Freeze("abc", "a day"), Freeze("def", "another day"), Freeze("ghi", "a third"))
    told = page.text(small, dataclasses.replace(listed, freezes=freezes), earlier, NOTHING)
    assert [f"| {name} | {version} | " in told for version in (1, 2, 3)] == [True, False, True]
    assert "Version 3 of the method was frozen on a third, at commit `ghi`." in told
    assert "[first.csv](../analysis/validation/first.csv), [second.csv](" in told
    assert page.NEXT not in told
    twice = page.text(small, dataclasses.replace(listed, freezes=freezes[:2]), earlier, NOTHING)
    assert [f"| {name} | {version} | " in twice for version in (1, 2, 3)] == [True, True, False]
    assert "second.csv" not in twice
    once = page.text(small, dataclasses.replace(listed, freezes=freezes[:1]), earlier, NOTHING)
    assert f"| {name} | 1 | " not in once


def test_the_page_tells_the_recorded_results() -> None:
    tables = all_tables(read_list())
    known = results.read()
    assert page.text(known.current(tables), read_list(), results.read_earlier(), results.read_alone(tables)) == (
        page.DOCS / "validation.md"
    ).read_text(encoding="utf-8")


def test_a_run_writes_what_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "budget_of", lambda _: Budget(2, 2, 2, 2, 16))
    secret = Listed("nowhere_yet", "accuracy", "maximize", "locked", freeze=1)
    monkeypatch.setattr(run, "read_list", lambda: TableList((Freeze(""),), (secret,)))
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path)]
    assert run.main(["all zero", *folders, "--jobs", "1"]) == 0
    printed = capsys.readouterr()
    assert printed.out.rstrip("\n") in (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "nowhere_yet: locked until the freeze, left out" in printed.err
    first = (tmp_path / "results.csv").read_bytes()
    assert run.main(["all zero", *folders, "--jobs", "1"]) == 0
    assert (tmp_path / "results.csv").read_bytes() == first
    assert run.main(["--page", *folders]) == 0
    assert (tmp_path / "results.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "is no table"),
        (["--again", "x"], "is no table"),
        (["--share", "0"], "--share"),
        (["--docs", __file__], "--docs: there is no folder"),
    ],
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_recorded_and_artificial_tables_are_computed_apart(
    small: results.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [dataclasses.replace(made(KIND["xor"]), name="mine", role="development"), made(KIND["xor"])]
    monkeypatch.setattr(run, "all_tables", lambda *_: tables)
    monkeypatch.setattr(run, "measure", lambda *_: Measured(small.rows, small.calibration))
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path), "--jobs", "1"]
    assert run.main(folders) == 0
    assert set(results.read(tmp_path).rows["table"]) == {"mine"}
    assert run.main(["--artificial", *folders]) == 0
    # What was found of the recorded ones is kept.
    assert list(results.read(tmp_path).rows["table"].unique()) == ["mine", "xor"]


def test_a_share_of_a_budget_keeps_two_studies() -> None:
    budget = budget_of(made(KIND["xor"]))
    assert budget.times(0.0001) == Budget(2, 2, 2, 2, budget.last)
    assert budget.times(2.0).raw == 2 * budget.raw


@pytest.mark.parametrize("role", run.ONCE)
def test_a_table_that_is_or_was_locked_is_computed_once(
    role: str,
    small: results.Results,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = dataclasses.replace(made(KIND["xor"]), name="secret", role=role)
    monkeypatch.setattr(run, "all_tables", lambda *_: [secret])
    # What is found differs with the seed, as it does when really computed.
    monkeypatch.setattr(
        run, "measure", lambda _, __, seed, ___: Measured(small.rows.assign(p_top1=seed), small.calibration)
    )
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path), "--jobs", "1"]
    assert run.main(folders) == 0
    first = (tmp_path / "results.csv").read_bytes()
    capsys.readouterr()
    assert run.main([*folders, "--seed", "1"]) == 0
    assert f"secret: {role}, and computed once: kept" in capsys.readouterr().err
    assert (tmp_path / "results.csv").read_bytes() == first
    assert run.main([*folders, "--seed", "1", "--again", "secret"]) == 0
    assert (tmp_path / "results.csv").read_bytes() != first
