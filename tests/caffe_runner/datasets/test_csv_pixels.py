from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from caffe_runner.datasets import csv_pixels
from caffe_runner.datasets.csv_pixels import check_classes, check_same_columns, read_csv
from caffe_runner.errors import DataError


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "train.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "label,a,b,c,d\n1,10,20,30,40\n0,50,60,70,255\n",
        "a,b,label,c,d\n10,20,1,30,40\n50,60,0,70,255\n",  # the label column is found by its name
        "class,a,b,c,d\n1,10,20,30,40\n0,50,60,70,255\n",  # else it is the first
        "1,10,20,30,40\n0,50,60,70,255\n",  # as in the MNIST-in-CSV files: no header, class first
        "\ufefflabel,a,b,c,d\r\n1,10,20,30,40\r\n0,50,60,70,255",  # as Excel writes it
        '"label","a","b","c","d"\n"1","10","20","30","40"\n"0","50","60","70","255"\n',
        "label,a,b,c,d\n\n1, 10,20 ,30,40\n0,50,60,70,255\n\n",
        "label,a,b,c,d\n1,10.0,20.0,30,40\n0.0,50,6e1,70,255\n",
    ],
)
def test_dialects_of_one_table(write, text):
    held = read_csv(write(text), None, None).images
    assert held.labels.tolist() == [1, 0]
    assert held.pixels.tolist() == [[[[10, 20], [30, 40]]], [[[50, 60], [70, 255]]]]


def test_named_label_column_wins(write):
    held = read_csv(write("label,a,b,c,y\n10,20,30,40,1\n"), "y", None).images
    assert held.labels.tolist() == [1]
    assert held.pixels.ravel().tolist() == [10, 20, 30, 40]


def test_counted_columns_are_a_header(write):
    counted = ",".join(map(str, range(10)))
    held = read_csv(write(f"{counted}\n3,{','.join(['7'] * 9)}\n"), None, None).images
    assert held.labels.tolist() == [3]


def test_shape_gives_channels_in_row_major_order(write):
    held = read_csv(write("0," + ",".join(map(str, range(12))) + "\n"), None, (3, 2, 2)).images
    assert held.pixels[0].tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "the file is empty"),
        ("label,a\n", 1, "there is no image below the header"),
        ("5\n6\n", 1, "there is only one column"),
        ("label;a;b\n1;2;3\n", 1, "there is only one column"),
        ("label,a,b\n1,2,3\n", 1, "2 pixels are not a square; set shape"),
        ("label,a,label\n1,2,3\n", 1, "2 columns are called 'label'"),
        ("label,a\n1,2\n1,2,3\n", 3, "3 columns where the first line has 2"),
        ("label,a\n1,2\n\n1\n", 4, "1 columns where the first line has 2"),
        ("label,a\n1,\n", 2, "column 'a' holds nothing where a pixel is a whole number 0 to 255"),
        ("label,a\n0,1\n1,256\n", 3, "column 'a' holds '256'"),
        ("label,a\n1,-1\n", 2, "column 'a' holds '-1'"),
        ("0,0.5\n", 1, "column 2 holds '0.5'"),
        ("label,a\n1,nan\n", 2, "column 'a' holds 'nan'"),
        ("label,a\n1,1_0\n", 2, "column 'a' holds '1_0'"),
        ("label,a\n-1,1\n", 2, "column 'label' holds '-1' where a class is a whole number from 0"),
        ("label,a\ncat,1\n", 2, "column 'label' holds 'cat'"),
        ("label,a\n99999999999,1\n", 2, "column 'label' holds '99999999999'"),
        ('label,a\n1,"2\n0,3"\n', 3, "column 'a' holds '3\"'"),
        ("label,<script>\n1,x\n", 2, "column '<script>' holds 'x'"),
    ],
)
def test_mistake_is_named_with_its_line(write, text, line, message):
    path = write(text)
    with pytest.raises(DataError) as caught:
        read_csv(path, None, None)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert message in str(caught.value)


def test_line_is_right_beyond_the_first_chunk(write, monkeypatch):
    monkeypatch.setattr(csv_pixels, "_CELLS_AT_ONCE", 6)
    good = "".join(f"0,{value}\n" for value in range(10))
    path = write(f"label,a\n{good}0,300\n")
    with pytest.raises(DataError, match=r"train\.csv:12: column 'a' holds '300'"):
        read_csv(path, None, None)
    path = write(f"label,a\n{good}")
    assert read_csv(path, None, None).images.pixels.ravel().tolist() == list(range(10))


@pytest.mark.parametrize(("label", "text"), [("y", "1,2\n"), ("y", "x,a\n1,2\n"), ("0", "1,2\n")])
def test_absent_label_column(write, label, text):
    with pytest.raises(DataError, match=f"no column is called '{label}'"):
        read_csv(write(text), label, None)


@pytest.mark.parametrize("shape", [(1, 2, 3), (0, 4, 1), (-1, -2, 2)])
def test_shape_that_does_not_fit(write, shape):
    with pytest.raises(DataError, match="4 pixel columns do not make an image of"):
        read_csv(write("0,1,2,3,4\n"), None, shape)


def test_binary_file(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(b"\x1f\x8b\xff\xfe")
    with pytest.raises(DataError, match="this is no text file"):
        read_csv(path, None, None)


def test_classes_over_both_files(write):
    train, test = write("0,1\n2,1\n"), write("1,1\n", "test.csv")
    check_classes(read_csv(train, None, None), read_csv(test, None, None))
    with pytest.raises(DataError, match=r"train\.csv:2: class 2, but no image is of class 1"):
        check_classes(read_csv(train, None, None))


def test_classes_counted_from_one(write):
    with pytest.raises(DataError, match=r"train\.csv:3: class 1, but no image is of class 0"):
        check_classes(read_csv(write("label,a\n\n1,1\n2,1\n"), None, None))


def test_test_file_with_other_columns(write):
    train = read_csv(write("label,a,b,c,d\n0,1,2,3,4\n"), None, None)
    swapped = read_csv(write("label,a,c,b,d\n0,1,2,3,4\n", "test.csv"), None, None)
    with pytest.raises(DataError, match=r"test\.csv:1: column 'c' stands where train\.csv has 'b'"):
        check_same_columns(train, swapped)
    fewer = read_csv(write("label,a\n0,1\n", "test.csv"), None, None)
    with pytest.raises(DataError, match=r"test\.csv:1: 2 columns where train\.csv has 5"):
        check_same_columns(train, fewer)
    headless = read_csv(write("0,1,2,3,4\n", "test.csv"), None, None)
    check_same_columns(train, headless)


@given(arrays(np.uint8, st.tuples(st.integers(1, 6), st.just(5))))
def test_any_table_is_read_back(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    np.savetxt(path, table, fmt="%d", delimiter=",", header="label,a,b,c,d", comments="")
    held = read_csv(path, None, None).images
    assert held.labels.tolist() == table[:, 0].tolist()
    assert np.array_equal(held.pixels.reshape(len(table), 4), table[:, 1:])
