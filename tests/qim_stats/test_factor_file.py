from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qim_stats.design import DesignSettings
from qim_stats.errors import FactorError
from qim_stats.factor_file import read_factor_file, read_factors
from qim_stats.factors import Factor

STUDY = """\
name = "lenet"
response = "accuracy"
direction = "maximize"
seed = 5

[limits]
cpus = 1

[design]
runs = 20
foldover = true

[[factor]]
name = "lr"
target = "solver.base_lr"
low = 0.001
high = 0.1
scale = "log"
unit = "1/step"

[[factor]]
name = "filler"
low = "xavier"
high = "gaussian"

[[factor]]
name = "nesterov"
low = false
high = true
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study_file(tmp_path: Path) -> None:
    found = read_factor_file(write(tmp_path, STUDY))
    assert found.factors == (
        Factor("lr", 0.001, 0.1, "log", "1/step"),
        Factor("filler", "xavier", "gaussian"),
        Factor("nesterov", False, True),
    )
    assert found.targets == {"lr": "solver.base_lr"}
    assert found.settings == DesignSettings("plackett-burman", 20, True, 1)
    assert (found.seed, found.study, found.response, found.direction) == (5, "lenet", "accuracy", "maximize")


def test_a_file_of_factors_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeff" + '[[factor]]\r\nname = "a"\r\nlow = 1\r\nhigh = 2\r\n')
    assert read_factors(path) == (Factor("a", 1, 2),)
    assert read_factor_file(path).settings == DesignSettings()


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("unit =", "units =", 19, "unknown key 'units' in [[factor]] number 1; did you mean 'unit'"),
        ('high = "gaussian"', 'hihg = "gaussian"', 24, "did you mean 'high'"),
        ("high = true\n", "", 26, "number 3 has no high"),
        ("high = true", "high = 2", 26, "levels of different kinds"),
        ("high = true", "high = 2020-01-01", 29, "not a number of at most 64 bits, a text"),
        ("high = true", f"high = {2**64}", 29, "64 bits"),
        ('"filler"', '"lr"', 22, "two factors named 'lr'"),
        ('"filler"', '"seed"', 22, "'seed' cannot be a factor"),
        ('"filler"', "3", 22, "name is 3, not a text in quotes"),
        ('"filler"', '"a\\nb"', 21, "control characters"),
        ('scale = "log"', 'scale = "lgo"', 18, "unknown scale 'lgo'; did you mean 'log'?"),
        ("low = 0.001", "low = 0.0", 13, "log scale"),
        ("low = 0.001", "low = nan", 13, "not finite"),
        ("low = 0.001", "low = 0.1", 13, "same low and high"),
        ("low = 0.001", "low = = 1", 16, "is not TOML: invalid value at column 7"),
        ("low = 0.001", "low = 1\nlow = 2", 17, "is not TOML: cannot overwrite a value"),
        ("runs = 20", "run = 20", 10, "unknown key 'run' in [design]; did you mean 'runs'"),
        ("runs = 20", 'runs = "20"', 10, "not a whole number"),
        ("runs = 20", "runs = true", 10, "not a whole number"),
        ("foldover = true", "foldover = 1", 11, "not true or false"),
        ("seed = 5", "seed = 5.0", 4, "seed is 5.0, not a whole number"),
        ('"maximize"', '"maximise"', 3, "did you mean 'maximize'"),
        ('target = "solver.base_lr"', "target = 3", 15, "target is 3"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in STUDY
    path = write(tmp_path, STUDY.replace(old, new, 1))
    with pytest.raises(FactorError) as error:
        read_factor_file(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_lines_are_right_after_a_text_that_looks_like_a_table(tmp_path: Path) -> None:
    text = 'note = """\n[[factor]]\nhihg = 1\n"""\n[[factor]]\nname = "a"\nlow = 1\n"hihg" = 2\n'
    with pytest.raises(FactorError, match="hihg") as error:
        read_factors(write(tmp_path, text))
    assert error.value.where == f"{tmp_path / 'study.toml'}:8"


def test_inline_tables_are_told_by_number(tmp_path: Path) -> None:
    path = write(tmp_path, 'factor = [{name = "a", low = 1, high = 2}, {name = "b", low = 1}]\n')
    with pytest.raises(FactorError, match="number 2 has no high") as error:
        read_factors(path)
    assert error.value.where == str(path)


@pytest.mark.parametrize(
    "text", ["", "x = 1\n", "factor = 3\n", "factor = []\n", "factor = [1]\n", "[factor]\nname = 'a'\n"]
)
def test_no_factors(tmp_path: Path, text: str) -> None:
    with pytest.raises(FactorError, match="no \\[\\[factor\\]\\] tables"):
        read_factors(write(tmp_path, text))


def test_design_is_a_table(tmp_path: Path) -> None:
    with pytest.raises(FactorError, match="design is not a table"):
        read_factors(write(tmp_path, 'design = "pb"\n[[factor]]\nname = "a"\nlow = 1\nhigh = 2\n'))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    (tmp_path / "deep.toml").write_text("a = " + "[" * 9999)
    (tmp_path / "open.toml").write_text('a = """\nb\n')
    for name, words in [
        ("none.toml", "no such file"),
        (".", "is a directory"),
        ("latin.toml", "not UTF-8 text \\(byte 9\\)"),
        ("deep.toml", "nested too deeply"),
        ("open.toml", "unterminated string at the end of the file"),
    ]:
        with pytest.raises(FactorError, match=words) as error:
            read_factors(tmp_path / name)
        assert str(tmp_path) in str(error.value)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "x.toml"
    path.write_bytes(text.encode())
    said = ""
    try:
        read_factors(path)
    except FactorError as error:
        said = str(error)
    assert said == "" or said.isprintable()


def test_a_factor_may_move_several_fields_together(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('[[factor]]\nname = "width"\ntarget = ["solver.momentum", "solver.momentum2"]\nlow = 1\nhigh = 2\n')
    assert read_factor_file(path).targets == {"width": "solver.momentum; solver.momentum2"}
    path.write_text('[[factor]]\nname = "width"\ntarget = [1]\nlow = 1\nhigh = 2\n')
    with pytest.raises(FactorError, match=":3"):
        read_factor_file(path)
