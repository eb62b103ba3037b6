"""Where results cannot go is told before anything is computed."""

import argparse
from pathlib import Path

import pytest

from qim_stats.cli.outputs import check_outputs
from qim_stats.errors import QimError


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
    report.write_text("\n<!DOCTYPE html>\n<html></html>", encoding="utf-8")
    record.write_text('{"schema": 1}', encoding="utf-8")
    empty.touch()
    check_outputs(argparse.Namespace(report=str(report), json=str(record)), ["trials.csv"])
    check_outputs(argparse.Namespace(report=str(empty), json="/dev/null"), ["trials.csv"])


def test_standard_output_and_a_folder_that_is_there_are_taken(tmp_path: Path) -> None:
    check_outputs(argparse.Namespace(json="-", report=str(tmp_path / "out.html"), joined=None), ["trials.csv"])
