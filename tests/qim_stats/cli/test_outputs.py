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


def test_standard_output_and_a_folder_that_is_there_are_taken(tmp_path: Path) -> None:
    check_outputs(argparse.Namespace(json="-", report=str(tmp_path / "out.html"), joined=None), ["trials.csv"])
