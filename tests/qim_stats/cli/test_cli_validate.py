"""``validate`` on tables that fit, nearly fit, and do not fit each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main

ASKED = ["--response", "y", "--direction", "maximize"]
FACTORS = [qs.Factor("lr", 0.01, 0.1), qs.Factor("wd", 0.0005, 0.005), qs.Factor("act", "relu", "tanh")]
NAMES = [factor.name for factor in FACTORS]


def frame(design: qs.Design, noise: float = 0.1) -> pd.DataFrame:
    x = design.coded[NAMES].to_numpy(dtype=float)
    y = x @ np.array([4.0, -2.0, 1.0]) + noise * np.random.default_rng(1).standard_normal(design.n)
    return design.natural().assign(y=y)


def screen(noise: float = 0.1) -> pd.DataFrame:
    return frame(qs.plackett_burman(FACTORS, runs=12, seed=0), noise)


def full() -> pd.DataFrame:
    return frame(qs.full_factorial(FACTORS, seed=0))


def validate(folder: Path, ours: pd.DataFrame, theirs: pd.DataFrame, *options: str) -> int:
    ours.to_csv(folder / "screen.csv", index=False)
    theirs.to_csv(folder / "full.csv", index=False)
    return main(["validate", str(folder / "screen.csv"), str(folder / "full.csv"), *ASKED, *options])


def test_factors_of_one_table_alone_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = full().assign(bs=[32, 64] * 4)
    assert validate(tmp_path, screen(), extra) == 2
    assert capsys.readouterr().err.startswith("the factors differ: 'bs' only in the full table; name the common ones")
    assert validate(tmp_path, screen(), full().drop(columns="wd")) == 2
    assert capsys.readouterr().err.startswith("the factors differ: 'wd' only in the screen;")
    # Named on the command line, the common ones are enough: the full table then has each combination, some repeated.
    assert validate(tmp_path, screen(), extra, "--factors", "lr,wd,act") == 0


def test_factors_in_the_metadata_of_the_full_table_count_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    described = [{"name": f.name, "low": f.low, "high": f.high} for f in (*FACTORS, qs.Factor("bs", 32, 64))]
    (tmp_path / "full.meta.json").write_text(json.dumps({"schema": 1, "factors": described}))
    assert validate(tmp_path, screen(), full().assign(bs=[32, 64] * 4)) == 2
    assert "'bs' only in the full table" in capsys.readouterr().err


def test_a_screen_that_orders_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(tmp_path, screen(noise=50.0), full()) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "the screen orders none of the 3 pairs;" in told
    assert "of the 0 pairs" not in told


def test_one_factor_has_no_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(tmp_path, screen(), full(), "--factors", "lr") == 0
    assert "one factor makes no pair to order" in " ".join(capsys.readouterr().out.split())


def test_the_error_option_is_the_screens(tmp_path: Path) -> None:
    replicated = pd.concat([screen(), screen().assign(y=lambda t: t["y"] + 0.1)])
    assert validate(tmp_path, replicated, full(), "--error", "pure") == 0


def test_swapped_tables_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = screen().drop(index=screen().query("lr == 0.1 and wd == 0.005 and act == 'tanh'").index)
    assert validate(tmp_path, full(), lacking) == 2
    assert "full.csv: the table is not a full factorial: 1 of 8 combinations" in capsys.readouterr().err


def test_json_on_standard_output_is_alone_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(tmp_path, screen(), full(), "--json", "-") == 0
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)) == ["truth", "screen", "agreement", "cost"]
    assert "\n12 trials against 8" in captured.err
