"""Recorded full factorials of models other than Caffe's are whole, read as they should, and can be made again."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs

ANALYSIS = Path(__file__).parents[2] / "analysis"
SCRIPTED = sorted(path.parent for path in ANALYSIS.glob("*/make.py") if "factorial.make" in path.read_text())
RECORDED = [folder for folder in SCRIPTED if (folder / "full.csv").exists()]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a script finds when it is run: the folder of all studies."""
    monkeypatch.syspath_prepend(str(ANALYSIS))


def load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load a study's script as running it would, its own folder first on the path."""
    monkeypatch.syspath_prepend(str(folder))
    name = f"make_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, folder / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_the_recorded_table_is_whole(folder: Path) -> None:
    full = qs.read_trials(folder / "full.csv")
    k = len(full.factors)
    assert full.metadata is not None
    assert full.direction == full.metadata.direction
    assert full.n == 2**k == len(full.frame)
    assert len(full.coded.drop_duplicates()) == 2**k
    assert full.frame["seed"].is_unique


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_replicates_are_trials_of_the_same_runs_with_new_seeds(folder: Path) -> None:
    full, again = (pd.read_csv(folder / f"{name}.csv") for name in ("full", "replicates"))
    factors = [factor["name"] for factor in json.loads((folder / "full.meta.json").read_text())["factors"]]
    assert list(again.columns) == list(full.columns)
    assert again.groupby("run").size().eq(3).all()
    assert again["run"].nunique() == 32
    assert not set(again["seed"]) & set(full["seed"])
    same = again.merge(full, on="run", suffixes=("", "_full"))
    assert all((same[name] == same[f"{name}_full"]).all() for name in factors)


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_the_readme_tells_the_effects_of_the_table(folder: Path) -> None:
    from factorial.page import HEADING, measured_text

    full, again = (pd.read_csv(folder / f"{name}.csv", keep_default_na=False) for name in ("full", "replicates"))
    readme = (folder / "README.md").read_text()
    factors = qs.read_trials(folder / "full.csv").factors
    shown = readme[readme.index(HEADING) :]
    responses = [part.split("`")[1] for part in shown.splitlines()[2].split("|") if "effect on" in part]
    assert shown == measured_text(full, again, factors, responses)


@pytest.mark.parametrize("folder", SCRIPTED, ids=lambda folder: folder.name)
def test_a_recorded_trial_can_be_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sklearn = pytest.importorskip("sklearn")
    study = load(folder, monkeypatch).STUDY
    assert study.design.n >= 2**8
    if not (folder / "full.csv").exists():
        pytest.skip("nothing recorded yet")
    assert study.design.n == len(pd.read_csv(folder / "full.csv"))
    written = json.loads((folder / "full.meta.json").read_text())
    assert written["provenance"].keys() == study.provenance.keys()
    if written["provenance"]["scikit_learn"] != sklearn.__version__:
        pytest.skip("recorded with another scikit-learn")
    row = pd.read_csv(folder / "full.csv").sort_values("seconds").iloc[0]
    found = study.trial({factor.name: row[factor.name] for factor in study.factors}, int(row["seed"]))
    # Another processor may round otherwise.
    assert found == pytest.approx({name: row[name] for name in found}, rel=1e-3, abs=2e-3)


def test_noise_is_pooled_within_runs_and_effects_are_high_minus_low() -> None:
    from factorial.truth import noise_of, truth

    factors = (qs.Factor("a", 1, 2), qs.Factor("b", "x", "y"), qs.Factor("c", 0, 1))
    table = qs.full_factorial(factors).natural()
    coded = qs.full_factorial(factors).coded
    table["y"] = 10.0 + 2.0 * coded["a"] - 0.5 * coded["b"] + 0.45 * coded["c"] + coded["a"] * coded["b"]
    again = table.assign(y=table["y"] + 0.2)
    noise = noise_of([table, again], "y")
    assert noise == pytest.approx((np.sqrt(2 * 0.1**2), 8))
    found = truth(table, factors, "y", noise)
    assert found.effects == pytest.approx([4.0, -1.0, 0.9])
    assert found.std_error == pytest.approx(2 * noise[0] / np.sqrt(8))
    assert list(found.ranks) == [1, 2, 3]
    assert found.ties() == [("b", "c")]


def test_a_table_without_repeated_runs_has_no_noise() -> None:
    from factorial.truth import noise_of

    with pytest.raises(ValueError, match="no run has two trials"):
        noise_of([pd.DataFrame({"run": [1, 2], "y": [0.1, 0.2]})], "y")


def diverging(levels: dict[str, object], seed: int) -> dict[str, float]:
    """Stand for a trial; diverges at the high level."""
    return {"y": float("nan") if levels["a"] == 2 else float(seed % 7), "z": 1.0}


def test_a_diverged_trial_has_no_response_and_seeds_do_not_depend_on_processes() -> None:
    from factorial.tables import FullStudy, full_rows, run_trials

    study = FullStudy("test", (qs.Factor("a", 1, 2), qs.Factor("b", 1, 2)), diverging, "y", "maximize", 3, {})
    one, two = (run_trials(study, full_rows(study), jobs) for jobs in (1, 2))
    assert one.drop(columns="seconds").equals(two.drop(columns="seconds"))
    assert list(one["state"]) == ["done", "diverged", "done", "diverged"]
    assert list(one["y"].isna()) == [False, True, False, True]
    assert list(one["z"].isna()) == [False, True, False, True]
