"""Images in a CSV: a row per image, one column with its class, the others its pixels in row-major order."""

from __future__ import annotations

import csv
import hashlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from caffe_runner.datasets.images import Images
from caffe_runner.errors import DataError

_CELLS_AT_ONCE = 4_000_000
_BRIGHTEST = 255
_COLUMNS_COUNTED = 10
_MOST_CLASSES = 2**31 - 1  # Caffe's Datum has 32 bits for the label.

Lines = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a file is what.

    Parameters
    ----------
    path : Path
        The file.
    names : tuple of str or None
        The header, or None when the first line already holds numbers.
    count : int
        Columns in each row.
    label : int
        Index of the column with the class.
    """

    path: Path
    names: tuple[str, ...] | None
    count: int
    label: int

    @property
    def pixel_names(self) -> tuple[str, ...] | None:
        """The header without the label column."""
        return self.names and self.names[: self.label] + self.names[self.label + 1 :]

    def call(self, index: int) -> str:
        """Name a column in a message."""
        return f"column '{self.names[index]}'" if self.names else f"column {index + 1}"


@dataclass(frozen=True, slots=True, eq=False)
class CsvImages:
    """What a CSV held.

    Parameters
    ----------
    images : Images
        The images.
    columns : Columns
        How its columns were read.
    lines : ndarray of int64, shape (n,)
        The line of each image in the file.
    sha256 : str
        Checksum of the file.
    """

    images: Images
    columns: Columns
    lines: npt.NDArray[np.int64]
    sha256: str


def read_csv(path: Path, label: str | None, shape: tuple[int, int, int] | None) -> CsvImages:
    """Read a CSV of pixels, with or without a header.

    Parameters
    ----------
    path : Path
        The file. Its first line is a header when not all of its cells are numbers, or when it counts the columns from
        0 (a data frame without names writes that; ten columns or more, so that no tiny image is mistaken for it).
    label : str, optional
        The column of the class; without it the one named ``label``, else the first.
    shape : tuple of 3 int, optional
        Channels, height, width of an image; without it, one channel and a square.

    Raises
    ------
    DataError
        If the file cannot be read, has no such column, or holds anything but whole numbers: pixels 0 to 255 and classes
        from 0; the message names file and line.
    """
    try:
        with path.open("rb") as binary:
            sha256 = hashlib.file_digest(binary, "sha256").hexdigest()
        with path.open(encoding="utf-8-sig") as text:
            rows = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
            columns, images, lines = _read_rows(path, rows, label, shape)
    except UnicodeDecodeError as error:
        raise DataError("this is no text file", where=str(path), remedy="give a CSV in UTF-8") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), remedy="make it readable") from error
    return CsvImages(images, columns, lines, sha256)


def check_same_columns(train: CsvImages, test: CsvImages) -> None:
    """Refuse a test file whose pixels are not those of the training file.

    Raises
    ------
    DataError
        If the number of pixels differs or, where both files have a header, their names or order.
    """
    remedy = "write both files with the same columns, or leave the test file out and set test_fraction"
    ours, theirs = test.columns, train.columns
    if ours.count != theirs.count:
        problem = f"{ours.count} columns where {theirs.path.name} has {theirs.count}"
        raise DataError(problem, where=f"{ours.path}:1", remedy=remedy)
    for name, due in zip(ours.pixel_names or (), theirs.pixel_names or (), strict=False):
        if name != due:
            problem = f"column '{name}' stands where {theirs.path.name} has '{due}'"
            raise DataError(problem, where=f"{ours.path}:1", remedy=remedy)


def check_classes(*files: CsvImages) -> None:
    """Refuse classes that are not numbered 0, 1, ... without a gap over all files together.

    Raises
    ------
    DataError
        If a number is missing below another; the message names the first line beyond the gap.
    """
    used = np.unique(np.concatenate([file.images.labels for file in files]))
    gaps = np.flatnonzero(used != np.arange(len(used)))
    if len(gaps) == 0:
        return
    missing = int(gaps[0])
    for file in files:
        beyond = np.flatnonzero(file.images.labels > missing)
        if len(beyond) > 0:
            raise DataError(
                f"class {file.images.labels[beyond[0]]}, but no image is of class {missing}",
                where=f"{file.columns.path}:{file.lines[beyond[0]]}",
                remedy="number the classes from 0 without gaps",
            )


def _read_rows(
    path: Path, rows: Iterator[tuple[int, str]], label: str | None, shape: tuple[int, int, int] | None
) -> tuple[Columns, Images, npt.NDArray[np.int64]]:
    first = next(rows, None)
    if first is None:
        raise DataError("the file is empty", where=str(path), remedy="give a row per image")
    columns = _read_columns(path, first, label)
    shape = _image_shape(columns, first[0], shape)
    pixels: list[npt.NDArray[np.uint8]] = []
    labels: list[npt.NDArray[np.int32]] = []
    lines: list[int] = []
    at_once = max(1, _CELLS_AT_ONCE // columns.count)
    chunk = ([] if columns.names else [first]) + list(islice(rows, at_once))
    while chunk:
        values = _parse(columns, chunk)
        labels.append(values[:, columns.label].copy())
        pixels.append(np.delete(values, columns.label, axis=1).astype(np.uint8))
        lines.extend(number for number, _ in chunk)
        chunk = list(islice(rows, at_once))
    if not pixels:
        raise DataError("there is no image below the header", where=f"{path}:{first[0]}", remedy="give a row per image")
    images = Images(np.concatenate(pixels).reshape(-1, *shape), np.concatenate(labels))
    return columns, images, np.array(lines, dtype=np.int64)


def _read_columns(path: Path, first: tuple[int, str], label: str | None) -> Columns:
    number, line = first
    cells = _split(path, number, line)
    where = f"{path}:{number}"
    if len(cells) < 2:
        raise DataError("there is only one column", where=where, remedy="separate label and pixels by commas")
    numbers = [_as_number(cell) for cell in cells]
    counted = len(cells) >= _COLUMNS_COUNTED and numbers == list(range(len(cells)))
    if None not in numbers and not counted:
        if label is not None:
            problem = f"the file has no header, so no column is called '{label}'"
            raise DataError(problem, where=where, remedy="add a header, or leave `label` out to take the first column")
        return Columns(path, None, len(cells), 0)
    names = tuple(cell.strip() for cell in cells)
    wanted = label if label is not None else "label"
    if names.count(wanted) > 1:
        raise DataError(
            f"{names.count(wanted)} columns are called '{wanted}'", where=where, remedy="rename all but one"
        )
    if wanted in names:
        return Columns(path, names, len(names), names.index(wanted))
    if label is not None:
        shown = ", ".join(f"'{name}'" for name in names[:3])
        raise DataError(f"no column is called '{label}'", where=where, remedy=f"the header begins with {shown}")
    return Columns(path, names, len(names), 0)


def _image_shape(columns: Columns, line: int, shape: tuple[int, int, int] | None) -> tuple[int, int, int]:
    pixels = columns.count - 1
    where = f"{columns.path}:{line}"
    if shape is None:
        side = math.isqrt(pixels)
        if side * side != pixels:
            remedy = "set shape = [channels, height, width]"
            raise DataError(f"{pixels} pixels are not a square", where=where, remedy=remedy)
        return 1, side, side
    if min(shape) < 1 or math.prod(shape) != pixels:
        channels, height, width = shape
        problem = f"{pixels} pixel columns do not make an image of {channels} x {height} x {width}"
        raise DataError(problem, where=where, remedy="correct shape = [channels, height, width]")
    return shape


def _parse(columns: Columns, chunk: Lines) -> npt.NDArray[np.int32]:
    """Read rows at numpy's speed; what it cannot read, or what is out of range, is looked for cell by cell."""
    lines = [line for _, line in chunk]
    try:
        values = _whole_numbers(lines)
    except ValueError as error:
        _explain(columns, chunk)
        problem = f"cannot be read: {error}"
        raise DataError(problem, where=f"{columns.path}:{chunk[0][0]}", remedy="write plain numbers") from error
    if values.shape != (len(chunk), columns.count) or not _all_in_range(values, columns.label):
        _explain(columns, chunk)
        problem = "cannot be read as rows of numbers"
        raise DataError(problem, where=f"{columns.path}:{chunk[0][0]}", remedy="write plain numbers")
    return values


def _whole_numbers(lines: list[str]) -> npt.NDArray[np.int32]:
    """Parse lines as integers or, eight times slower, as floats that hold integers (``5.0``)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # numpy before 2.3 cuts 1.5 down to 1 with a warning.
            return _load(lines, np.int32)
    except (ValueError, DeprecationWarning):
        values = _load(lines, np.float64)
    limits = np.iinfo(np.int32)
    if not ((values >= limits.min) & (values <= limits.max) & (values == np.rint(values))).all():
        raise ValueError("not all are whole numbers")
    return values.astype(np.int32)


def _load(lines: list[str], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.loadtxt(lines, dtype=kind, delimiter=",", comments=None, quotechar='"', ndmin=2)


def _all_in_range(values: npt.NDArray[np.int32], label: int) -> bool:
    inside = (values >= 0) & (values <= _BRIGHTEST)
    inside[:, label] = values[:, label] >= 0
    return bool(inside.all())


def _explain(columns: Columns, chunk: Lines) -> None:
    """Raise a DataError for the first cell of some rows that is not what its column wants."""
    for number, line in chunk:
        where = f"{columns.path}:{number}"
        cells = _split(columns.path, number, line)
        if len(cells) != columns.count:
            problem = f"{len(cells)} columns where the first line has {columns.count}"
            raise DataError(problem, where=where, remedy="complete the row or take it out")
        for index, cell in enumerate(cells):
            value = _as_number(cell)
            what, largest = ("class", _MOST_CLASSES) if index == columns.label else ("pixel", _BRIGHTEST)
            if value is None or not 0 <= value <= largest or not value.is_integer():
                given = f"'{cell.strip()}'" if cell.strip() else "nothing"
                limits = "from 0" if what == "class" else f"0 to {_BRIGHTEST}"
                problem = f"{columns.call(index)} holds {given} where a {what} is a whole number {limits}"
                raise DataError(problem, where=where, remedy="correct the cell")


def _split(path: Path, number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line]))
    except csv.Error as error:
        raise DataError(f"this is no row of a CSV: {error}", where=f"{path}:{number}", remedy="correct it") from error


def _as_number(cell: str) -> float | None:
    # Python's own reading takes 1_000 for a number; numpy's does not.
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
