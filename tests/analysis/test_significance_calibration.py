"""A short version of the calibration of significance, by the very code that makes the table in docs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
STUDIES = 1_000


def load() -> ModuleType:
    path = ROOT / "analysis" / "calibration" / "significance.py"
    spec = importlib.util.spec_from_file_location("significance_calibration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CALIBRATION = load()
CASES = {study.name: study for study in CALIBRATION.null_studies()}


@pytest.mark.parametrize(
    "name",
    [
        "PB12, 8 factors",
        "PB12, 11 factors",
        "PB12, 11 factors, some replicated",
        "PB12 + foldover, 8 factors",
        "PB12 + foldover, 8 factors, one lost",
        "PB20, 12 factors, one lost",
        "2^(5-1), 5 factors, 2 replicates",
    ],
)
def test_null_studies_are_called_significant_as_often_as_promised(name: str) -> None:
    row = CALIBRATION.family_wise_error(CASES[name], STUDIES, seed=1)
    # 3 Monte Carlo errors: of seven tests none shall fail by chance.
    assert row.fwer <= 0.05 + 1.5 * (CALIBRATION.bound(STUDIES) - 0.05)
    assert row.fwer > 0.005


def test_the_recorded_table_is_whole_and_within_its_bound() -> None:
    table = pd.read_csv(ROOT / "analysis" / "calibration" / "significance.csv")
    assert list(table["design"]) == list(CASES)
    assert (table["studies"] >= 10_000).all()
    assert (table["fwer"] <= CALIBRATION.bound(10_000)).all()
    page = (ROOT / "docs" / "calibration.md").read_text()
    for row in table.to_dict("records"):
        assert f"| {row['design']} | {row['trials']} |" in page
