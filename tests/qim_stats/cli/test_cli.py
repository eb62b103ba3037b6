"""The command line as a user meets it: what is printed, what is written, and with which status it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.cli import main

REFERENCE = Path(__file__).parents[2] / "reference"
FATIGUE = str(REFERENCE / "fatigue.csv")
ASKED = ["--response", "y", "--direction", "maximize"]
ROOT = str(Path(qs.__file__).parents[2])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": ROOT}


def write_tables(folder: Path, names: tuple[str, ...] = ("lr", "wd", "bs")) -> tuple[str, str]:
    factors = [qs.Factor(name, 0.1, 0.2) for name in names]
    for path, design in (
        ("screen.csv", qs.plackett_burman(factors, runs=12, seed=0)),
        ("full.csv", qs.full_factorial(factors, seed=0)),
    ):
        effects = np.array([4.0, -2.0, 1.0])
        noise = np.random.default_rng(1).standard_normal(design.n)
        y = design.coded[list(names)].to_numpy(dtype=float) @ effects + 0.1 * noise
        design.natural().assign(accuracy=y, seconds=1.5).to_csv(folder / path, index=False)
    return str(folder / "screen.csv"), str(folder / "full.csv")


def test_analyze_prints_the_verdict_first_within_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", FATIGUE, *ASKED]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("No factor can be told from noise")
    assert max(map(len, lines)) <= 80
    header = next(i for i, line in enumerate(lines) if line.startswith("rank"))
    assert lines[header].split() == ["rank", "interval", "factor", "effect", "SE", "p", "adj", "importance"]
    assert lines[header + 1].split() == ["1", "1-7", "F", "0.9152", "0.3423", "0.389", "59.3", "%"]
    assert any(line.startswith("error    residual.") for line in lines)
    assert any(line.startswith("warning  7 main effects are partly") for line in lines)


def test_json_on_standard_output_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", FATIGUE, *ASKED, "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["schema"] == 1
    # On a slow machine lines of progress come first.
    words = [line for line in captured.err.splitlines() if not line.endswith(" %")]
    assert words[0].startswith("No factor can be told from noise")


def test_results_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, data = tmp_path / "out.html", tmp_path / "out.json"
    assert main(["analyze", FATIGUE, *ASKED, "--report", str(report), "--json", str(data)]) == 0
    assert json.loads(data.read_text())["ranking"][0]["factor"] == "F"
    assert report.read_text().lstrip().lower().startswith("<!doctype html>")
    assert str(report) in capsys.readouterr().out
    assert files(tmp_path) == ["out.html", "out.json"]


def test_every_option_reaches_the_analysis(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--factors", "F,G", "--formula", "y ~ F * G", "--adjust", "bh", "--confidence", "0.9", "--seed", "7"]
    assert main(["analyze", FATIGUE, *ASKED, *options, "--error", "residual", "--json", "-"]) == 0
    method = json.loads(capsys.readouterr().out)["method"]
    assert [f["name"] for f in method["factors"]] == ["F", "G"]
    assert (method["formula"], method["adjust"], method["confidence"]) == ("y ~ F * G", "bh", 0.9)
    assert (method["seed"], method["error"]) == (7, "residual")


def test_failed_trials_end_with_status_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.read_csv(FATIGUE)
    frame["state"] = ["failed", *["done"] * 11]
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert main(["analyze", str(tmp_path / "t.csv"), *ASKED]) == 1
    assert "1 of 12 trials gave no response" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["analyze", "none.csv", *ASKED], "none.csv: no such file"),
        (["analyze", FATIGUE, "--direction", "maximize"], "no response is named"),
        (["analyze", FATIGUE, "--response", "y"], "no direction is given"),
        (["analyze", "", *ASKED], "is a directory"),
        (["analyze", FATIGUE, *ASKED, "--factors", "A,,B"], "--factors"),
        (["analyze", FATIGUE, *ASKED, "--factors", "A\nB"], "--factors"),
        (["analyze", FATIGUE, *ASKED, "--block", "y"], "--block: 'y' is the response"),
        (["analyze", FATIGUE, *ASKED, "--report", ""], "--report: '' is not the name of a file"),
        (["analyze", FATIGUE, *ASKED, "--report", "-"], "--report: '-' is not the name of a file"),
        (["design", "--names", "a\nb", "--out", "d.csv"], "--names"),
        (["validate", FATIGUE, FATIGUE, *ASKED], "the screen and the full table are one file"),
        (["analyze", FATIGUE, *ASKED, "--factors", "H"], "unknown factor 'H'"),
        (["analyze", FATIGUE, *ASKED, "--high", "A"], "--high"),
        (["analyze", FATIGUE, *ASKED, "--confidence", "2"], "--confidence"),
        (["analyze", FATIGUE, *ASKED, "--confidence", "high"], "--confidence"),
        (["analyze", FATIGUE, *ASKED, "--report", FATIGUE], "--report"),
        (["analyze", FATIGUE, *ASKED, "--json", "x.json", "--report", "x.json"], "--json"),
        (["analyze", FATIGUE, *ASKED, "--json", "no/such/folder.json"], "cannot be written"),
        (["analyze"], "TRIALS.csv"),
        (["analyse"], "invalid choice"),
        ([], "VERB"),
        (
            ["analyze", FATIGUE, *ASKED, "--err", "pse"],
            "unrecognized arguments: --err pse; did you mean '--error'?; see python -m qim_stats analyze --help",
        ),
        (["analyze", FATIGUE, *ASKED, "--confidnce=0.9"], "did you mean '--confidence'?"),
        (["analyze", FATIGUE, FATIGUE, *ASKED], f"unrecognized arguments: {FATIGUE}; see python -m qim_stats analyze"),
    ],
)
def test_mistakes_are_one_line_and_status_two(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    assert status == 2
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert files(tmp_path) == []


def test_a_formula_error_shows_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", FATIGUE, *ASKED, "--formula", "y ~ A + FF"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "formula, character 9: there is no column 'FF'; did you mean 'F'?",
        "  y ~ A + FF",
        "          ^^",
    ]


def test_the_table_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    table.write_bytes(Path(FATIGUE).read_bytes())
    (tmp_path / "link.json").symlink_to(table)
    for target in ("link.json", "t.meta.json", "../" + tmp_path.name + "/t.csv"):
        assert main(["analyze", str(table), *ASKED, "--json", str(tmp_path / target)]) == 2
        assert "in use already" in capsys.readouterr().err
    assert table.read_bytes() == Path(FATIGUE).read_bytes()


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"; rm -rf /', "../../x", "$(reboot)", "学習率" * 12, "l r"]
)
def test_odd_names_are_shown_as_text(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_csv(FATIGUE).rename(columns={"F": name}).to_csv(tmp_path / "t.csv", index=False)
    assert main(["analyze", str(tmp_path / "t.csv"), *ASKED, "--json", str(tmp_path / "o.json")]) == 0
    first = next(line for line in capsys.readouterr().out.splitlines() if line.lstrip().startswith("1 "))
    assert first.split()[2][:3] == name.split()[0][:3]
    assert json.loads((tmp_path / "o.json").read_text())["ranking"][0]["factor"] == name


def test_a_name_with_a_line_break_is_one_line_of_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_csv(FATIGUE).rename(columns={"F": "F\n\x1b[31m"}).to_csv(tmp_path / "t.csv", index=False)
    assert main(["analyze", str(tmp_path / "t.csv"), *ASKED]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "\x1b" not in told


def test_a_name_as_long_as_a_book_is_cut_in_the_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_csv(FATIGUE).rename(columns={"F": "x" * 120_000}).to_csv(tmp_path / "t.csv", index=False)
    assert main(["analyze", str(tmp_path / "t.csv"), *ASKED]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("   1       1-7"))
    assert row.split()[2] == "x" * 23 + "…"


def test_validate_tells_agreement_and_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen, full = write_tables(tmp_path)
    options = ["--response", "accuracy", "--direction", "maximize", "--json", str(tmp_path / "v.json")]
    assert main(["validate", screen, full, *options, "--report", str(tmp_path / "v.html")]) == 0
    out = capsys.readouterr().out
    ranking, _, comparison = out.partition("\n12 trials against 8: Kendall's tau 1; top 1 right")
    assert "rank  interval  factor" in ranking
    assert "true rank" in comparison
    # A path is never broken, so that it can be copied.
    assert max(map(len, [line for line in out.splitlines() if str(tmp_path) not in line])) <= 80
    assert "cost     18 s of training against 12 s (150.0 %)" in out
    assert json.loads((tmp_path / "v.json").read_text())["agreement"]["top1"] is True
    assert "Kendall" in (tmp_path / "v.html").read_text()


def test_validate_reads_the_full_table_with_the_levels_of_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen, full = write_tables(tmp_path)
    for path in (screen, full):
        frame = pd.read_csv(path)
        frame["lr"] = frame["lr"].map({0.1: "zero", 0.2: "one"})
        frame.to_csv(path, index=False)
    options = ["--response", "accuracy", "--direction", "maximize", "--high", "lr=one", "--json", "-"]
    assert main(["validate", screen, full, *options]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["agreement"]["sign_agreement"] == 1.0
    assert data["truth"][0]["effect"] > 0
    frame = pd.read_csv(full).replace({"lr": {"one": "two"}})
    frame.to_csv(full, index=False)
    assert main(["validate", screen, full, *options]) == 2
    assert "full.csv:" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("analyze", "validate"):
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0
        out = capsys.readouterr().out
        assert f"$ python -m qim_stats {verb}" in out
        assert max(map(len, out.splitlines())) <= 80


def test_a_closed_pipe_is_no_error() -> None:
    command = [sys.executable, "-m", "qim_stats", "analyze", FATIGUE, *ASKED, "--json", "-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode()
    assert process.wait() == 0
    process.stderr.close()
    assert "Traceback" not in told
    assert "BrokenPipe" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("extra", [[], ["--json", "-"]])
def test_a_full_disk_under_the_output_is_one_line(extra: list[str]) -> None:
    command = [sys.executable, "-m", "qim_stats", "analyze", FATIGUE, *ASKED, *extra]
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False)
    assert answer.returncode == 2
    # On a busy machine the progress of what took more than two seconds stands before it.
    lines = [line for line in answer.stderr.splitlines() if not line.endswith(" %")]
    assert lines == ["standard output cannot be written (No space left on device)"]


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_is_status_130(tmp_path: Path) -> None:
    # A table that never comes: the verb waits for a pipe until it is interrupted.
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "qim_stats", "analyze", str(pipe), *ASKED]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    writer = os.open(pipe, os.O_WRONLY)  # returns once the verb has opened the other end
    process.send_signal(signal.SIGINT)
    out, told = process.communicate()
    os.close(writer)
    assert process.returncode == 130
    assert told.decode().strip() == "interrupted"
    assert out == b""


def test_output_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    pd.read_csv(FATIGUE).rename(columns={"F": "λ"}).to_csv(tmp_path / "t.csv", index=False)
    command = [sys.executable, "-m", "qim_stats", "analyze", str(tmp_path / "t.csv"), *ASKED]
    answer = subprocess.run(
        command, capture_output=True, env={**environment(), "PYTHONIOENCODING": "ascii"}, check=True
    )
    assert b"\\u03bb" in answer.stdout
