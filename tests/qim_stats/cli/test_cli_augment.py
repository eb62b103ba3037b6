"""The verb `augment` as a shell sees it."""

import argparse
import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from qim_stats.cli import augment as cli_augment
from qim_stats.cli.one_line_parser import OneLineParser
from qim_stats.errors import QimError
from qim_stats.trials import read_trials

SCREEN = Path(__file__).parents[3] / "analysis" / "lenet_fashion" / "screen.csv"
Run = Callable[..., int]


@pytest.fixture
def augment(tmp_path: Path) -> Run:
    """Run the verb on the recorded screen, cut down to four factors."""

    def run(*words: str, table: Path | None = None, out: str = "next.csv") -> int:
        parser: argparse.ArgumentParser = OneLineParser(prog="qim_stats")
        cli_augment.add_parser(parser.add_subparsers(required=True))
        given = ["augment", str(table or SCREEN), "--factors", "base_lr,momentum,max_iter,hidden", *words]
        args = parser.parse_args([*given, "--out", str(tmp_path / out)])
        return int(args.handler(args))

    return run


def test_the_runs_are_written_and_the_options_told(
    augment: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert augment("--runs", "4", "--goal", "top-1") == 0
    told = capsys.readouterr().out
    # A long path is never broken, so that it can be copied.
    assert max(len(line) for line in told.splitlines() if str(tmp_path) not in line) <= 80
    for method in ("foldover", "replicates", "semifold", "bayesian-d", "md", "posterior"):
        assert method in told
    rows = pd.read_csv(tmp_path / "next.csv")
    assert len(rows) == 4
    assert set(rows["state"]) == {"pending"}
    assert rows["accuracy"].isna().all()
    meta = json.loads((tmp_path / "next.meta.json").read_text())
    assert meta["design"]["stages"] == 2
    assert meta["study"] == "LeNet on Fashion-MNIST, screening"
    assert "weight_filler" in [factor["name"] for factor in meta["factors"]]


def test_the_command_that_is_told_joins_the_tables(
    augment: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert augment("--runs", "3", "--method", "replicates") == 0
    told = " ".join(capsys.readouterr().out.split())
    join = told.partition("then join: ")[2].partition(" next ")[0]
    rows = pd.read_csv(tmp_path / "next.csv")
    rows.assign(state="done", accuracy=[0.5, 0.6, 0.7]).to_csv(tmp_path / "next.csv", index=False)
    subprocess.run(["sh", "-c", join], cwd=tmp_path, check=True)
    read = read_trials(tmp_path / "all.csv")
    assert (read.n, read.block) == (15, "block")
    assert [f.name for f in read.factors] != []


def test_json_on_standard_output_is_alone_there(augment: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert augment("--runs", "3", "--method", "posterior", "--json", "-") == 0
    seen = capsys.readouterr()
    told = json.loads(seen.out)
    assert told["chosen"] == "posterior"
    assert "posterior" in seen.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--runs", "1"], "--runs: one run in a block of its own"),
        (["--runs", "5", "--method", "foldover"], "--method: foldover cannot be had with 5 runs"),
        (["--runs", "5", "--goal", "pair:base_lr,momentums"], "did you mean 'momentum'?"),
        (["--runs", "5", "--json", ""], "--json: '' is not the name of a file"),
        (["--runs", "5", "--joined", str(SCREEN)], "is in use already"),
        (["--cost", "max_iters=200:2"], "--cost: unknown factor 'max_iters'; did you mean 'max_iter'?"),
        (["--cost", "max_iter=150:2"], "--cost: factor 'max_iter' has no level 150"),
        (["--cost", "max_iter=200:2,max_iter=100:0"], "cannot cost 0"),
        (["--cost", ","], "--cost: ',' names no factor in one place"),
        (["--jobs", "0"], "--jobs: 0 jobs run no trial"),
        (["--budget", "5"], "--budget: 5 trials are too few: 4 factors need 6"),
        (["--budget", "24", "--runs", "4"], "--runs and --budget do not go together"),
        (["--budget", "24", "--goal", "top-9"], "no question which 9 of 4"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    augment: Run, tmp_path: Path, words: list[str], complaint: str
) -> None:
    with pytest.raises(QimError) as caught:
        augment(*words)
    assert complaint in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_step_writes_runs_only_where_there_are_any_to_do(
    augment: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert augment("--goal", "top-1 settled at 0.9", "--budget", "48", "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["outcome"] == "go on"
    assert told["follow_up"]["chosen"] == "posterior"
    rows = pd.read_csv(tmp_path / "next.csv")
    assert len(rows) == 4
    assert set(rows["block"]) == {1}
    assert augment("--goal", "sign of base_lr settled at 0.6", "--budget", "24", out="none.csv") == 0
    assert "Settled: accuracy is higher with base_lr at 0.02 than at 0.002" in capsys.readouterr().out
    assert not (tmp_path / "none.csv").exists()


def test_costs_are_told_beside_the_options(augment: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert augment("--jobs", "3", "--cost", "max_iter=200:2", "--method", "replicates") == 0
    told = capsys.readouterr().out
    assert "  cost  seconds" in told
    assert "gains most for its cost" in told


def test_measured_rows_are_not_overwritten(augment: Run, tmp_path: Path) -> None:
    (tmp_path / "next.csv").write_text("measured\n")
    with pytest.raises(QimError, match="is there already"):
        augment("--runs", "3", "--method", "replicates")
    assert (tmp_path / "next.csv").read_text() == "measured\n"


def test_a_table_without_a_block_column_is_joined_by_the_verb(
    augment: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "mine.csv"
    pd.read_csv(SCREEN)[["base_lr", "momentum", "max_iter", "hidden", "accuracy"]].to_csv(table, index=False)
    asked = ["--runs", "3", "--method", "replicates", "--response", "accuracy", "--direction", "maximize"]
    assert augment(*asked, table=table) == 0
    assert "--joined all.csv" in capsys.readouterr().out
    assert augment(*asked, "--joined", str(tmp_path / "all.csv"), table=table) == 0
    assert shlex.quote(str(tmp_path / "all.csv")) in " ".join(capsys.readouterr().out.split())
    joined = pd.read_csv(tmp_path / "all.csv")
    assert joined["block"].tolist() == [1] * 12 + [2] * 3


def test_trials_that_were_set_aside_give_status_1(augment: Run, tmp_path: Path) -> None:
    table = tmp_path / "failed.csv"
    rows = pd.read_csv(SCREEN)
    rows.loc[3, "state"] = "diverged"
    rows.to_csv(table, index=False)
    asked = ["--runs", "3", "--method", "replicates", "--response", "accuracy", "--direction", "maximize"]
    assert augment(*asked, table=table) == 1
