"""The comparison of budgets, levels and responses: its measures, its recorded numbers, and the page that shows them."""

from __future__ import annotations

import importlib
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "analysis" / "ranges"
NAMES = ("agreement", "cases", "compare", "page")


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The modules of analysis/ranges, which find each other by the path of the script that is run."""
    for folder in (FOLDER, ROOT / "analysis"):
        monkeypatch.syspath_prepend(str(folder))
    kept = {name: sys.modules.pop(name, None) for name in NAMES}
    yield {name: importlib.import_module(name) for name in NAMES}
    for name, module in kept.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


def known(effects: list[float], error: float) -> object:
    from factorial.truth import Truth

    names = tuple("abcdefgh"[: len(effects)])
    return Truth(names, np.array(effects), error, np.nan, 0)


def test_the_same_effects_agree_as_far_as_their_noise_allows(ranges: dict[str, ModuleType]) -> None:
    agreement = ranges["agreement"].agreement
    sure = agreement(known([5, -4, 3, 2, 1], 0.01), known([5, -4, 3, 2, 1], 0.01), seed=1)
    assert (sure.tau, sure.tau_low, sure.again_low, sure.known, sure.turned) == (1, 1, 1, 10, 0)
    assert (sure.same_top, sure.capture, sure.signs) == (True, 1, 0)
    noisy = agreement(known([5, -4, 3, 2, 1], 2.0), known([5, -4, 3, 2, 1], 2.0), seed=1)
    assert noisy.tau == 1
    assert noisy.again < 0.7
    assert noisy.tau_low < noisy.again < noisy.tau_high
    shared = agreement(known([5, -4, 3, 2, 1], 2.0), known([5, -4, 3, 2, 1], 2.0), seed=1, correlation=1.0)
    assert shared.tau_low == 1


def test_turned_pairs_and_signs_count_only_beyond_noise(ranges: dict[str, ModuleType]) -> None:
    agreement = ranges["agreement"].agreement
    first, second = known([5, 4, 3, 0.1, 0.2], 0.2), known([4, 5, -3, 0.2, -0.1], 0.2)
    found = agreement(first, second, seed=1)
    assert found.tau == pytest.approx((10 - 2 * 2) / 10)
    assert (found.known, found.turned, found.signs) == (9, 1, 1)
    assert found.same_top
    lost = agreement(known([5, 4, 3, 2], 0.1), known([5, 4, 2, 3], 0.1), seed=1)
    assert not lost.same_top
    assert lost.capture == pytest.approx(11 / 12)


def test_tau_is_kendalls(ranges: dict[str, ModuleType]) -> None:
    from scipy import stats

    a, b = np.random.default_rng(3).random((2, 20, 7))
    expected = [stats.kendalltau(x, y).statistic for x, y in zip(a, b, strict=True)]
    assert ranges["agreement"].taus_of(a, b) == pytest.approx(expected)


def test_cases_differ_from_the_base_in_one_thing(ranges: dict[str, ModuleType]) -> None:
    base, *others = ranges["cases"].cases()
    assert len({case.name for case in others}) == len(others)
    for case in others:
        different = [a.name for a, b in zip(base.factors, case.factors, strict=True) if a != b]
        budgets = sum(base.fixed[name] != case.fixed[name] for name in base.fixed)
        assert len(different) + budgets == (5 if case.name.startswith("all five") else 1)
        assert not case.changed or different == [case.changed]


def test_recorded_comparisons_follow_from_the_recorded_effects(ranges: dict[str, ModuleType]) -> None:
    compare = ranges["compare"]
    effects, told = (pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False) for name in ("effects", "cases"))
    assert list(told["case"]) == [case.name for case in ranges["cases"].cases()]
    assert (told["trials"] == 256).all()
    assert (told["diverged"] == 0).all()
    found = pd.DataFrame([pair.row() for pair in [*compare.perceptrons(effects, told), *compare.recorded()]])
    again = pd.read_csv(io.StringIO(found.to_csv(index=False)))
    pd.testing.assert_frame_equal(again, pd.read_csv(FOLDER / "agreement.csv"), rtol=1e-4, atol=1e-4)


def test_the_page_shows_the_recorded_comparisons(ranges: dict[str, ModuleType]) -> None:
    page = (ROOT / "docs" / "ranges.md").read_text(encoding="utf-8")
    agreement = pd.read_csv(FOLDER / "agreement.csv")
    effects = pd.read_csv(FOLDER / "effects.csv", keep_default_na=False)
    shown = ranges["page"].tables(agreement, effects)
    assert len(shown) == 7
    assert not [name for name, table in shown.items() if f"<!-- {name} -->\n\n{table}" not in page]


def test_the_page_says_what_the_comparisons_do(ranges: dict[str, ModuleType]) -> None:
    page = " ".join((ROOT / "docs" / "ranges.md").read_text(encoding="utf-8").split())
    table = pd.read_csv(FOLDER / "agreement.csv").set_index(["reference", "other"])

    def told(pattern: str) -> list[float]:
        found = re.search(pattern, page)
        assert found, pattern
        return [float(number) for number in found.groups()]

    moves = table[(table["group"] == "levels") & table["changed"].notna()].loc["base"]
    shown = [str(name) for name in moves.index if "wide" not in str(name)]
    shortest, short = (table.loc[("40 epochs", f"{n} epochs")] for n in (2, 5))
    expected = [100 * shortest["cost"], 100 * shortest["capture"], 100 * short["cost"]]
    assert told(r"At (\d+) % of the cost .* held (\d+) % .* at (\d+) % they were the same") == pytest.approx(
        expected, abs=0.51
    )
    assert short["same_top"]
    moved = table.loc[("base", "learning_rate x 3")]
    assert (moved["rank_before"], moved["rank_after"], moved["signs"]) == (3, 8, 2)
    assert moved["tau_high"] < 0
    widened = table.loc["base"].filter(like="twice as wide", axis=0)["rank_after"].dropna()
    assert len(widened) == 5
    assert (widened == 1).all()
    every = table.loc[("base", "all five twice as wide")]
    assert told(r"with all five doubled [a-z ]*\(tau (-[\d.]+\d)\)") == pytest.approx([every["tau"]], abs=0.0051)
    others = table.loc["base"].loc[[name for name in shown if name not in ("learning_rate x 3", "alpha x 10")]]
    assert (len(others), others["turned"].max()) == (9, 1)
    assert told(r"in the other nine cases tau stayed at ([\d.]+\d) or above") == pytest.approx(
        [others["tau"].min()], abs=0.0051
    )
    trees = table.loc[("boosted trees: rmse", "mae")]
    assert told(r"of the same trials \(tau (-[\d.]+\d)\)") == pytest.approx([trees["tau"]], abs=0.0051)
    alpha = table.loc[("base", "alpha x 10")]
    assert (alpha["rank_before"], alpha["rank_after"]) == (7, 1)
    assert (table.loc["300 iterations, loss"]["turned"] == 0).all()
    train = table.loc[("perceptron, 40 epochs: log_loss", "train_loss")]
    assert told(r"tau ([\d.]+\d) at 40 epochs") == pytest.approx([train["tau"]], abs=0.0051)
    coarse = table.loc[("300 iterations, accuracy", "100 iterations, accuracy")]
    assert told(r"at 100 and 300 iterations have a tau of ([\d.]+\d)") == pytest.approx([coarse["tau"]], abs=0.0051)
    assert coarse["tau"] > coarse["again_low"]
    path = [ROOT / "analysis" / "lenet_budget" / "300.csv"]
    ordered = [
        np.triu(ranges["compare"]._recorded_truth(path, response).known()).sum() for response in ("accuracy", "loss")
    ]
    assert told(r"at 300 iterations it orders (\d+) of the 15 pairs beyond noise, the loss (\d+)") == ordered
    assert table.loc[("base", "90 images")]["same_top"]
