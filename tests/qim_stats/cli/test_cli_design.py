from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
import pytest

from qim_stats.cli.design import add_parser
from qim_stats.errors import DesignError, FactorError, QimError

STUDY = """\
name = "lenet"
response = "accuracy"
direction = "maximize"
seed = 5
[design]
runs = 20
foldover = true
[[factor]]
name = "<script>"
low = 0.001
high = 0.1
target = "solver.base_lr"
[[factor]]
name = "b"
low = "x"
high = "y"
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


def design(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="python -m qim_stats")
    add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["design", *arguments])
    status: int = args.handler(args)
    return status


def test_names_make_a_table_to_fill_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert design("--names", 'a, "b,c" ,d', "--out", "design.csv") == 0
    table = pd.read_csv("design.csv")
    assert list(table.columns[:7]) == ["run", "replicate", "block", "order", "a", "b,c", "d"]
    assert table.columns[-1] == "response"
    assert table["order"].tolist() == list(range(1, 13))
    assert table["response"].isna().all()
    assert set(table["a"]) == {-1, 1}
    out, err = capsys.readouterr()
    assert "12 runs" in out
    assert "8 columns, kept to estimate the error: e1" in out
    assert "correlation at most 0.33" in out
    assert "design.csv, design.meta.json" in out
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80


def test_a_study_gives_the_defaults() -> None:
    Path("study.toml").write_text(STUDY)
    design("study.toml", "--out", "d.csv")
    table = pd.read_csv("d.csv")
    assert len(table) == 40
    assert table.columns[-1] == "accuracy"
    assert set(table["<script>"]) == {0.001, 0.1}
    metadata = json.loads(Path("d.meta.json").read_text())
    assert metadata["study"] == "lenet"
    assert metadata["seed"] == 5
    assert metadata["direction"] == "maximize"
    assert metadata["factors"][0]["target"] == "solver.base_lr"
    assert metadata["design"]["foldover"] is True
    assert metadata["design"]["runs"] == 20


def test_the_command_line_wins() -> None:
    Path("study.toml").write_text(STUDY)
    design("study.toml", "--runs", "12", "--no-foldover", "--replicates", "2", "--seed", "6", "--out", "d.csv")
    metadata = json.loads(Path("d.meta.json").read_text())
    assert (metadata["design"]["runs"], metadata["design"]["foldover"], metadata["design"]["replicates"]) == (
        12,
        False,
        2,
    )
    assert metadata["seed"] == 6
    assert len(pd.read_csv("d.csv")) == 24


def test_another_kind_drops_the_files_number_of_runs() -> None:
    Path("study.toml").write_text(STUDY)
    design("study.toml", "--kind", "full-factorial", "--no-foldover", "--out", "d.csv")
    assert len(pd.read_csv("d.csv")) == 4


def test_json_on_standard_output_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    design("--names", "a,b,c,d,e,f,g", "--runs", "8", "--json", "-", "--out", "d.csv")
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["trials"] == 8
    assert found["aliasing"]["main_largest"] == 1.0
    assert len(found["rows"]) == 8
    assert found["rows"][7]["a"] == -1
    assert len(found["warnings"]) == 3
    assert err.count("warning ") == 3


def test_json_to_a_file() -> None:
    design("--names", "a", "--json", "d.json", "--out", "d.csv")
    assert json.loads(Path("d.json").read_text())["schema"] == 1


def test_the_same_command_again_changes_nothing_and_another_is_refused() -> None:
    design("--names", "a,b", "--out", "d.csv")
    files = {path.name: path.read_bytes() for path in Path().iterdir()}
    design("--names", "a,b", "--out", "d.csv")
    with pytest.raises(DesignError, match="there already"):
        design("--names", "a,b", "--seed", "1", "--out", "d.csv")
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == files


def test_measured_values_are_safe() -> None:
    design("--names", "a,b", "--out", "d.csv")
    table = pd.read_csv("d.csv").assign(response=0.5)
    table.to_csv("d.csv", index=False)
    before = Path("d.csv").read_bytes()
    with pytest.raises(DesignError, match="may hold what was measured"):
        design("--names", "a,b", "--out", "d.csv")
    assert Path("d.csv").read_bytes() == before


def test_two_results_in_one_file_are_refused() -> None:
    with pytest.raises(DesignError, match="one file"):
        design("--names", "a", "--out", "d.csv", "--json", "d.meta.json")
    assert not list(Path().iterdir())


def test_a_factor_named_response_leaves_another_name_for_the_empty_column() -> None:
    design("--names", "response,y", "--out", "d.csv")
    assert pd.read_csv("d.csv").columns[-1] == "y2"


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--names", "a,b,a"], FactorError, "two factors named 'a'"),
        (["--names", "a,,b"], QimError, "names no factor in one place"),
        (["--names", ""], QimError, "names no factor in one place"),
        (["--names", "a,run"], FactorError, "'run' cannot be a factor"),
        (["--names", "a", "--runs", "13"], DesignError, "runs: 13 runs are not a multiple of 4; take 12 or 16 runs"),
        (["--names", "a", "--seed", "-1"], DesignError, "seed: "),
        (["--names", "a", "--replicates", "0"], DesignError, "replicates: "),
        (["--names", "a,b", "--blocks", "3"], DesignError, "blocks: there are no 3 orthogonal blocks"),
        (["--names", "a,b", "--center-points", "-1"], DesignError, "center_points: "),
        (["--names", "a,b", "--resolution", "4"], DesignError, "resolution: kind 'plackett-burman' takes no"),
        (["--names", "a,b", "--kind", "fractional"], DesignError, "factors: 2 factors have no fraction"),
        (
            ["--names", "a,b,c", "--kind", "definitive", "--columns", "best"],
            DesignError,
            "columns: kind 'definitive' leaves no choice",
        ),
        (["none.toml"], FactorError, "none.toml: cannot read the file"),
    ],
)
def test_mistakes(arguments: list[str], kind: type[QimError], words: str) -> None:
    with pytest.raises(kind) as error:
        design(*arguments, "--out", "d.csv")
    assert words in str(error.value)
    assert not list(Path().iterdir())


def test_every_kind_tells_its_properties_on_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for kind, runs in (("fractional", 16), ("definitive", 17), ("box-tyssedal", 16), ("no-confounding", 16)):
        assert design("--names", "a,b,c,d,e,f,g", "--kind", kind, "--out", f"{kind}.csv", "--json", f"{kind}.json") == 0
        out = capsys.readouterr().out
        assert f"{runs} runs" in out
        assert all(f"\n{label:<9}" in out for label in ("resolves", "quality", "error", "drift"))
        assert max(map(len, out.splitlines())) <= 80
        found = json.loads(Path(f"{kind}.json").read_text())
        assert found["properties"]["d_efficiency"] > 75
        assert len(found["rows"]) == runs


def test_words_and_chains_of_a_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    design("--names", "a,b,c,d,e", "--kind", "fractional", "--runs", "8", "--json", "-", "--out", "d.csv")
    out, err = capsys.readouterr()
    found = json.loads(out)["properties"]
    assert found["resolution"] == "III"
    assert found["word_length_pattern"] == [2, 1, 0]
    assert "words    I = a:b:d = a:c:e = b:c:d:e" in err
    assert "a + b:d + c:e" in err


def test_all_options_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("--names", "a,b,c,d,e,f", "--runs", "24", "--columns", "best", "--replicates", "2", "--out", "d.csv")
    design(*names, "--center-points", "4", "--blocks", "4", "--order", "drift-proof", "--json", "d.json")
    out = capsys.readouterr().out
    table = pd.read_csv("d.csv")
    assert len(table) == 52
    assert (table["a"] == 0).sum() == 4
    assert table["block"].value_counts().tolist() == [13, 13, 13, 13]
    assert "in 4 blocks" in out
    assert "4 center points" in out
    assert "drift-proof run order" in out
    found = json.loads(Path("d.json").read_text())
    assert found["design"]["center_points"] == 4
    assert found["design"]["blocks"] == 4
    assert found["design"]["columns"] == "best"
    assert found["design"]["order"] == "drift-proof"
    assert found["properties"]["linear_trend"] < 0.1
    assert found["properties"]["confounded_with_blocks"]


def test_a_file_may_ask_for_all_of_it() -> None:
    wanted = (
        'kind = "fractional"\nresolution = 4\ncenter_points = 0\nblocks = 2\norder = "drift-proof"\ncolumns = "first"\n'
    )
    levels = "".join(f'[[factor]]\nname = "{name}"\nlow = 1\nhigh = 3\n' for name in "abcdef")
    Path("f.toml").write_text(f"[design]\n{wanted}{levels}")
    design("f.toml", "--out", "d.csv")
    table = pd.read_csv("d.csv")
    assert table["block"].value_counts().tolist() == [8, 8]
    design("f.toml", "--runs", "32", "--out", "e.csv")
    assert len(pd.read_csv("e.csv")) == 32
    design("f.toml", "--kind", "definitive", "--blocks", "1", "--out", "g.csv")
    assert set(pd.read_csv("g.csv")["a"]) == {1, 2, 3}


@pytest.mark.parametrize(
    "arguments", [["--out", "d.csv"], ["--names", "a"], ["--names", "a", "f.toml", "--out", "d.csv"]]
)
def test_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        design(*arguments)
    assert stop.value.code == 2


def test_names_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("f.toml").write_text('response = "\\u001b[2J"\n[[factor]]\nname = "$(x) <b>"\nlow = 1\nhigh = 2\n')
    design("f.toml", "--out", "d.csv")
    assert "\x1b" not in capsys.readouterr().out


def test_help_shows_a_worked_example_that_fits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        design("--help")
    out = capsys.readouterr().out
    assert "$ python -m qim_stats design --names lr,momentum,decay,batch --out design.csv" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_large_design_is_written_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    names = ",".join(f"f{i}" for i in range(150))
    assert design("--names", names, "--out", "design.csv") == 0
    assert "152 runs" in capsys.readouterr().out
