"""Where results cannot go is told before anything is computed."""

import argparse
from pathlib import Path

import pytest

import qim_stats as qs
from qim_stats.cli.outputs import check_outputs
from qim_stats.errors import QimError
from qim_stats.plain import to_json
from qim_stats.report.replays import render_replays

RECORDED = Path(__file__).parents[3] / "analysis" / "lenet_fashion"


@pytest.mark.parametrize(
    ("given", "at", "told"),
    [
        ({"report": "missing/out.html"}, "--report", "there is no folder 'missing'"),
        ({"json": "trials.csv/x.json"}, "--json", "there is no folder 'trials.csv'"),
        ({"report": "."}, "--report", "it is a folder"),
        ({"json": ""}, "--json", "'' is not the name of a file"),
        ({"report": "-"}, "--report", "'-' is not the name of a file"),
        ({"report": "trials.csv"}, "--report", "is in use already"),
        ({"json": "trials.meta.json"}, "--json", "is in use already"),
        ({"out": "next.csv", "joined": "next.csv"}, "--joined", "is in use already"),
        ({"out": "next.csv", "json": "next.meta.json"}, "--json", "is in use already"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(
    given: dict[str, str], at: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trials.csv").touch()
    with pytest.raises(QimError, match="^" + at) as caught:
        check_outputs(argparse.Namespace(**given), ["trials.csv"])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("option", "name", "held"),
    [
        ("report", "net.prototxt", b"name: 'net'"),
        ("report", "measured.csv", b"lr,accuracy\n1,0.5\n"),
        ("report", "ledger.sqlite", b"SQLite format 3\0\xff\xfe"),
        ("report", "old.json", b"{}"),
        ("report", "page.html", b"<!DOCTYPE html>\n<html></html>"),
        ("json", "package.json", b'{"name": "net", "truth": 1}'),
        ("json", "measured.csv", b"lr,accuracy\n1,0.5\n"),
        ("json", "numbers.json", b"[1, 2]"),
        ("json", "ledger.sqlite", b"SQLite format 3\0\xff\xfe"),
        ("json", "other.meta.json", b'{"schema": 1}'),
        ("json", "report.html", b"<!DOCTYPE html>\n"),
    ],
)
def test_a_file_that_is_no_earlier_result_is_kept(option: str, name: str, held: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(held)
    with pytest.raises(QimError, match=f"^--{option}: .*is there and holds no earlier .*; give another path"):
        check_outputs(argparse.Namespace(**{option: str(tmp_path / name)}), ["trials.csv"])
    assert (tmp_path / name).read_bytes() == held


def test_earlier_results_and_empty_files_may_be_replaced(tmp_path: Path) -> None:
    report, record, empty = (tmp_path / name for name in ("r.html", "r.json", "empty"))
    analysis = qs.analyze(RECORDED / "screen.csv")
    analysis.to_html(report)
    analysis.to_json(record)
    empty.touch()
    check_outputs(argparse.Namespace(report=str(report), json=str(record)), ["trials.csv"])
    check_outputs(argparse.Namespace(report=str(empty), json="/dev/null"), ["trials.csv"])
    record.write_text(to_json(qs.validate(analysis, qs.analyze(RECORDED / "full.csv")).to_dict()), encoding="utf-8")
    check_outputs(argparse.Namespace(json=str(record)), ["trials.csv"])
    found = qs.replay(RECORDED / "full.csv", replays=2, designs=["pb12"], estimators=["raw"])
    found.to_json(record)
    report.write_text(render_replays(found), encoding="utf-8")
    check_outputs(argparse.Namespace(report=str(report), json=str(record)), ["trials.csv"])


def test_standard_output_and_a_folder_that_is_there_are_taken(tmp_path: Path) -> None:
    check_outputs(argparse.Namespace(json="-", report=str(tmp_path / "out.html"), joined=None), ["trials.csv"])
