"""Ranks, rank intervals and probabilities of being on top."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import qim_stats as qs
from qim_stats.ranks.intervals import EffectUncertainty, rank_intervals, sampled_ranks
from qim_stats.ranks.ranking import Ranking, rank_study, ranks
from qim_stats.screening.lenth_null import NoiseScale, pseudo_standard_error


def known(effects: list[float], se: float = 1.0, df: float = 4.0, scale: NoiseScale | None = None) -> EffectUncertainty:
    return EffectUncertainty(np.array(effects), se**2 * np.eye(len(effects)), df, scale)


@given(st.lists(st.integers(-10, 10), min_size=1, max_size=12))
def test_ranks_are_competition_ranks_of_the_size(effects: list[int]) -> None:
    expected = stats.rankdata([-abs(e) for e in effects], method="min")
    assert ranks(np.array(effects) / 7.0).tolist() == expected.tolist()


def test_equal_effects_share_the_better_rank() -> None:
    assert ranks(np.array([1.0, -3.0, 3.0 * (1 + 1e-13), 2.0])).tolist() == [4, 1, 1, 3]


def test_far_apart_effects_are_ordered_and_close_ones_are_not() -> None:
    found = rank_intervals(known([100.0, -50.0, 1.0, 1.1], df=20.0), confidence=0.95, seed=0)
    assert found.low.tolist() == [1, 2, 3, 3]
    assert found.high.tolist() == [1, 2, 4, 4]


def test_equal_size_and_opposite_sign_is_a_tie() -> None:
    # |a| = |b| with a = -b: a - b is far from zero, a + b is zero, so there is no claim.
    found = rank_intervals(known([50.0, -50.0], df=20.0), confidence=0.95, seed=0)
    assert not found.larger.any()


@pytest.mark.parametrize("scale", [None, NoiseScale(11)])
def test_null_data_are_almost_never_ordered(scale: NoiseScale | None) -> None:
    df = 4.0 if scale is None else scale.df
    rng = np.random.default_rng(8)
    ordered = 0
    studies = 1000
    for _ in range(studies):
        effects = rng.standard_normal(7)
        if scale is None:
            se = float(np.sqrt(rng.chisquare(df) / df))
        else:
            se = float(pseudo_standard_error(np.append(effects, rng.standard_normal(4))[None, :])[0])
        found = rank_intervals(known(effects.tolist(), se, df, scale), confidence=0.95, seed=0)
        ordered += bool(found.larger.any())
    assert ordered <= studies * 0.05 + 2 * np.sqrt(studies * 0.05 * 0.95)


def test_intervals_hold_the_true_ranks_of_sparse_effects() -> None:
    rng = np.random.default_rng(5)
    truth = np.array([6.0, -4.0, 2.0, 0.5, 0.2, 0.1])
    true_ranks = ranks(truth)
    held = 0
    studies = 1000
    for _ in range(studies):
        se = float(np.sqrt(rng.chisquare(5) / 5))
        found = rank_intervals(known((truth + rng.standard_normal(6)).tolist(), se, 5.0), confidence=0.95, seed=0)
        held += bool(((found.low <= true_ranks) & (true_ranks <= found.high)).all())
    assert held >= studies * 0.95 - 2 * np.sqrt(studies * 0.05 * 0.95)


def test_correlation_of_the_effects_is_used() -> None:
    # Two effects whose errors are nearly the same: their difference is known far better than each of them.
    together = EffectUncertainty(np.array([4.0, 3.0]), np.array([[1.0, 0.999], [0.999, 1.0]]), 50.0)
    assert rank_intervals(together, confidence=0.95, seed=0).low.tolist() == [1, 2]
    assert rank_intervals(known([4.0, 3.0], df=50.0), confidence=0.95, seed=0).low.tolist() == [1, 1]


def test_sampled_ranks_give_the_probabilities_of_being_on_top() -> None:
    drawn = sampled_ranks(known([10.0, -10.0, 0.1, 0.1, 0.1], df=30.0), seed=0)
    first, among_three = (drawn <= 1).mean(axis=0), (drawn <= 3).mean(axis=0)
    assert first.sum() == pytest.approx(1.0)
    assert among_three.sum() == pytest.approx(3.0)
    assert first[0] == pytest.approx(0.5, abs=0.02)
    assert among_three[:2] == pytest.approx([1.0, 1.0], abs=1e-3)
    assert among_three[2] == pytest.approx(1 / 3, abs=0.03)
    assert (sampled_ranks(known([1.0, 2.0]), seed=0) <= 3).all()


def test_one_factor_has_the_only_rank() -> None:
    frame = pd.DataFrame({"a": [-1, 1, -1, 1], "y": [1.0, 2.0, 1.5, 2.2]})
    row = qs.analyze(frame, response="y", direction="maximize").ranking().iloc[0]
    assert (row["rank"], row["rank_low"], row["rank_high"], row["tied_with"]) == (1, 1, 1, [])
    assert row["importance"] == pytest.approx(1.0)


def study(
    x: pd.DataFrame, y: np.ndarray[tuple[int], np.dtype[np.float64]], **options: object
) -> tuple[qs.Analysis, Ranking]:
    done = qs.analyze(x.assign(y=y), response="y", direction="maximize", **options)  # type: ignore[arg-type]
    factors = [f.name for f in done.trials.factors]
    found = rank_study(
        done.fit, done.error, done.tidy(), factors, confidence=0.95, seed=0, coded=done.trials.coded[factors]
    )
    return done, found


def screen(k: int, *, fold: bool = False) -> pd.DataFrame:
    design = qs.plackett_burman([qs.Factor(f"f{i}", -1, 1) for i in range(k)], runs=12, seed=0)
    x = design.coded[[f"f{i}" for i in range(k)]].astype(float)
    return pd.concat([x, -x], ignore_index=True) if fold else x


@pytest.mark.parametrize("fold", [False, True])
def test_intervals_are_those_with_interactions_allowed_for(fold: bool) -> None:
    x = screen(6, fold=fold)
    rng = np.random.default_rng(11)
    for _ in range(5):
        coded = x.to_numpy()
        y = coded @ rng.standard_normal(6) + coded[:, 0] * coded[:, 1] + 0.1 * rng.standard_normal(len(x))
        table = study(x, y)[1].table
        for _, row in table.iterrows():
            aware = row["alias_aware"]
            assert (row["rank_low"], row["rank_high"]) == (aware["rank_low"], aware["rank_high"])
            assert aware["rank_low"] <= aware["marginal_low"] <= aware["marginal_high"] <= aware["rank_high"]
            assert row["p_top"] == row["alias_aware"]["p_top"]
        sizes = [row["size"] for row in table["alias_aware"]]
        assert sizes == pytest.approx(sorted(sizes, reverse=True), abs=0.1)  # as far as simulation tells
        known = {row["factor"]: row for row in table.to_dict("records")}
        for row in known.values():
            for other in set(known) - {row["factor"], *row["tied_with"]}:
                first, second = sorted((row, known[other]), key=lambda one: one["rank"])
                both = second["factor"] not in first["sampling"]["tied_with"]
                assert both or first["rank_high"] < second["rank_low"]


def test_ranks_are_by_size_and_not_by_an_estimate_that_holds_interactions() -> None:
    x = screen(6, fold=False)
    coded = x.to_numpy()
    # What two factors do together is aliased in part with the other main effects, and hides much of that of f2.
    y = 5.0 * coded[:, 0] + 4.0 * coded[:, 1] + 4.0 * coded[:, 0] * coded[:, 1] + 2.4 * coded[:, 2]
    table = study(x, y + 1e-3 * np.random.default_rng(5).standard_normal(12))[1].table
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["factor"].iloc[:3].tolist() == ["f0", "f1", "f2"]
    assert (table["raw_rank"].iloc[2], table["effect"].abs().argmin()) == (6, 2)


def test_sizes_that_simulation_cannot_tell_apart_go_by_the_estimate() -> None:
    x = screen(4, fold=True)
    coded = x.to_numpy()
    y = coded @ [2.0, 1.0, 1.0, 0.0] + 0.1 * np.tile([1.0, -1.0, -1.0, 1.0], 6)
    level = np.linalg.lstsq(np.column_stack([np.ones(24), coded]), y, rcond=None)[0][1:]
    y += coded @ (np.array([2.0, 1.0, 1.0, 0.0]) - level)  # estimates exactly as given
    table = study(x, y)[1].table.set_index("factor")
    assert table.loc["f1", "rank"] == table.loc["f2", "rank"] == 2


def test_ordered_pairs_are_those_not_tied() -> None:
    x = screen(5, fold=True)
    y = x.to_numpy() @ [4.0, -2.0, 0.0, 0.0, 0.0] + 0.2 * np.random.default_rng(12).standard_normal(24)
    found = study(x, y)[1]
    tied = dict(zip(found.table["factor"], found.table["tied_with"], strict=True))
    assert len(found.pairs) == 10
    for _, pair in found.pairs.iterrows():
        assert pair["ordered"] == (pair["other"] not in tied[pair["factor"]])
        assert pair["ordered"] == (pair["factor"] not in tied[pair["other"]])
        if pair["ordered"]:
            assert min(pair["p_larger"], pair["p_larger_sampling"]) >= 0.95
    assert found.pairs.loc[found.pairs["factor"] == "f0", "ordered"].all()
    assert found.table["p_sign"].iloc[:2].min() > 0.99


def test_raw_rank_is_that_of_the_signed_sums() -> None:
    x = screen(5)
    y = np.random.default_rng(13).standard_normal(12)
    table = study(x, y)[1].table.set_index("factor")
    sums = {f: sum(level * response for level, response in zip(x[f], y, strict=True)) for f in x}
    assert table["raw_effect"].to_dict() == pytest.approx(sums)
    # All runs done: the design is balanced, and both ways of ranking agree.
    assert table["raw_rank"].tolist() == table["rank"].tolist()
    lost = study(x.iloc[:11], y[:11])[1].table.set_index("factor")
    assert lost.loc["f0", "raw_effect"] == pytest.approx(float(x["f0"][:11] @ y[:11]))
    assert lost["effect"].to_list() != pytest.approx((lost["raw_effect"] / 6.0).to_list())


def test_a_complete_factorial_has_the_sampling_layer_alone() -> None:
    x = qs.full_factorial([qs.Factor(n, -1, 1) for n in "abc"], seed=0).coded[["a", "b", "c"]].astype(float)
    found = study(x, np.random.default_rng(14).standard_normal(8))[1]
    assert "nothing is aliased" in found.alias_reason
    assert found.table["alias_aware"].tolist() == [None] * 3
    assert found.pairs["p_larger"].isna().all()
    assert [row["p_top"] for row in found.table["sampling"]] == found.table["p_top"].tolist()


def test_without_an_error_estimate_nothing_is_claimed() -> None:
    x = screen(4)
    done, found = study(x, (2.0 * x["f0"] + x["f1"]).to_numpy())
    assert done.error_source == "none"
    assert found.alias_reason == "there is no error estimate"
    assert set(found.table["rank_low"]) == {1}
    assert set(found.table["rank_high"]) == {4}
    assert found.table["p_top"].tolist() == [{"1": None, "3": None}] * 4
    assert not found.pairs["ordered"].any()


def test_blocks_are_taken_out_of_both_layers() -> None:
    x = screen(5, fold=True)
    y = x.to_numpy() @ [3.0, -1.5, 1.0, 0.0, 0.0] + 0.1 * np.random.default_rng(15).standard_normal(24)
    block = np.repeat([1, 2], 12)
    one, other = (study(x.assign(block=block), y + shift * block)[1].table for shift in (0.0, 1000.0))
    for column in ("rank", "rank_low", "rank_high", "tied_with"):
        assert one[column].tolist() == other[column].tolist()
    assert [r["effect"] for r in other["alias_aware"]] == pytest.approx(
        [r["effect"] for r in one["alias_aware"]], rel=1e-6, abs=1e-6
    )


def test_a_factor_that_is_not_estimable_may_have_any_rank() -> None:
    x = screen(5, fold=True)
    y = x.to_numpy() @ [4.0, -2.0, 0.0, 0.0, 0.0] + 0.1 * np.random.default_rng(16).standard_normal(24)
    names = [str(c) for c in x.columns]
    done = qs.analyze(x.assign(y=y), response="y", direction="maximize", formula="y ~ f0 + f1 + f2 + f3")
    found = rank_study(
        done.fit, done.error, done.tidy(), names, confidence=0.95, seed=0, coded=x.set_axis(done.trials.coded.index)
    )
    last = found.table.iloc[-1]
    assert (last["factor"], last["rank"], last["rank_low"], last["rank_high"]) == ("f4", None, 1, 5)
    assert sorted(last["tied_with"]) == ["f0", "f1", "f2", "f3"]
    assert np.isnan(last["effect"])
    assert np.isnan(last["p_sign"])
    assert found.table["rank"].tolist()[:2] == [1, 2]
    # f4 may come before anybody: f0 is before three others for certain, and not more.
    first = found.table.iloc[0]
    assert (first["rank_low"], first["rank_high"]) == (1, 2)
