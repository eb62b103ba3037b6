"""Choosing runs: what is chosen, what the rows say, and what does not change the answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qim_stats as qs
from qim_stats.errors import DesignError, QimError, TrialsError
from qim_stats.followup import FollowUp, augment
from qim_stats.followup.options import METHODS
from qim_stats.terminal.followup import follow_up_text
from qim_stats.trials import read_trials

Study = Callable[..., pd.DataFrame]


def ask(trials: pd.DataFrame | Path, **options: Any) -> FollowUp:
    """Augment a study whose response is y."""
    return augment(trials, response="y", direction="maximize", **options)


def test_every_option_is_there_with_its_gain_or_the_reason(study: Study) -> None:
    found = ask(study(6), runs=12)
    table = found.options.set_index("method")
    assert list(table.index) == list(METHODS)
    assert "takes 6 runs" in str(table["words"]["semifold"])
    assert np.isnan(table["after"]["semifold"])
    had = table[table["after"].notna()]
    assert set(had.index) == set(METHODS) - {"semifold"}
    assert (had["gain"] == had["after"] - found.now).all()
    assert ((had["p_settled"] >= 0) & (had["p_settled"] <= 1)).all()
    best = had["after"].max()
    close = had[had["behind"] <= 2 * had["behind_error"]]
    assert close.index[0] == found.chosen
    assert had["behind"].to_numpy() == pytest.approx((best - had["after"]).to_numpy())


def test_a_foldover_is_the_mirror_and_a_block_of_its_own(study: Study) -> None:
    old = study(6)
    found = ask(old, runs=12, method="foldover")
    names = [f"x{i}" for i in range(6)]
    mirrored = 10 - old[names]
    assert sorted(map(tuple, found.runs[names].to_numpy().tolist())) == sorted(map(tuple, mirrored.to_numpy().tolist()))
    assert set(found.runs["block"]) == {2}
    assert found.runs["order"].tolist() == list(range(13, 25))
    assert sorted(found.runs["run"]) == list(range(13, 25))
    assert found.runs["y"].isna().all()
    # Spare columns go on in the foldover.
    assert set(found.runs["e1"]) == {-1, 1}
    assert list(found.runs.columns) == list(old.columns)


def test_replicates_go_on_counting_and_have_new_seeds(study: Study) -> None:
    old = study(4).assign(seed=range(1, 13))
    found = ask(old, runs=5, method="replicates")
    assert set(found.runs["run"]) <= set(old["run"])
    assert (found.runs["replicate"] >= 2).all()
    assert not found.runs.duplicated(["run", "replicate"]).any()
    seeds = found.runs["seed"].tolist()
    assert len({*seeds, *old["seed"]}) == 17
    assert all(1 <= seed < 2**31 for seed in seeds)


def test_chosen_runs_are_new_and_distinct(study: Study) -> None:
    old = study(5)
    found = ask(old, runs=6, method="posterior")
    names = [f"x{i}" for i in range(5)]
    both = pd.concat([old, found.runs])[names]
    assert not both.duplicated().any()


def test_a_table_without_bookkeeping_gets_it_in_the_joined_table(study: Study) -> None:
    old = study(4)[["x0", "x1", "x2", "x3", "y"]]
    found = ask(old, runs=4, method="replicates")
    joined = found.joined
    assert list(joined.columns)[:4] == ["run", "replicate", "block", "order"]
    assert joined["state"].tolist() == ["done"] * 12 + ["pending"] * 4
    assert joined["block"].tolist() == [1] * 12 + [2] * 4
    # A Plackett-Burman design of four factors repeats some settings: these are replicates of one run.
    assert not joined.duplicated(["run", "replicate"]).any()
    assert joined.groupby("run")[["x0", "x1", "x2", "x3"]].nunique().max().max() == 1


def test_the_joined_table_is_analyzed_with_its_new_block_and_its_levels(study: Study, tmp_path: Path) -> None:
    old = study(5).assign(x4=lambda t: t["x4"].map({0: "relu", 10: "elu"}))
    trials = tmp_path / "trials.csv"
    old.to_csv(trials, index=False)
    found = ask(trials, runs=12, method="foldover", high={"x4": "relu"})
    found.to_csv(tmp_path / "next.csv", joined=tmp_path / "all.csv")
    joined = pd.read_csv(tmp_path / "all.csv")
    pending = joined["state"] == "pending"
    joined.loc[pending, "y"] = np.arange(12.0)
    joined["state"] = "done"
    joined.to_csv(tmp_path / "all.csv", index=False)
    read = read_trials(tmp_path / "all.csv")
    assert read.block == "block"
    assert read.n == 24
    assert [f.high for f in read.factors if f.name == "x4"] == ["relu"]
    assert read.metadata is not None
    assert read.metadata.design["stages"] == 2
    assert any(term == "block" or term.startswith("block") for term in qs.analyze(tmp_path / "all.csv").terms["term"])
    third = augment(tmp_path / "all.csv", runs=4, method="replicates")
    assert third.metadata["design"]["stages"] == 3
    assert set(third.runs["block"]) == {3}


def test_files_are_never_overwritten(study: Study, tmp_path: Path) -> None:
    found = ask(study(4), runs=4, method="replicates")
    (tmp_path / "all.csv").write_text("measured")
    with pytest.raises(DesignError, match="is there already"):
        found.to_csv(tmp_path / "next.csv", joined=tmp_path / "all.csv")
    assert not (tmp_path / "next.csv").exists()
    found.to_csv(tmp_path / "next.csv")
    found.to_csv(tmp_path / "next.csv")


def test_pending_rows_are_told_and_their_settings_count_as_run(study: Study) -> None:
    old = study(4).assign(state="done")
    old.loc[11, "state"] = "pending"
    old.loc[11, "y"] = np.nan
    found = ask(old, runs=3, method="posterior")
    assert [a.code for a in found.alerts].count("pending_runs") == 1
    names = ["x0", "x1", "x2", "x3"]
    assert tuple(old.loc[11, names]) not in set(map(tuple, found.runs[names].to_numpy().tolist()))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"runs": 0}, "0 runs cannot be added"),
        ({"runs": 1}, "one run in a block of its own"),
        ({"runs": 8, "method": "foldover"}, "a full foldover takes 12 runs"),
        ({"runs": 8, "method": "semifold"}, "a semifold takes 6 runs"),
        ({"runs": 60, "method": "posterior"}, "only 52 settings are left"),
        ({"runs": 8, "method": "best"}, "'best' is not a method"),
        ({"runs": 8, "probability": 0.4}, "0.4 is no probability"),
        ({"runs": 8, "seed": -1}, "the seed -1 is negative"),
        ({"runs": 8, "goal": "pair:x0,y0"}, "unknown factor 'y0'"),
    ],
)
def test_mistakes_are_one_line(study: Study, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(QimError) as caught:
        ask(study(6), **options)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_response_that_only_blocks_change_is_refused(study: Study) -> None:
    old = study(4).assign(block=[1] * 6 + [2] * 6)
    with pytest.raises(TrialsError, match="does not vary between the trials of a block"):
        ask(old.assign(y=old["block"] * 1.0), runs=4)


def key(found: FollowUp, names: dict[str, str], flipped: set[str]) -> set[tuple[tuple[str, float], ...]]:
    """Return the chosen settings in the names and levels of the first study."""
    rows = found.runs.to_dict("records")
    return {
        tuple(sorted((old, 10 - row[new] if old in flipped else row[new]) for old, new in names.items()))
        for row in rows
    }


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_names_and_levels_do_not_matter(study: Study, data: st.DataObject) -> None:
    old = study(4).drop(columns=["order", *(f"e{i}" for i in range(1, 8))])
    columns = ["x0", "x1", "x2", "x3"]
    first = ask(old, runs=4, seed=2)
    rows = data.draw(st.permutations(range(12)))
    order = data.draw(st.permutations(columns))
    flipped = set(data.draw(st.lists(st.sampled_from(columns), unique=True)))
    names = dict(zip(order, ["p", "q", "r", "s"], strict=True))
    changed = old.assign(**{name: 10 - old[name] for name in flipped}, y=5.0 * old["y"] - 3.0)
    changed = changed.rename(columns=names)[["run", "replicate", "block", "p", "q", "r", "s", "y"]].iloc[list(rows)]
    second = ask(changed, runs=4, seed=2)
    assert second.chosen == first.chosen
    assert key(second, names, flipped) == key(first, {name: name for name in columns}, set())
    assert second.options["after"].to_numpy() == pytest.approx(first.options["after"].to_numpy(), nan_ok=True)
    assert second.noise_sd == pytest.approx(5 * first.noise_sd)


def test_words_fit_a_terminal_and_json_has_no_nan(study: Study, tmp_path: Path) -> None:
    timed = study(4).assign(seconds=np.linspace(1, 3, 12))
    for goal in ("top-2", "order", "pair:x2,x3", "sign:x3"):
        found = ask(timed, runs=3, goal=goal)
        text = follow_up_text(found)
        assert max(map(len, text.splitlines())) <= 80
        assert "Noise alone" in text or "is settled" in text
        assert "seconds" in text
        found.to_json(tmp_path / "a.json")
        told = json.loads((tmp_path / "a.json").read_text(), parse_constant=pytest.fail)
        assert told["goal"]["goal"] == goal
        assert len(told["runs"]) == 3
        assert {row["method"] for row in told["options"]} == set(METHODS)


def test_a_tie_is_called_a_tie() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    x = np.array([[(i >> j) & 1 for j in range(3)] for i in range(8)] * 2) * 2.0 - 1
    y = x[:, 0] + x[:, 1] + 0.3 * rng.standard_normal(16)
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=y, replicate=[1] * 8 + [2] * 8)
    found = ask(table, runs=4, goal="pair:a,b")
    assert not found.settled_now
    assert "near a tie" in " ".join(found.words)
    clear = ask(table, runs=4, goal="pair:a,c")
    assert clear.settled_now
    assert "needs no further trials" in clear.words[0]


def test_a_foldover_with_repeated_settings_keeps_its_spare_columns_orthogonal(study: Study) -> None:
    old = study(4)
    found = ask(old, runs=12, method="foldover")
    names = [*(f"x{i}" for i in range(4)), *(f"e{i}" for i in range(1, 8))]
    both = pd.concat([old, found.runs])[names].astype(float)
    both[names[:4]] = both[names[:4]] / 5 - 1
    assert both.T.to_numpy() @ both.to_numpy() == pytest.approx(24 * np.eye(11))


def test_a_semifold_is_half_the_base_with_one_or_all_factors_changed(study: Study) -> None:
    old = study(6)
    found = ask(old, runs=6, method="semifold")
    names = [f"x{i}" for i in range(6)]
    words = found.options["words"][0]
    factor, _, rest = words.partition("the runs with '")[2].partition("' at ")
    half = old[old[factor] == float(rest.partition(",")[0])][names]
    assert len(half) == 6
    if "all levels changed" in rest:
        changed = 10 - half
    else:
        one = rest.partition("that of '")[2].partition("'")[0]
        changed = half.assign(**{one: 10 - half[one]})
    rows = found.runs[names].to_numpy().tolist()
    assert sorted(map(tuple, rows)) == sorted(map(tuple, changed.to_numpy().tolist()))


def test_factors_left_out_are_held_at_the_best_trial_and_fixed_texts_stay(study: Study, tmp_path: Path) -> None:
    old = study(5).assign(dataset="mnist")
    old.to_csv(tmp_path / "t.csv", index=False)
    ask(tmp_path / "t.csv", runs=3, method="replicates").to_csv(tmp_path / "t2.csv")
    (tmp_path / "t2.meta.json").rename(tmp_path / "t.meta.json")
    found = ask(tmp_path / "t.csv", runs=3, method="replicates", factors=["x0", "x1", "x2"])
    best = old.iloc[int(old["y"].argmax())]
    assert found.runs["x3"].tolist() == [best["x3"]] * 3
    assert found.runs["x4"].tolist() == [best["x4"]] * 3
    assert set(found.runs["dataset"]) == {"mnist"}
    assert [a.code for a in found.alerts].count("factors_held") == 1


def test_blocks_with_names_and_center_points_are_no_hindrance(study: Study) -> None:
    old = study(4).assign(block=["mon"] * 6 + ["tue"] * 6)
    old.loc[11, ["x0", "x1", "x2", "x3"]] = 5
    found = ask(old, runs=3, method="posterior")
    assert set(found.runs["block"]) == {"follow-up 1"}
    assert set(found.runs["x0"]) <= {0, 10}
