"""The page on other priors tells what was recorded, of the prior that answers are given under among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from validation import caution, page
from validation.caution_alias import ALIASED, APART, aliased_outright, by_alias, largest_interaction
from validation.caution_scales import COMPARED, CORRECTED, FIRMER, corrected, made_with
from validation.caution_worlds import AS_RECORDED, ORDERS, stripped
from validation.results import FOLDER, read
from validation.tables import ARTIFICIAL, all_tables, read_list

from qim_stats.replays.aware import alias_aware
from qim_stats.replays.full_table import settings
from qim_stats.screening.walsh_prior import STANDARD


def test_the_page_tells_the_recorded_numbers() -> None:
    rows, worlds, alias, orphans, scales = (pd.read_csv(FOLDER / f"caution{name}.csv") for name in caution.FILES)
    assert set(orphans["design"]) == set(caution.SMALL)
    assert set(orphans["table"]) == {caution.STRAY}
    assert (orphans["studies"] == 10 * rows["studies"].iloc[0]).all()
    held = orphans.pivot_table(index="design", columns="prior", values="coverage_simultaneous")
    assert held[caution.AS_IS].min() > 0.95
    assert held.loc["frac16", caution.NO_DOUBT] < 0.9
    short = 0.9 - orphans.pivot_table(index="design", columns="prior", values="coverage_marginal")
    assert short[caution.AS_IS].round(2).to_dict() == {"frac16": 0.01, "noconf16": -0.08}
    assert short.loc["frac16", caution.THIRD].round(2) == 0.01
    assert short.loc["frac16", [caution.NO_ORPHANS, caution.NO_DOUBT]].round(1).tolist() == [0.1, 0.1]
    ranks = " ".join((caution.DOCS / "ranks.md").read_text(encoding="utf-8").split())
    assert f"of a 16-run fraction hold {100 * (0.9 - short.loc['frac16', caution.AS_IS]):.0f} % of the ranks" in ranks
    told = (caution.DOCS / "caution.md").read_text(encoding="utf-8")
    assert caution.text(rows, worlds, alias, orphans, scales) == told
    assert list(scales["table"].unique()) == [table.name for table in made_with(all_tables(read_list()))]
    assert set(scales["prior"]) == set(COMPARED)
    assert len(scales) == 2 * len(COMPARED) * scales["table"].nunique()
    shared = rows[~rows["artificial"] & rows["prior"].isin(COMPARED)]
    again = scales[scales["table"].isin(caution.TABLES) & scales["prior"].isin(list(caution.PRIORS))]
    by = ["table", "design", "prior"]
    pd.testing.assert_frame_equal(shared.set_index(by).sort_index(), again.set_index(by).sort_index())
    assert set(rows["table"]) == set(caution.TABLES)
    assert set(rows["prior"]) == set(caution.PRIORS)
    assert len(rows) == 2 * len(caution.TABLES) * len(caution.PRIORS)
    assert set(worlds["table"]) == set(rows.loc[~rows["artificial"], "table"])
    assert set(worlds["world"]) == {AS_RECORDED, *ORDERS}
    assert set(alias["design"]) == {caution.FRACTION, *caution.LOOKS}
    assert set(alias.groupby("design")["studies"].sum()) == set(rows["studies"])


def test_what_is_said_of_the_misses_is_what_was_found() -> None:
    rows = pd.read_csv(FOLDER / "caution.csv").set_index(["table", "design", "prior"])
    width = rows["width_simultaneous"].unstack()
    gain = width[caution.AS_IS] - width.min(axis=1)
    assert round(gain["diabetes_boosting"].max(), 1) == 0.5
    assert "half a rank narrower at best" in " ".join(page.TRIED.split())
    right = rows["p_top3"].unstack().loc["mnist_pipeline"]
    assert (right[caution.AS_IS] < right[caution.ONE_SCALE]).all()
    assert (right[caution.FIRST] < right[caution.ONE_SCALE]).all()
    assert (right[caution.FIRST] < right[caution.AS_IS]).all()
    assert right[caution.AS_IS][caution.FOLDED] - right[caution.FIRST][caution.FOLDED] > 0.1
    assert "after a foldover more seldom still under the prior of the first version" in " ".join(page.TRIED.split())
    stray = rows["calibration_error"].unstack().loc[caution.STRAY]
    assert stray.max().min() > 0.05
    even = read().calibration.query("table == @caution.STRAY and design == @caution.FOLDED and about == 'pair'")
    assert (even["right"] > even["claimed"]).all()


def test_other_scales_gain_more_than_they_cost() -> None:
    right = pd.read_csv(FOLDER / "caution_scales.csv").pivot_table(
        index=["table", "design"], columns="prior", values="p_top3"
    )
    gain = right[caution.AS_IS] - right[caution.ONE_SCALE]
    assert (gain.groupby("design").mean() > 0.0).all()
    by_table = gain.groupby("table").mean()
    most = by_table.nlargest(3)
    assert list(most.index) == ["sdae_mnist", "digits_mlp", "autoencoder_mnist"]
    assert most.min() > 0.1
    told = "gain elsewhere, most on sdae_mnist, digits_mlp and autoencoder_mnist"
    assert told in " ".join(page.TRIED.split())
    assert (by_table > 0.0).sum() - 1 > (by_table < 0.0).sum()
    assert gain.idxmin()[0] == "mnist_pipeline"
    ways = right[[*FIRMER, CORRECTED]].sub(right[caution.AS_IS], axis=0)
    assert (ways.loc["mnist_pipeline"].mean() > 0.0).all()
    assert (ways.mean() <= 0.005).all()
    assert (ways.groupby("table").mean().min() < -0.05).any()
    assert "gain there and lose elsewhere" in " ".join(page.TRIED.split())


def test_what_is_said_of_the_best_on_mnist_pipeline_is_what_was_compared() -> None:
    rows = pd.read_csv(page.ANALYSIS / "peers" / "comparison.csv").query("table == 'mnist_pipeline'")
    best = {n: rows[rows["budget"] == n].nlargest(1, "top3").iloc[0] for n in (24, 32)}
    assert (best[24]["method"], best[32]["method"]) == ("PB + foldover, raw", "fractional factorial, lm")
    assert f"are right in {100 * best[24]['top3']:.0f} % of studies, at 32" in " ".join(page.TRIED.split())
    assert f"a fraction of least aberration, in {100 * best[32]['top3']:.0f} %" in " ".join(page.TRIED.split())


def test_what_is_said_of_the_tables_behind_the_misses_is_in_them() -> None:
    tables = {one.name: one for one in all_tables(read_list()) if one.role != ARTIFICIAL}
    loud = {name: one.noise.sd / one.truth.size.max() for name, one in tables.items()}
    noisy = {"diabetes_boosting", "cifar10_quick", "sdae_mnist", "batchnorm_fashion", "inception_fashion"}
    assert [round(rule(loud[name] for name in noisy), 2) for rule in (min, max)] == [0.44, 0.89]
    assert round(loud["gradients_cifar10"], 2) == 0.29
    quiet = loud.keys() - noisy - {"gradients_cifar10"}
    assert round(max(loud[name] for name in quiet), 2) == 0.25
    for name, last in (("lenet_fashion", 4), ("forest_fashion", 4), ("gradients_cifar10", 3)):
        size = np.sort(tables[name].truth.size)[::-1]
        assert size[2] - size[last] < np.sqrt(2.0) * tables[name].truth.std_error
    size = np.sort(tables["mnist_pipeline"].truth.size)[::-1]
    assert size[3] > 0.8 * size[0]
    many = pd.read_csv(page.ANALYSIS / "pairs" / "pairs.csv").query("table == 'mnist_pipeline'").set_index("design")
    assert many["p_top3"][["pb12..24", "pb12..32"]].round(2).tolist() == [0.5, 0.66]
    last = read().rows.query("table == 'mnist_pipeline' and design == 'pb12..48'")
    assert last["p_top3"].dropna().tolist() == [0.75]


def test_one_of_the_priors_is_the_one_that_answers_are_given_under() -> None:
    assert caution.PRIORS["as it is"] == STANDARD
    assert all(prior != STANDARD for name, prior in caution.PRIORS.items() if name != "as it is")


@pytest.mark.parametrize(
    ("words", "told"), [(["--studies", "1"], "--studies"), (["--docs", __file__], "--docs: there is")]
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert caution.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_what_is_wanted_is_what_the_goals_want() -> None:
    assert (caution._limit("calibration_error"), caution._limit("coverage_simultaneous")) == (0.05, 0.95)


def test_what_is_left_of_a_table_are_the_effects_of_few_factors_and_noise() -> None:
    table = all_tables(read_list(), ["lenet_fashion"])[0]
    members = np.bitwise_count(np.arange(table.full.cells))
    for order in (1, 2):
        made = stripped(table, order, seed=0)
        kept, rest = (made.full.half_effects[own] for own in ((members > 0) & (members <= order), members > order))
        error = table.noise.sd / np.sqrt(table.full.cells)
        assert np.abs(kept - table.full.half_effects[(members > 0) & (members <= order)]).max() < 4.0 * error
        assert rest.std() == pytest.approx(error, rel=0.2)
        assert made.full.direction == table.full.direction


def test_studies_are_told_apart_by_what_the_fraction_aliases() -> None:
    table = all_tables(read_list(), [caution.STRAY])[0]
    members = largest_interaction(table)
    sizes = {place: abs(size) for place, size in enumerate(table.full.half_effects) if place.bit_count() >= 3}
    assert max(sizes, key=sizes.__getitem__) == sum(1 << place for place in members)


def test_an_alias_is_a_column_the_same_or_its_opposite() -> None:
    three = settings(np.arange(8), 3).astype(np.float64)
    product = three.prod(axis=1, keepdims=True)
    nearly = product * np.where(np.arange(8) == 5, -1.0, 1.0)[:, None]
    studies = np.array([np.hstack([three, column]) for column in (product, -product, nearly)])
    assert aliased_outright(studies, (0, 1, 2)).tolist() == [True, True, False]
    assert aliased_outright(studies, (0, 1)).tolist() == [False, False, False]


def test_where_it_is_an_alias_intervals_miss_and_elsewhere_they_hold() -> None:
    table = all_tables(read_list(), [caution.STRAY])[0]
    found = by_alias(table, caution.FRACTION, (), studies=12, seed=0, jobs=2).set_index("largest")
    assert found["studies"].sum() == 12
    assert found["coverage"][ALIASED] < 0.5 < 0.9 < found["coverage"][APART]


def test_corrected_main_effects_are_not_shrunken() -> None:
    # 2^(5-1): a main effect is aliased with an interaction of four factors alone.
    four = settings(np.arange(16), 4).astype(np.float64)
    x = np.hstack([four, four.prod(axis=1, keepdims=True)])
    y = x @ np.array([0.5, 0.4, -0.3, 0.2, 0.1]) + 0.4 * np.random.default_rng(3).standard_normal(16)
    contrasts = np.abs(x.T @ y) / len(y)
    found, shrunken = (rule(x[None], y[None]).score[0] for rule in (corrected, alias_aware))
    largest = contrasts.argsort()[-3:]
    assert (shrunken[largest] < contrasts[largest]).all()
    assert (np.abs(found - contrasts) < 0.5 * (contrasts - shrunken))[largest].all()
    with pytest.raises(ValueError, match="does not vary"):
        corrected(x[None], np.zeros((1, 16)))
