"""Scores, trials to truth, and what is kept between runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from peers import answers, cache, page
from peers.comparison import MEASURES, budgets_of, pooled, studies, summary
from peers.methods import METHODS
from peers.tables import ANALYSIS, PeerTable, load
from peers.trials_to_truth import trials_to_truth

RAW = next(method for method in METHODS if method.name == "PB, raw contrasts (QIM)")


@pytest.fixture(scope="module")
def lenet() -> PeerTable:
    return load(ANALYSIS / "lenet_fashion" / "full.csv")


def shares(*top3: float, n: int = 10_000) -> pd.DataFrame:
    budgets = [8 * 2**i for i in range(len(top3))]
    return pd.DataFrame({"budget": budgets, "trials": budgets, "studies": n, "top3": top3})


@pytest.mark.parametrize(
    ("top3", "text"),
    [
        ((0.2, 0.9, 0.95), "16"),
        ((0.9, 0.5, 0.95), "32"),
        ((0.2, 0.9, 0.5), "> 32"),
        ((0.9, 0.95, 1.0), "8"),
        ((0.2, 0.851, 0.95), "~ 16"),
        ((0.2, 0.849, 0.95), "~ 32"),
        ((0.2, 0.5, 0.849), "~ > 32"),
    ],
)
def test_trials_to_truth_is_where_the_share_stays_high(top3: tuple[float, ...], text: str) -> None:
    assert str(trials_to_truth(shares(*top3))) == text


def test_a_share_of_one_in_few_studies_is_not_sure() -> None:
    assert str(trials_to_truth(shares(0.0, 1.0, n=4))) == "~ 16"
    assert str(trials_to_truth(shares(0.0, 1.0, n=400))) == "16"
    assert trials_to_truth(shares()) is None


def test_a_design_that_two_budgets_allow_is_asked_once() -> None:
    rows = shares(0.9, 0.8, 1.0).assign(trials=[8, 8, 32], studies=[300, 100, 100])
    # .875 of 400 studies together: neither of the two by itself counts.
    assert str(trials_to_truth(rows)) == "~ 8"
    assert str(trials_to_truth(rows.assign(studies=[100, 300, 100]))) == "~ 32"
    assert str(trials_to_truth(rows.assign(trials=[8, 16, 32]))) == "~ 32"


def test_studies_are_those_of_their_numbers(lenet: PeerTable) -> None:
    whole = studies(lenet, RAW.name, range(6), seed=3)
    parts = [studies(lenet, RAW.name, part, seed=3) for part in (range(4), range(4, 6))]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))
    # A Plackett-Burman design of eight factors has twelve runs at least.
    assert set(whole["budget"]) == set(budgets_of(lenet)) - {8}
    assert (whole["trials"] == whole["budget"]).all()


def test_summaries_of_parts_make_that_of_the_whole(lenet: PeerTable) -> None:
    found = studies(lenet, RAW.name, range(9), seed=3).assign(number=np.repeat(range(9), 8))
    first, second = (summary(part.drop(columns="number")) for _, part in found.groupby(found["number"] < 5))
    pd.testing.assert_frame_equal(pooled(first, second), summary(found.drop(columns="number")), rtol=1e-9)


def test_raw_contrasts_of_plackett_and_burman_do_as_the_replays_say(lenet: PeerTable) -> None:
    """Against the replay engine's own: another implementation of design, lookup and estimate."""
    from qim_stats.replays.designs import plans
    from qim_stats.replays.estimators import raw
    from qim_stats.replays.measures import score_studies
    from qim_stats.replays.virtual import run_studies

    ours = summary(studies(lenet, RAW.name, range(400), seed=1)).set_index("budget")
    rng = np.random.Generator(np.random.PCG64(2))
    run = run_studies(plans(["pb12"], lenet.full.k)[0], lenet.lookup.world, 4000, rng)[0][0]
    theirs = score_studies(raw(run.x.astype(np.float64), run.y), lenet.truth, rng)
    for measure in MEASURES:
        error = float(ours[f"{measure}_error"].loc[12]) * np.sqrt(1.1)
        assert abs(float(ours[measure].loc[12]) - theirs[measure].mean()) < 4 * error


def test_rows_are_kept_until_the_table_changes(lenet: PeerTable, tmp_path: Path) -> None:
    file = tmp_path / "comparison.csv"
    assert cache.read(file).empty
    found = summary(studies(lenet, RAW.name, range(4), seed=0))
    cache.write(cache.put(cache.read(file), found, lenet, RAW, seed=0), file)
    rows = cache.read(file)
    known = cache.there(rows, lenet, RAW, seed=0)
    pd.testing.assert_frame_equal(known[found.columns].reset_index(drop=True), found, rtol=1e-8, check_dtype=False)
    assert cache.there(rows, lenet, RAW, seed=1).empty
    assert cache.there(rows.assign(fingerprint="another"), lenet, RAW, seed=0).empty
    assert cache.is_stale(rows.assign(version="qim-stats 0.0.1"), lenet, RAW)
    assert not cache.is_stale(rows, lenet, RAW)
    again = cache.put(rows, found, lenet, RAW, seed=0)
    assert len(again) == len(rows)


def test_rows_of_another_version_of_the_method_are_told() -> None:
    recorded, ours = cache.read(), next(method for method in METHODS if method.changes)
    now = recorded[recorded["method"] == ours.name]
    assert page._earlier(now) == ""
    first = now.assign(version=now["version"].where(now["table"] != "lenet_mnist", "qim-stats 0.1.0 12345678"))
    told = " ".join(page._earlier(first).split())
    assert f"now `{answers.fingerprint()}`. On lenet_mnist some of their rows here have another mark" in told


def test_the_recorded_rows_are_of_the_version_that_is_here() -> None:
    recorded = cache.read()
    for ours in (method for method in METHODS if method.changes):
        assert set(recorded.loc[recorded["method"] == ours.name, "version"]) == {cache.versions_of(ours)}


def test_the_mark_of_the_method_changes_with_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = answers.alias_aware
    monkeypatch.setattr(answers, "alias_aware", lambda x, y: whole(x, 1.01 * y))
    assert answers.fingerprint.__wrapped__() != answers.fingerprint()
