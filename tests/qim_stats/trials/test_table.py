"""Reading a CSV: exact numbers, text left as text, and a place for everything malformed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qim_stats.errors import TrialsError
from qim_stats.trials.table import read_table


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "trials.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        ("", "trials.csv:", "empty"),
        ("\n \n", "trials.csv:", "empty"),
        ("a,b,y\n", "trials.csv:", "no rows"),
        ("a,b,y\n1,2,3\n1,2\n", "trials.csv:3:", "has 2 cells where the header has 3"),
        ("a,b,y\n1,2,3\n1,2,3,4\n", "trials.csv:3:", "has 4 cells where the header has 3"),
        ('a,b,y\n1,"x\nx",3\n1,2\n', "trials.csv:4:", "has 2 cells"),
        ('a,b,y\n1,"2,3\n', "trials.csv:", "not a CSV row"),
        ("a,b,a\n1,2,3\n", "trials.csv:1:", "'a' is there twice"),
        ('"a\nb",y\n1,2\n', "trials.csv:2:", "control characters"),
        ("a,y\n1,2\n\x00,3\n", "trials.csv:3:", "NUL"),
        (b"a,y\n1,2\n\xff\xfe,3\n", "trials.csv:3:", "not UTF-8"),
    ],
)
def test_malformed_files_name_the_line(tmp_path: Path, content: str | bytes, place: str, problem: str) -> None:
    with pytest.raises(TrialsError) as caught:
        read_table(write(tmp_path, content))
    assert place in str(caught.value)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TrialsError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(TrialsError, match="directory"):
        read_table(tmp_path)
    with pytest.raises(TrialsError, match="cannot be read"):
        read_table("a\0b")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_line_ends_and_byte_order_mark(tmp_path: Path, separator: str, ending: str) -> None:
    lines = ["lr;y", "0.1;1", "", "0.2;2", ""]
    text = "\ufeff" + ending.join(line.replace(";", separator) for line in lines)
    table = read_table(write(tmp_path, text))
    assert table.frame["lr"].to_list() == [0.1, 0.2]
    assert table.lines == (2, 4)


def test_words_stay_text_and_empty_cells_are_missing(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, "a,b,y\nNone,,1\nL2,3,2\n")).frame
    assert frame["a"].to_list() == ["None", "L2"]
    assert frame["b"].isna().to_list() == [True, False]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_read_exactly(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text("y\n" + "".join(f"{x!r}\n" for x in numbers))
    assert read_table(path).frame["y"].astype(float).to_list() == numbers


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12), min_size=1, max_size=6))
def test_any_text_in_quotes_comes_back(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["name", "y"], *([cell, "z"] for cell in cells)])
    path.write_bytes(buffer.getvalue().encode())
    frame = read_table(path).frame
    assert len(frame) == len(cells)
    if frame["name"].dtype != object and not pd.api.types.is_string_dtype(frame["name"].dtype):
        return  # all cells spelled numbers or truth values
    assert frame["name"].fillna("").astype(str).to_list() == cells


def test_data_frames_become_what_their_csv_would_be() -> None:
    frame = pd.DataFrame(
        {
            "number": pd.array([1, 2, None], dtype="Int64"),
            "spelled": ["0.1", "1e-1", "2"],
            "truth": np.array([True, False, True], dtype=object),
            "text": pd.Categorical(["a", "b", "a"]),
            3: [1.0, 2.0, 3.0],
        },
        index=[5, 5, 7],
    )
    table = read_table(frame)
    assert list(table.frame.columns) == ["number", "spelled", "truth", "text", "3"]
    assert table.frame["spelled"].to_list() == [0.1, 0.1, 2.0]
    assert table.frame["truth"].dtype == bool
    assert table.frame["text"].to_list() == ["a", "b", "a"]
    assert table.frame.index.to_list() == [0, 1, 2]
    assert table.place(2, "text") == "row 3, column 'text'"


def test_empty_and_ambiguous_frames_are_refused() -> None:
    with pytest.raises(TrialsError, match="no rows"):
        read_table(pd.DataFrame({"a": []}))
    with pytest.raises(TrialsError, match="twice"):
        read_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))
