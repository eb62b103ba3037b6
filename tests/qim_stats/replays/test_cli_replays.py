"""``validate --replays``: what it prints and writes, and what it refuses in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main
from qim_stats.report.replays import render_replays
from qim_stats.terminal.replays import replays_text

Full = Callable[..., pd.DataFrame]
ASKED = ["--response", "y", "--direction", "maximize", "--replays", "6"]
KEYS = {
    "design",
    "estimator",
    "trials",
    "kendall_tau",
    "p_top1",
    "p_top3",
    "p_top5",
    "top3_capture",
    "coverage_marginal",
    "coverage_simultaneous",
    "width_marginal",
    "width_simultaneous",
    "pairs_resolved",
    "pairs_right",
    "calibration_error",
    "monte_carlo_error",
}


@pytest.fixture
def table(full: Full, tmp_path: Path) -> str:
    path = tmp_path / "full.csv"
    full(noise=0.1).to_csv(path, index=False)
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["validate", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_json_has_the_keys_of_the_interface(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--designs", "pb12,pb8..12", "--estimator", "alias-aware,raw", "--json", "-"]
    assert main(["validate", table, *ASKED, *asked]) == 0
    printed = capsys.readouterr()
    record = json.loads(printed.out)
    assert list(record) == ["truth", "replays", "alerts", "method"]
    assert record["replays"]["n"] == 6
    assert [(row["design"], row["estimator"]) for row in record["replays"]["designs"]] == [
        (design, estimator) for design in ("pb12", "pb8..12") for estimator in ("alias-aware", "raw")
    ]
    assert all(set(row) >= KEYS for row in record["replays"]["designs"])
    assert record["replays"]["designs"][1]["brier"] is None
    assert "6 virtual studies of each design" in printed.err


def test_every_key_is_described(table: str) -> None:
    found = qs.replay(table, response="y", direction="maximize", designs=["pb12"], replays=4).to_dict()
    page = (Path(__file__).parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
    section = page[page.index("## `validate`") : page.index("## `combine`")]
    keys = {*found, *found["replays"], *found["method"], *found["replays"]["noise"]}
    for rows in (found["truth"], *(found["replays"][name] for name in ("designs", "calibration", "ceiling"))):
        keys |= set(rows[0])
    assert not [key for key in keys - {"alerts"} if f"`{key}`" not in section]
    columns = (Path(__file__).parents[3] / "docs" / "replays.md").read_text(encoding="utf-8")
    assert not [key for key in found["replays"]["designs"][0] if f"`{key}`" not in columns + "`design` `estimator`"]


def test_the_same_seed_prints_the_same(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for jobs in ("1", "2"):
        assert main(["validate", table, *ASKED, "--designs", "pb12,random8..12/random", "--jobs", jobs]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert all(len(line) <= 80 for line in told[0].splitlines())


def test_the_report_names_its_command_and_escapes(full: Full, tmp_path: Path) -> None:
    frame = full(noise=0.1).rename(columns={"lr": "<b>lr</b>"})
    frame.to_csv(tmp_path / "full.csv", index=False)
    report = tmp_path / "report.html"
    assert main(["validate", str(tmp_path / "full.csv"), *ASKED, "--report", str(report)]) == 0
    page = report.read_text(encoding="utf-8")
    assert "&lt;b&gt;lr&lt;/b&gt;" in page
    assert "<b>lr" not in page
    assert '<span class="option">--replays</span> 6' in page
    assert page.count("<svg") == 2


def test_reports_of_few_factors_and_silent_estimators(full: Full, recorded: Path) -> None:
    small = full(noise=0.1).query("act == 1 and drop == 1").drop(columns=["act", "drop"])
    found = qs.replay(small, response="y", direction="maximize", designs=["pb8", "full"], estimators=["raw"], replays=4)
    assert found.designs["p_top3"].isna().all()
    assert "have no first three" in render_replays(found)
    assert "top 3" not in replays_text(found)
    several = qs.replay(recorded, designs=["pb12"], estimators=["raw", "least-squares"], replays=4)
    assert "pb12 lsq" in replays_text(several)
    assert "What claims were worth" not in render_replays(several)


def test_tables_that_do_not_fit(table: str, full: Full, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacking = tmp_path / "lacking.csv"
    full().iloc[3:].to_csv(lacking, index=False)
    assert "3 of 32 combinations have no usable trial, (lr = 1" in refused(capsys, str(lacking), *ASKED)
    other = tmp_path / "other.csv"
    full(noise=0.1, replicates=2).rename(columns={"lr": "rate"}).to_csv(other, index=False)
    for option in ("--noise", "--replicates"):
        told = refused(capsys, table, *ASKED, option, str(other))
        assert "the factors differ: 'lr' only in the full table and 'rate' only in the replicates" in told


def test_failed_trials_of_a_table_that_is_full_all_the_same(
    full: Full, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = full(noise=0.1, replicates=2)
    frame["state"] = "done"
    frame.loc[4, "state"], frame.loc[4, "y"] = "failed", None
    frame.to_csv(tmp_path / "full.csv", index=False)
    assert main(["validate", str(tmp_path / "full.csv"), *ASKED, "--designs", "pb12", "--estimator", "raw"]) == 1
    assert "1 of 64" in " ".join(capsys.readouterr().out.split())


def test_options_that_do_not_go_together(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = tmp_path / "second.csv"
    shutil.copy(table, second)
    compare = [table, str(second), *ASKED[:4]]
    assert "--designs: this has a use with --replays alone" in refused(capsys, *compare, "--designs", "pb12")
    assert "--jobs: this has a use with --replays alone" in refused(capsys, *compare, "--jobs", "2")
    assert "2 tables are named, and virtual studies are made on one" in refused(capsys, table, str(second), *ASKED)
    assert "1 table is named; name SCREEN.csv and FULL.csv" in refused(capsys, table, *ASKED[:4])
    assert "--transform: this has no use with --replays" in refused(capsys, table, *ASKED, "--transform", "log")
    assert "'pb12..12'" not in refused(capsys, table, *ASKED, "--designs", "pb12..12")
    assert "'nothing' is not a design" in refused(capsys, table, *ASKED, "--designs", "nothing")
    assert "no design is named" in refused(capsys, table, *ASKED, "--designs", ",")
    assert "is in use already" in refused(capsys, table, *ASKED, "--report", table)
    assert "1 replays tell no share" in refused(capsys, table, *ASKED[:4], "--replays", "1")
