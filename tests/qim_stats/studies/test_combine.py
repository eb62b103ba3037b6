"""Several studies side by side: real recorded tables, simulated ones, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main
from qim_stats.studies import Combination, combine
from qim_stats.studies.combine_studies import study_names

LENET = Path(__file__).parents[3] / "analysis" / "lenet_fashion"


def study(effects: dict[str, float], seed: int, noise: float = 0.1, scale: float = 1.0) -> pd.DataFrame:
    """A replicated PB12 study of factors with these effects."""
    design = qs.replicate(qs.plackett_burman([qs.Factor(name, -1, 1) for name in effects], seed=seed), 2)
    coded = design.coded.drop(columns=["order", *design.dummies])
    rng = np.random.default_rng(seed)
    truth = sum(effect / 2 * coded[name] for name, effect in effects.items())
    coded["y"] = scale * (truth + noise * rng.standard_normal(len(coded)))
    return coded


def together(*studies: pd.DataFrame, **options: object) -> Combination:
    named = {f"study {i}": table for i, table in enumerate(studies)}
    return combine(named, response="y", direction="maximize", **options)  # type: ignore[arg-type]


def test_studies_that_agree() -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0, "d": 0.2}
    found = together(*(study(effects, seed) for seed in range(4)))
    table = found.factors()
    assert table["factor"].tolist() == ["a", "b", "c", "d"]
    assert table["rank_sum"].tolist() == [4.0, 8.0, 12.0, 16.0]
    assert table["status"].tolist() == ["keeps"] * 4
    assert found.agreement is not None
    assert found.agreement.w == pytest.approx(1.0)
    assert np.allclose(table["effect"], [4.0, 2.5, 1.0, 0.2], atol=0.1)
    assert (table["conf_low"] < [4.0, 2.5, 1.0, 0.2]).all()
    assert (table["conf_high"] > [4.0, 2.5, 1.0, 0.2]).all()


def test_a_factor_that_moves_is_named() -> None:
    one = {"a": 4.0, "b": 2.0, "c": 0.5, "d": 0.0}
    other = {"a": 0.0, "b": 2.0, "c": 0.5, "d": 4.0}
    found = together(study(one, 1), study(other, 2), study(one, 3))
    status = found.factors().set_index("factor")["status"]
    assert status["a"] == "moves"
    assert status["d"] == "moves"
    assert status["b"] == "keeps"
    q = found.factors().set_index("factor")
    assert q.loc["a", "q_p_value"] < 1e-6
    assert q.loc["a", "i2"] > 0.95
    assert "Of different rank in different studies" in found.text


def test_shares_make_units_comparable() -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0, "d": 0.2}
    near, far = study(effects, 1), study(effects, 1, scale=1000.0)
    assert together(near, far).factors()["i2"].max() > 0.9
    shared = together(near, far, scale="share").factors()
    assert shared["i2"].max() == 0.0
    assert shared.loc[0, "effect"] == pytest.approx(4.0 / np.sqrt(16 + 6.25 + 1 + 0.04), rel=0.05)


def test_the_order_of_factors_and_their_levels_changes_nothing() -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0, "d": 0.2}
    tables = [study(effects, seed) for seed in range(3)]
    turned = [table[[*table.columns[:3], "d", "b", "a", "c", "y"]] for table in tables]
    plain, other = together(*tables).factors(), together(*turned).factors()
    pd.testing.assert_frame_equal(plain, other, rtol=1e-9)


def test_names_come_from_files_and_as_many_folders_as_it_takes() -> None:
    paths = [Path("/x/mnist/trials.csv"), Path("/x/cifar/trials.csv")]
    assert list(study_names(paths)) == ["mnist/trials", "cifar/trials"]
    assert list(study_names([Path("a.csv"), Path("b.csv")])) == ["a", "b"]


def test_recorded_tables_by_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, answer = tmp_path / "combined.html", tmp_path / "combined.json"
    tables = [str(LENET / "screen.csv"), str(LENET / "full.csv")]
    assert main(["combine", *tables, "--report", str(report), "--json", str(answer)]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.replace(str(report), "").splitlines())) <= 80
    told = json.loads(answer.read_text())
    assert list(told) == ["schema", "studies", "factors", "concordance", "verdict", "alerts", "method"]
    assert [s["study"] for s in told["studies"]] == ["screen", "full"]
    assert told["factors"][0]["factor"] == "base_lr"
    assert told["factors"][0]["rank_sum"] == 2.0
    assert "<script" not in report.read_text()


def test_names_are_text_in_the_report(tmp_path: Path) -> None:
    tables = [study({"<script>alert(1)</script>": 2.0, "b": 1.0, "c": 0.5, "d": 0.1}, seed) for seed in (1, 2)]
    page = tmp_path / "page.html"
    together(*tables).to_html(page)
    assert "<script>" not in page.read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="d"), "the factors differ"),
        (lambda t: t.rename(columns={"d": "e"}), "the factors differ"),
    ],
)
def test_studies_of_other_factors_are_refused(change: object, words: str) -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0, "d": 0.2}
    with pytest.raises(qs.TrialsError, match=words):
        together(study(effects, 1), change(study(effects, 2)))  # type: ignore[operator]


def test_one_study_and_one_table_twice_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    table = str(LENET / "screen.csv")
    assert main(["combine", table]) == 2
    assert "one study cannot be combined" in capsys.readouterr().err
    assert main(["combine", table, table]) == 2
    assert "is named twice" in capsys.readouterr().err


def test_other_levels_are_told() -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0, "d": 0.2}
    other = study(effects, 2)
    other["a"] = other["a"].map({-1: 0.1, 1: 0.2})
    found = together(study(effects, 1), other)
    assert "levels_differ" in {a.code for a in found.alerts}


def test_a_study_without_a_ranking_is_refused() -> None:
    effects = {"a": 4.0, "b": 2.5, "c": 1.0}
    failed = study(effects, 1)
    failed["state"] = ["failed"] * 9 + ["done"] * (len(failed) - 9)
    with pytest.raises(qs.TrialsError, match="study 1: too many of its trials failed for a ranking; run them again"):
        together(study(effects, 0), failed)
    with pytest.raises(qs.TrialsError, match="study 0: its ranking has no c; name the others with --factors"):
        together(study(effects, 0), study(effects, 1), formula="y ~ a + b")
