"""The verb ``power``: what is read, what is printed, and mistakes in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from qim_stats.cli import power as cli_power
from qim_stats.cli.one_line_parser import OneLineParser
from qim_stats.errors import QimError


def run(*words: str) -> int:
    parser: Any = OneLineParser(prog="qim")
    cli_power.add_parser(parser.add_subparsers())
    args = parser.parse_args(["power", *words])
    return int(args.handler(args))


def test_the_answer_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--names", "lr,momentum,decay,batch", "--sd", "0.01", "--effect", "0.02", "--seconds", "30") == 0
    out = capsys.readouterr().out
    assert out.startswith("The cheapest design here that sees an effect of 0.02")
    assert "30 s a trial" in out


def test_a_study_file_brings_its_design_seed_and_response(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Path(__file__).parents[3] / "analysis" / "lenet_fashion" / "screen.toml"
    pilot = tmp_path / "pilot.csv"
    pilot.write_text("base_lr,seed,seconds,accuracy\n0.002,1,2,0.80\n0.002,2,4,0.82\n0.02,3,3,0.85\n0.02,4,3,0.86\n")
    assert run(str(study), "--pilot", str(pilot), "--json", "-") == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert [row["design"] for row in answer["designs"] if row["asked"]] == ["PB12"]
    assert (answer["method"]["seed"], answer["noise"]["df"], answer["price"]["seconds"]) == (2016, 2, 3.0)
    assert "SD of a trial over seeds" in told.err


def test_a_pilot_with_failed_trials_needs_attention(tmp_path: Path) -> None:
    pilot = tmp_path / "pilot.csv"
    pilot.write_text("run,state,accuracy\n1,done,0.80\n1,done,0.82\n1,failed,\n")
    out = tmp_path / "power.json"
    assert run("--factors", "5", "--pilot", str(pilot), "--response", "accuracy", "--json", str(out)) == 1
    assert json.loads(out.read_text())["alerts"][0]["code"] == "trials_set_aside"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--factors", "0"], "--factors"),
        (["--factors", "5", "--effect", "0.1"], "add --sd"),
        (["--factors", "5", "--sd", "0.1", "--pilot", "p.csv"], "given twice"),
        (["--factors", "5", "--pilot", "p.csv"], "no response is named"),
        (["--factors", "5", "--pilot", "p.csv", "--response", "y"], "no such file"),
        (["--factors", "5", "--seconds", "-3"], "--seconds"),
        (["--factors", "5", "--sd", "1", "--jobs", "0"], "--jobs"),
        (["--factors", "5", "--pilot", "p.csv", "--json", "p.csv"], "in use already"),
        (["--names", "a,a"], "a"),
        (["--factors", "5", "--heredity", "-1"], "heredity"),
    ],
)
def test_mistakes_are_told_with_their_place(words: list[str], told: str) -> None:
    with pytest.raises(QimError, match=told) as caught:
        run(*words)
    assert "\n" not in str(caught.value)


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    out = capsys.readouterr().out
    assert "$ python -m qim_stats power --names" in out
