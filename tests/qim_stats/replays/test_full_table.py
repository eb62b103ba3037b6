"""The full table: cells, Walsh transform, noise and truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.replays.full_table import FullTable, cell_numbers, full_table, settings, walsh_transform
from qim_stats.replays.noise import read_replicates, table_noise
from qim_stats.replays.truth import truth_of

Full = Callable[..., pd.DataFrame]


def read(frame: pd.DataFrame, **options: object) -> FullTable:
    return full_table(qs.read_trials(frame, response="y", direction="maximize", **options))  # type: ignore[arg-type]


def test_cells_and_settings_are_inverse() -> None:
    cells = np.arange(32)
    x = settings(cells, 5)
    assert cell_numbers(x).tolist() == cells.tolist()
    assert x[1].tolist() == [1, -1, -1, -1, -1]


def test_walsh_transform_is_the_sum_over_signs() -> None:
    y = np.random.Generator(np.random.PCG64(1)).normal(size=16)
    x = settings(np.arange(16), 4).astype(float)
    found = walsh_transform(y)
    assert found[0] == pytest.approx(y.sum())
    assert found[0b0100] == pytest.approx(x[:, 2] @ y)
    assert found[0b1011] == pytest.approx((x[:, 0] * x[:, 1] * x[:, 3]) @ y)


def test_effects_are_high_minus_low_whatever_the_order_of_rows(full: Full, effects: dict[str, float]) -> None:
    table = read(full(interaction=0.7).sample(frac=1.0, random_state=1))
    assert table.names == list(effects)
    assert table.main_effects == pytest.approx(list(effects.values()))
    assert 2.0 * table.half_effects[0b11] == pytest.approx(0.7)


def test_effects_are_those_of_validate(recorded: Path) -> None:
    analysis = qs.analyze(recorded)
    table = full_table(analysis.trials)
    truth = qs.validate(analysis, analysis).truth.set_index("factor")["effect"]
    assert dict(zip(table.names, table.main_effects, strict=True)) == pytest.approx(truth.to_dict())


def test_replicates_of_a_cell_are_averaged_for_the_truth(full: Full, effects: dict[str, float]) -> None:
    frame = full(replicates=3)
    frame["y"] += frame["replicate"] - 2.0
    unequal = pd.concat([frame, frame[frame["lr"] == 2]], ignore_index=True).drop(columns=["run", "replicate"])
    unequal["run"] = np.arange(len(unequal))
    assert read(unequal).main_effects == pytest.approx(list(effects.values()))


def test_noise_of_replicates_is_the_pooled_deviation(full: Full) -> None:
    frame = full(noise=0.5, replicates=3)
    noise = table_noise(read(frame))
    names = ["lr", "wd", "bs", "act", "drop"]
    assert noise.sd == pytest.approx(np.sqrt(frame.groupby(names)["y"].var().mean()))
    assert noise.df == 64
    assert noise.deviations is not None
    assert np.sqrt(np.mean(noise.deviations**2)) == pytest.approx(noise.sd)
    drawn = noise.draw((50_000,), np.random.Generator(np.random.PCG64(0)))
    assert drawn.std() == pytest.approx(noise.sd, rel=0.02)


def test_copies_and_too_few_repeats_say_nothing_of_the_noise(full: Full) -> None:
    frame = full(noise=0.5)
    told = "16 interactions of 3 factors or more, taken for noise"
    copies = pd.concat([frame, frame.head(10)], ignore_index=True).drop(columns=["run", "replicate"], errors="ignore")
    few = pd.concat([frame, frame.head(3).assign(y=lambda own: own["y"] + 0.1)], ignore_index=True)
    few = few.drop(columns=["run", "replicate"], errors="ignore")
    for table in (copies, few):
        noise = table_noise(read(table))
        assert (noise.source, noise.df) == (told, 16)
        assert noise.sd > 0.1
    more = pd.concat([frame, frame.head(4).assign(y=lambda own: own["y"] + 0.1)], ignore_index=True)
    enough = table_noise(read(more.drop(columns=["run", "replicate"], errors="ignore")))
    assert (enough.source, enough.df) == ("trials of one combination in the table itself", 4)


def test_noise_without_replicates_is_that_of_interactions_of_many_factors(full: Full) -> None:
    quiet, loud = (table_noise(read(full(noise=sd, interaction=3.0))) for sd in (0.0, 0.5))
    assert quiet.sd == 0.0
    assert loud.sd == pytest.approx(0.5, rel=0.4)
    assert loud.df == 10 + 5 + 1
    assert loud.source == "16 interactions of 3 factors or more, taken for noise"


def test_a_table_of_two_factors_needs_replicates(full: Full) -> None:
    small = full().query("bs == 1 and act == 1 and drop == 1").drop(columns=["bs", "act", "drop"])
    with pytest.raises(qs.TrialsError, match="says nothing of the noise; give --replicates or --noise"):
        table_noise(read(small))


def test_standard_errors_are_those_of_the_definition(full: Full) -> None:
    table = read(full(noise=0.5, replicates=2))
    noise = table_noise(table)
    truth = truth_of(table, noise)
    assert truth.std_error == pytest.approx(2.0 * noise.sd / np.sqrt(64))
    assert truth.margin == pytest.approx(1.5 * np.sqrt(2.0) * truth.std_error)


def test_ranks_that_ties_allow(full: Full) -> None:
    frame = full()
    table = read(frame)
    truth = truth_of(table, table_noise(table))
    assert truth.ranks.tolist() == [1, 2, 3, 4, 5]
    assert truth.lowest.tolist() == truth.highest.tolist() == [1, 2, 3, 4, 5]
    wide = type(truth)(truth.effects, 0.1)  # within 0.212 of each other is a tie
    assert wide.lowest.tolist() == [1, 1, 2, 4, 4]
    assert wide.highest.tolist() == [2, 3, 3, 5, 5]


def test_a_table_that_is_not_full_names_what_is_missing(full: Full) -> None:
    with pytest.raises(qs.TrialsError, match=r"2 of 32 combinations have no usable trial, \(lr = 1, wd = 1.*first$"):
        read(full().iloc[2:])
    diverged = full().assign(state="done")
    diverged.loc[5, "state"] = "diverged"
    diverged.loc[5, "y"] = np.nan
    with pytest.raises(qs.TrialsError, match="score the diverged trials with --diverged-as"):
        read(diverged)
    assert read(diverged, diverged_as=0.0).cells == 32


def test_center_points_are_refused(full: Full) -> None:
    frame = full()
    centre = frame.iloc[:1].assign(lr=1.5, wd=1.5, bs=1.5, act=1.5, drop=1.5)
    with pytest.raises(qs.TrialsError, match="center points"):
        read(pd.concat([frame, centre], ignore_index=True), factors=[qs.Factor(n, 1, 2) for n in frame.columns[2:7]])


def test_replicates_of_other_factors_are_refused(full: Full, tmp_path: Path) -> None:
    table = read(full())
    some = full(noise=0.1, replicates=4).groupby("run").head(4).query("run in (1, 2, 3)")
    some.to_csv(tmp_path / "r.csv", index=False)
    # Three settings of four trials each, and the full table's own trial of each.
    found = read_replicates(tmp_path / "r.csv", table)
    assert found.df == 12
    own = full().query("run in (1, 2, 3)")
    assert found.sd == pytest.approx(np.sqrt(pd.concat([some, own]).groupby("run")["y"].var().mean()))
    # Given there as well, it counts once.
    assert read_replicates(pd.concat([some, own]), table).sd == pytest.approx(found.sd)
    assert read_replicates(some, table).sd == read_replicates(tmp_path / "r.csv", table).sd
    with pytest.raises(qs.TrialsError, match="the factors differ: 'lr' only in the full table"):
        read_replicates(some.drop(columns="lr"), table)
    with pytest.raises(qs.TrialsError, match="the factors differ: 'extra' only in the replicates"):
        read_replicates(some.assign(extra=[1, 2] * 6), table)
    with pytest.raises(qs.TrialsError, match="the level 7 of factor 'lr' is neither its low 1 nor its high 2"):
        read_replicates(some.replace({"lr": {1: 7}}), table)
    with pytest.raises(qs.TrialsError, match="no combination of levels has two trials"):
        read_replicates(own, table)
    with pytest.raises(qs.TrialsError, match="there is no response column 'y'"):
        read_replicates(some.drop(columns="y"), table)
