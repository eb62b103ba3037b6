"""Recorded full factorials of Caffe are whole and belong to their study files; new trials are held against them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from caffe_runner.study.check import check_study
from caffe_runner.study.study_file import load_study
from qim_stats.errors import TrialsError

ROOT = Path(__file__).parents[2]
ANALYSIS = ROOT / "analysis"
STUDIED = sorted(path.parent for path in ANALYSIS.glob("*/replicates.toml"))
RECORDED = [folder for folder in STUDIED if (folder / "replicates.csv").exists()]


@pytest.fixture
def truth(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ANALYSIS))
    spec = importlib.util.spec_from_file_location("caffe_truth", ANALYSIS / "truth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "caffe_truth", module)
    spec.loader.exec_module(module)
    return module


def by_name(folder: Path) -> str:
    return folder.name


@pytest.mark.parametrize("folder", STUDIED, ids=by_name)
def test_the_studies_can_be_run_and_vary_the_same(folder: Path) -> None:
    full, replicates = (load_study(folder / f"{name}.toml") for name in ("full", "replicates"))
    for study in (full, replicates):
        check_study(study)
    assert full.build_design().n == 2 ** len(full.factors)
    assert full.factor_specs[0].target == replicates.factor_specs[0].target
    assert full.factors == replicates.factors
    assert full.data == replicates.data
    assert (full.response, full.direction) == (replicates.response, replicates.direction)
    assert full.seed != replicates.seed


@pytest.mark.parametrize("folder", RECORDED, ids=by_name)
def test_the_recorded_trials_are_those_of_the_studies(folder: Path) -> None:
    study = load_study(folder / "full.toml")
    names = [factor.name for factor in study.factors]
    full, replicates = (pd.read_csv(folder / f"{name}.csv") for name in ("full", "replicates"))
    for factor in study.factors:
        assert set(full[factor.name]) == set(replicates[factor.name]) == {factor.low, factor.high}
    assert len(full) == len(full[names].drop_duplicates()) == 2 ** len(names)
    assert set(replicates.groupby(names).size()) == {3}
    assert len(replicates[names].drop_duplicates()) == 32
    assert set(full["seed"]).isdisjoint(replicates["seed"])
    assert replicates["seed"].is_unique


def test_replicates_get_the_runs_of_their_settings(truth: ModuleType) -> None:
    full = pd.DataFrame({"run": [1, 2, 3, 4], "a": [0, 1, 0, 1], "b": ["x", "x", "y", "y"]})
    replicates = pd.DataFrame({"run": [1, 1, 2], "a": [1, 1, 0], "b": ["y", "y", "y"], "loss": [0.1, 0.2, 0.3]})
    found = truth.runs_of(replicates, full, ["a", "b"])
    assert found["run"].tolist() == [4, 4, 3]
    assert found["loss"].tolist() == [0.1, 0.2, 0.3]


def test_new_trials_are_held_against_the_recorded(truth: ModuleType, tmp_path: Path) -> None:
    old, new = tmp_path / "full.csv", tmp_path / "trials.csv"
    old.write_text("run,seconds,a,loss\n1,0.5,0,0.25\n2,0.5,1,0.125\n")
    new.write_text("run,seconds,a,loss\n1,0.7,0,0.25\n2,0.5,1,0.125\n")
    assert truth.compare(old, new, "loss").told(old) == f"{old}: all 2 trials gave the recorded numbers again"
    new.write_text("run,seconds,a,loss\n1,0.7,0,0.25\n2,0.5,1,0.126\n")
    assert truth.compare(old, new, "loss").told(old) == (
        f"{old}:3: 1 of 2 trials came out differently, this one first; the response by at most 0.001"
    )
    new.write_text("run,seconds,a,loss\n1,0.7,0,0.25\n")
    with pytest.raises(TrialsError, match="no table of the same study"):
        truth.compare(old, new, "loss")


def test_what_is_neither_recorded_nor_run_is_a_mistake(
    truth: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (ANALYSIS / "lenet_fashion").glob("*.*"):
        if path.is_file():
            shutil.copy(path, tmp_path)
    assert truth.main(tmp_path) == 0
    assert capsys.readouterr().out.count("recorded, and not run again here") == 2
    (tmp_path / "full.csv").unlink()
    assert truth.main(tmp_path) == 2
    assert "no trial of this study was ever started" in capsys.readouterr().err


def test_an_unknown_table_is_one_mistake_with_the_known_ones() -> None:
    done = subprocess.run(
        [ROOT / "setup" / "truth.sh", "nothing_mnist"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert "no full factorial 'nothing_mnist'" in done.stderr
    assert "lenet_fashion" in done.stderr
    assert "factorial " not in done.stderr.split("one of")[1]
