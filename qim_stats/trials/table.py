"""A trials table as it was given: read from a CSV or taken from a data frame, with the place of every row.

Only the form is checked here (a rectangle of cells under distinct names); what the columns mean is ``trials``' matter.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qim_stats.errors import TrialsError

_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """A rectangle of cells that remembers where it came from.

    Parameters
    ----------
    frame : DataFrame
        One row per trial, index 0..n-1, distinct text column names.
    source : str or None
        The file as the user named it; None for a data frame.
    lines : tuple of int or None
        The line of the file on which each row ends; None for a data frame.
    """

    frame: pd.DataFrame
    source: str | None
    lines: tuple[int, ...] | None

    def place(self, row: int | None = None, column: str | None = None) -> str | None:
        """Tell where a cell is, for an error message.

        Parameters
        ----------
        row : int, optional
            Position from 0.
        column : str, optional
            Column name.

        Returns
        -------
        str or None
            Such as ``trials.csv:7, column 'lr'``; None when there is nothing to tell.
        """
        parts = []
        if self.source is not None and self.lines is not None:
            parts.append(self.source if row is None else f"{self.source}:{self.lines[row]}")
        elif row is not None:
            parts.append(f"row {row + 1}")
        if column is not None:
            parts.append(f"column {column!r}")
        return ", ".join(parts) or None


def read_table(source: str | os.PathLike[str] | pd.DataFrame) -> Table:
    """Read a table from a CSV file, or take it from a data frame.

    Parameters
    ----------
    source : path or DataFrame
        A UTF-8 CSV with a header line (comma, semicolon or tab between cells), or a frame.

    Returns
    -------
    Table
        The cells; empty ones are missing, words such as ``None`` stay text, numbers are full double precision.

    Raises
    ------
    TrialsError
        If the file cannot be read, is not UTF-8 or not a rectangle, or a column name is used twice or is unprintable.
    """
    if isinstance(source, pd.DataFrame):
        frame = source.reset_index(drop=True)
        frame.columns = pd.Index([str(name) for name in source.columns])
        table = Table(frame.apply(_plain), None, None) if frame.size else Table(frame, None, None)
        _check_names(list(frame.columns), None)
        if not len(frame):
            raise TrialsError("the data frame has no rows", remedy="give at least one row per trial")
        return table
    return _read_csv(Path(source))


def _read_csv(path: Path) -> Table:
    name = str(path)
    text = _read_text(path)
    header_line = text.lstrip("\r\n").splitlines()[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    lines = _check_rectangle(text, delimiter, name)
    frame = pd.read_csv(
        io.StringIO(text),
        sep=delimiter,
        index_col=False,
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
    )
    return Table(frame, name, lines)


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TrialsError("no such file", where=str(path), remedy="check the path of the trials table") from None
    except IsADirectoryError:
        raise TrialsError("is a directory", where=str(path), remedy="name a CSV file in it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TrialsError(f"cannot be read ({reason})", where=str(path), remedy="name a readable CSV file") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TrialsError("is not UTF-8 text", where=f"{path}:{line}", remedy="save the CSV as UTF-8") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TrialsError("holds a NUL character", where=f"{path}:{line}", remedy="save the table as a text CSV")
    if not text.strip():
        raise TrialsError("the file is empty", where=str(path), remedy="give a header line and one row per trial")
    return text


def _check_rectangle(text: str, delimiter: str, name: str) -> tuple[int, ...]:
    """Check that every row has as many cells as the header, and return the line of each row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    lines = []
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                header = cells
                _check_names(header, f"{name}:{reader.line_num}")
            elif len(cells) != len(header):
                raise TrialsError(
                    f"has {len(cells)} cells where the header has {len(header)}",
                    where=f"{name}:{reader.line_num}",
                    remedy="give each row one cell per column; quote cells that hold the separator",
                )
            else:
                lines.append(reader.line_num)
    except csv.Error as error:
        raise TrialsError(
            f"is not a CSV row ({error})", where=f"{name}:{reader.line_num}", remedy="check the quotes"
        ) from None
    if not lines:
        raise TrialsError("has a header but no rows", where=name, remedy="give one row per trial")
    return tuple(lines)


def _check_names(names: list[str], where: str | None) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TrialsError(f"the column {name!r} is there twice", where=where, remedy="rename or remove one of them")
        if not name.isprintable():
            raise TrialsError(
                f"the column name {name!r} holds control characters",
                where=where,
                remedy="give it a printable name on one line",
            )
        seen.add(name)


def _plain(column: pd.Series) -> pd.Series:
    """Bring a column of any dtype to what reading it from a CSV would give: numbers, booleans or text."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        if not column.isna().any():
            return column
        return pd.Series(column.astype("float64").to_numpy(), name=column.name)
    values = column.astype(object)
    missing = values.isna()
    kept = values[~missing]
    if len(kept) and all(isinstance(v, (bool, np.bool_)) for v in kept):
        return values if missing.any() else values.astype(bool)
    numbers = pd.to_numeric(kept, errors="coerce")
    if len(kept) and not numbers.isna().any():
        full = pd.Series(np.nan, index=column.index, dtype="float64")
        full[~missing] = numbers.astype("float64")
        return full
    return values.where(missing, values.map(str))
