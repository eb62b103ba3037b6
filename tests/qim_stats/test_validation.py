"""A screen against the full factorial: agreement by hand, and tables that do not belong together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import qim_stats as qs

NAMES = ["a", "b", "c", "d", "e", "f", "g"]
EFFECTS = np.array([8.0, -6.0, 4.0, -2.0, 1.0, 0.5, 0.25])
FACTORS = [qs.Factor(name, 0.1, 0.2) for name in NAMES]


def response(coded: pd.DataFrame, noise: float, seed: int) -> np.ndarray:
    x = coded[NAMES].to_numpy(dtype=float)
    return x @ EFFECTS / 2.0 + noise * np.random.default_rng(seed).standard_normal(len(x))


def full(noise: float = 0.0) -> pd.DataFrame:
    design = qs.full_factorial(FACTORS, seed=0)
    return design.natural().assign(y=response(design.coded, noise, 1), seconds=2.0)


def screen(noise: float = 0.3, seed: int = 2) -> pd.DataFrame:
    design = qs.plackett_burman(FACTORS, runs=12, seed=0)
    return design.natural().assign(y=response(design.coded, noise, seed), seconds=3.0)


def analyze(frame: pd.DataFrame, **options: object) -> qs.Analysis:
    return qs.analyze(frame, **{"response": "y", "direction": "maximize", "factors": NAMES, **options})  # type: ignore[arg-type]


def test_truth_is_the_main_effects_of_the_full_factorial() -> None:
    found = qs.validate(analyze(screen()), analyze(full(noise=0.1)))
    assert found.truth["factor"].to_list() == NAMES
    assert found.truth["rank"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert found.truth["effect"].to_numpy() == pytest.approx(EFFECTS, abs=0.1)
    table = full(noise=0.1)
    high, low = table[table["b"] == 0.2]["y"].mean(), table[table["b"] == 0.1]["y"].mean()
    assert found.truth.set_index("factor").at["b", "effect"] == pytest.approx(high - low)


def test_unequal_replicates_leave_the_truth_free_of_interactions() -> None:
    design = qs.full_factorial(FACTORS[:3], seed=0)
    x = design.coded[NAMES[:3]].to_numpy(dtype=float)
    table = design.natural().assign(y=3.0 * x[:, 0] + x[:, 1] + 5.0 * x[:, 0] * x[:, 1])
    uneven = pd.concat([table, table[(table["a"] == 0.2) & (table["b"] == 0.2)]])
    analysis = analyze(uneven, factors=NAMES[:3])
    effects = qs.validate(analysis, analysis).truth.set_index("factor")["effect"]
    assert effects[["a", "b", "c"]].to_numpy() == pytest.approx([6.0, 2.0, 0.0], abs=1e-12)


def test_agreement_is_what_its_names_say() -> None:
    ours = analyze(screen(noise=4.0, seed=5))
    found = qs.validate(ours, analyze(full(noise=0.1)))
    seen = ours.ranking().set_index("factor").loc[NAMES]
    true = found.truth.set_index("factor").loc[NAMES]
    agreement = found.agreement
    expected = stats.kendalltau(seen["effect"].abs(), true["effect"].abs()).statistic
    assert agreement["kendall_tau"] == pytest.approx(expected)
    assert agreement["kendall_tau"] < 1.0
    expected = stats.spearmanr(seen["effect"].abs(), true["effect"].abs()).statistic
    assert agreement["spearman_rho"] == pytest.approx(expected)
    for n in (1, 3, 5):
        top = set(seen.index[seen["rank"] <= n]) == set(true.index[true["rank"] <= n])
        assert agreement[f"top{n}"] is top
    assert agreement["sign_agreement"] == (np.sign(seen["effect"]) == np.sign(true["effect"])).mean()
    pairs = [(i, j) for i in range(7) for j in range(i) if NAMES[j] not in seen["tied_with"].iloc[i]]
    right = [
        (abs(seen["effect"].iloc[i]) > abs(seen["effect"].iloc[j]))
        == (abs(true["effect"].iloc[i]) > abs(true["effect"].iloc[j]))
        for i, j in pairs
    ]
    assert agreement["pairs_resolved"] == len(pairs)
    assert agreement["pairs_right"] == sum(right)
    held = (seen["rank_low"] <= true["rank"]) & (true["rank"] <= seen["rank_high"])
    assert agreement["rank_interval_coverage"] == held.mean()


def test_a_perfect_screen_agrees_in_everything() -> None:
    """Twelve runs, however quiet, leave orders open that interactions could turn; all that are claimed are right."""
    agreement = qs.validate(analyze(screen(noise=1e-3)), analyze(full())).agreement
    resolved = agreement.pop("pairs_resolved")
    assert 0 < resolved < 21
    assert agreement.pop("pairs_right") == resolved
    assert agreement == {
        "kendall_tau": pytest.approx(1.0),
        "spearman_rho": pytest.approx(1.0),
        "top1": True,
        "top3": True,
        "top5": True,
        "sign_agreement": 1.0,
        "rank_interval_coverage": 1.0,
    }


def test_cost_counts_trials_that_were_run() -> None:
    frame = screen()
    frame["state"] = ["failed", "pending", *["done"] * 10]
    found = qs.validate(analyze(frame), analyze(full()))
    assert found.cost["screen_trials"] == 11
    assert found.cost["full_trials"] == 128
    assert found.cost["trials_ratio"] == pytest.approx(11 / 128)
    assert found.cost["screen_seconds"] == pytest.approx(33.0)
    assert found.cost["seconds_ratio"] == pytest.approx(33.0 / 256.0)


def test_seconds_that_are_not_known_are_none() -> None:
    frame = screen()
    frame.loc[3, "seconds"] = np.nan
    cost = qs.validate(analyze(frame), analyze(full().drop(columns="seconds"))).cost
    assert cost["screen_seconds"] is None
    assert cost["full_seconds"] is None
    assert cost["seconds_ratio"] is None


def test_tops_beyond_the_number_of_factors_are_none() -> None:
    small = full().query("d == 0.1 and e == 0.1 and f == 0.1 and g == 0.1")
    analysis = analyze(small, factors=["a", "b", "c"])
    agreement = qs.validate(analysis, analysis).agreement
    assert agreement["top1"] is True
    assert agreement["top3"] is None
    assert agreement["top5"] is None


def test_keys_are_those_of_the_interface() -> None:
    data = qs.validate(analyze(screen()), analyze(full())).to_dict()
    assert list(data) == ["truth", "screen", "agreement", "cost"]
    assert list(data["truth"][0]) == ["factor", "effect", "rank"]


def test_missing_cells_are_counted_and_named() -> None:
    table = full()
    lost = (table["a"] == 0.2) & (table["b"] == 0.1) & (table["c"] == 0.1) & (table["d"] == 0.2)
    with pytest.raises(qs.TrialsError, match=r"8 of 128 combinations.*\(a = 0\.2, b = 0\.1.*and 5 more"):
        qs.validate(analyze(screen()), analyze(table[~lost]))


def test_tables_that_do_not_belong_together_are_refused() -> None:
    ours, theirs = analyze(screen()), analyze(full())
    with pytest.raises(qs.TrialsError, match="'g' only in the screen"):
        qs.validate(ours, analyze(full().query("g == 0.1"), factors=NAMES[:-1]))
    with pytest.raises(qs.TrialsError, match=r"'a' has the levels 0\.1, 0\.2 in the screen and 0\.1, 0\.3"):
        qs.validate(ours, analyze(full().replace({"a": {0.2: 0.3}})))
    with pytest.raises(qs.TrialsError, match="one response and direction"):
        qs.validate(ours, analyze(full(), direction="minimize"))
    with pytest.raises(qs.TrialsError, match="does not rank every factor"):
        qs.validate(analyze(screen(), formula="y ~ a + b"), theirs)
