"""What noise alone leaves open: one who knows every interaction, and what the page says of such a one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from validation import noise_alone as script
from validation import page
from validation.goals import GOALS
from validation.knower import ALONE, ALONE_STOPPED, COLUMNS, LATER, LOOKS, informed, noise_alone
from validation.results import FOLDER, read, read_alone
from validation.tables import ARTIFICIAL, Validated, all_tables, read_list
from validation.work import AWARE, STOPPED

from qim_stats.replays.ceiling import noise_ceiling
from qim_stats.replays.measures import score_studies
from qim_stats.replays.truth import Truth

FIRST = next(goal for goal in GOALS if goal.name.startswith("calibration error of P(first"))


def table(name: str) -> Validated:
    return all_tables(read_list(), [name])[0]


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    return noise_alone(table("residual_cifar10"), studies=60, seed=1)


def test_every_look_is_measured(few: pd.DataFrame) -> None:
    assert list(few.columns) == list(COLUMNS)
    assert few["design"].tolist() == [ALONE] * len(LOOKS + LATER) + [ALONE_STOPPED]
    assert few["trials"].tolist()[:-1] == [*LOOKS, *LATER]
    assert few.drop(columns=["calibration_error", "overclaim_top3"]).iloc[:-1].notna().all(axis=None)


def test_more_trials_tell_more(few: pd.DataFrame) -> None:
    looks = few.iloc[:-1]
    assert looks["width_simultaneous"].is_monotonic_decreasing
    assert (looks["coverage_simultaneous"] >= 0.95 - 2 * looks["coverage_simultaneous_error"]).all()
    stopped = few.iloc[-1]
    assert LOOKS[0] < stopped["trials"] < LOOKS[-1]
    # Who may stop at any look is sure at some look at least as often as at the last.
    assert stopped["settled"] >= looks["settled"].iloc[len(LOOKS) - 1]


def test_the_first_three_are_right_as_often_as_at_the_ceiling() -> None:
    one = table("cifar10_quick")
    found = noise_alone(one, studies=400, seed=0).set_index(["design", "trials"])
    ceiling = noise_ceiling(one.world, one.truth, [24, 48], seed=0).set_index("trials")["p_top3"]
    for n in (24, 48):
        row = found.loc[ALONE, n]
        assert row["p_top3"] == pytest.approx(ceiling[n], abs=3 * row["p_top3_error"])


def test_claims_keep_their_word_where_every_size_is_as_likely() -> None:
    rng = np.random.default_rng(5)
    right, claimed, held = [], [], []
    for effects in rng.uniform(-30.0, 30.0, (600, 5)):
        truth = Truth(effects, std_error=0.0)
        measures = score_studies(informed(effects + 4.0 * rng.standard_normal((1, 5)), 4.0, rng), truth, rng)
        right.append(measures["top3_exact"][0])
        claimed.append(measures["claimed_top3"][0])
        held.append(measures["coverage_simultaneous"][0])
    assert np.mean(right) == pytest.approx(np.mean(claimed), abs=3 * np.std(right) / np.sqrt(600))
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 600)


def test_what_is_recorded_is_of_the_tables_that_are_here() -> None:
    tables = all_tables(read_list())
    alone = read_alone(tables)
    prints = alone.groupby("table")["fingerprint"].unique().map(list)
    assert prints.to_dict() == {one.name: [one.fingerprint] for one in tables}
    again = noise_alone(table("forest_fashion"), studies=int(alone["studies"].iloc[0]), seed=0)
    kept = alone[alone["table"] == "forest_fashion"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, again, rtol=1e-5, check_dtype=False)


def test_the_page_and_its_figures_tell_what_is_recorded() -> None:
    tables = all_tables(read_list())
    rows, alone = read().current(tables).rows, read_alone(tables)
    assert script.text(rows, alone) == (script.DOCS / "noise-alone.md").read_text(encoding="utf-8")
    for name, drawn in script.figures(rows, alone).items():
        assert drawn == (script.DOCS / f"noise-alone-{name}.svg").read_text(encoding="utf-8")


def test_what_is_said_of_the_misses_is_what_noise_alone_leaves() -> None:
    tables = all_tables(read_list())
    alone = read_alone(tables)
    said = " ".join(page.TRIED.split())
    real = alone[alone["table"].isin([one.name for one in tables if one.role != ARTIFICIAL])]
    trials = real[real["design"] == ALONE_STOPPED].set_index("table")["trials"]
    ties = trials[["lenet_fashion", "forest_fashion", "gradients_cifar10"]]
    assert f"needs {ties.min():.1f} to {ties.max():.1f} trials there too" in said
    assert set(trials.index[trials <= 32]) == {"mnist_pipeline", "residual_cifar10", "neighbours_mnist"}
    at = real[(real["design"] == ALONE) & (real["trials"] == 32)].set_index("table")["width_simultaneous"]
    eight = at[[one.name for one in tables if one.name in at.index and one.full.k == 8]]
    assert set(eight.index[eight > 4.0]) == {
        "diabetes_boosting",
        "cifar10_quick",
        "batchnorm_fashion",
        "inception_fashion",
    }
    assert FIRST.ceiling is not None
    errors = [FIRST.ceiling(own) for _, own in alone.groupby("table")]
    assert sum(error <= 0.05 for error in errors) == 2
    assert "the error is more than .05 on all but two" in said


def test_on_some_tables_the_method_settles_sooner_than_with_noise_alone() -> None:
    rows, known = read().rows, read_alone(all_tables(read_list()))
    ours = rows[(rows["design"] == STOPPED) & (rows["estimator"] == AWARE)].set_index("table")["trials"]
    alone = known[known["design"] == ALONE_STOPPED].set_index("table")["trials"]
    assert "no hard bound" in script.HEAD
    assert (ours < alone[ours.index]).any()


def test_a_run_writes_what_it_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = ["residual_cifar10", "diabetes_boosting", "mnist_pipeline"]
    monkeypatch.setattr(script, "all_tables", lambda _: all_tables(read_list(), recorded))
    for name in ("results.csv", "calibration.csv"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path)]
    assert script.main([*folders, "--studies", "20", "--jobs", "1"]) == 0
    told = (tmp_path / "noise-alone.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == told + "\n"
    first = (tmp_path / "noise_alone.csv").read_bytes()
    assert script.main([*folders, "--page"]) == 0
    assert (tmp_path / "noise-alone.md").read_text(encoding="utf-8") == told
    assert (tmp_path / "noise_alone.csv").read_bytes() == first


def test_a_page_that_nothing_is_known_for_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "all_tables", lambda _: all_tables(read_list(), ["residual_cifar10"]))
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path)]
    # What noise alone leaves is computed before the first results are.
    assert script.main([*folders, "--studies", "2", "--jobs", "1"]) == 0
    assert "results.csv tells of no table" in capsys.readouterr().err
    for name in ("results.csv", "calibration.csv"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    alone = pd.read_csv(tmp_path / "noise_alone.csv").assign(fingerprint="another")
    alone.to_csv(tmp_path / "noise_alone.csv", index=False)
    assert script.main([*folders, "--page"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "noise_alone.csv lacks residual_cifar10" in told.err
    assert not (tmp_path / "noise-alone.md").exists()


@pytest.mark.parametrize(
    ("words", "told"), [(["--studies", "1"], "--studies"), (["--docs", __file__], "--docs: there is")]
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
