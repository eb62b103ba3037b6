"""What was measured, in two CSV files, and which code and tables it was measured with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import qim_stats
from qim_stats.errors import QimError
from validation.knower import COLUMNS as ALONE_COLUMNS
from validation.tables import Validated
from validation.work import CHANCE, MEASURES, Measured

FOLDER = Path(__file__).parent
EARLIER = ("first_version.csv", "second_version.csv", "third_version.csv")
ALONE_FILE = "noise_alone.csv"
_DIGITS = "%.6g"
_WHO = ["table", "role", "factors", "fingerprint", "code"]
COLUMNS = (
    *_WHO,
    "design",
    "estimator",
    "replays",
    *(column for name in MEASURES for column in (name, f"{name}_error")),
    *CHANCE,
)
CLAIMS = ("table", "design", "estimator", "about", "low", "high", "claims", "claimed", "right", "allowed")


@dataclass(frozen=True)
class Results:
    """What is known so far.

    Parameters
    ----------
    rows : DataFrame
        ``COLUMNS``: a row per table, design and estimator.
    calibration : DataFrame
        ``CLAIMS``: how often claims of each size were right.
    """

    rows: pd.DataFrame
    calibration: pd.DataFrame

    def of(self, names: Sequence[str]) -> Results:
        """Return those of some tables, in that order."""
        return Results(*(_chosen(frame, names) for frame in (self.rows, self.calibration)))

    def put(self, table: Validated, new: Measured) -> Results:
        """Return them with those of a table replaced."""
        who: dict[str, Any] = {
            "table": table.name,
            "role": table.role,
            "factors": table.full.k,
            "fingerprint": table.fingerprint,
            "code": code(),
        }
        others = Results(*(frame[frame["table"] != table.name] for frame in (self.rows, self.calibration)))
        return Results(
            _joined(others.rows, new.rows.assign(**who).reindex(columns=list(COLUMNS))),
            _joined(others.calibration, new.calibration.assign(table=table.name).reindex(columns=list(CLAIMS))),
        )

    def current(self, tables: Sequence[Validated]) -> Results:
        """Return those of the tables as they are now, in that order."""
        there = self.rows.groupby("table")["fingerprint"].first()
        return self.of([table.name for table in tables if there.get(table.name) == table.fingerprint])


def read(folder: Path = FOLDER) -> Results:
    """Return what was written; nothing where nothing was.

    Parameters
    ----------
    folder : Path
        Of results.csv and calibration.csv.
    """
    paths = folder / "results.csv", folder / "calibration.csv"
    if not all(path.exists() for path in paths):
        return Results(pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(CLAIMS)))
    rows, calibration = (pd.read_csv(path, dtype={"fingerprint": str, "code": str}) for path in paths)
    # A column that an older file lacks is not known of its rows.
    return Results(rows.reindex(columns=list(COLUMNS)).fillna({"estimator": ""}), calibration)


def read_earlier(folder: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """Return the rows of earlier versions of the method, as they were judged.

    Parameters
    ----------
    folder : Path
        Of their files.

    Returns
    -------
    dict of str to DataFrame
        By file, from the first version on.
    """
    read = {name: pd.read_csv(folder / name, dtype={"fingerprint": str, "code": str}) for name in EARLIER}
    return {name: rows.fillna({"estimator": ""}) for name, rows in read.items()}


def read_alone(tables: Sequence[Validated], folder: Path = FOLDER) -> pd.DataFrame:
    """Return what ``noise_alone`` found of tables as they are now; no row of one that it has not seen so.

    Parameters
    ----------
    tables : sequence of Validated
        Which.
    folder : Path
        Of noise_alone.csv.
    """
    path = folder / ALONE_FILE
    if not path.exists():
        return pd.DataFrame(columns=list(ALONE_COLUMNS))
    rows = pd.read_csv(path, dtype={"fingerprint": str})
    prints = {table.name: table.fingerprint for table in tables}
    return rows[rows["fingerprint"] == rows["table"].map(prints)].reset_index(drop=True)


def write_alone(rows: pd.DataFrame, folder: Path = FOLDER) -> None:
    """Write what ``noise_alone`` found of all tables, with six digits.

    Parameters
    ----------
    rows : DataFrame
        All of it.
    folder : Path
        Where.
    """
    rows.to_csv(folder / ALONE_FILE, index=False, float_format=_DIGITS, lineterminator="\n")


def write(results: Results, folder: Path = FOLDER) -> None:
    """Write both files, with six digits.

    Parameters
    ----------
    results : Results
        All of them.
    folder : Path
        Where.
    """
    for name, frame in (("results", results.rows), ("calibration", results.calibration)):
        frame.to_csv(folder / f"{name}.csv", index=False, float_format=_DIGITS, lineterminator="\n")


def check_folders(folders: Mapping[str, Path]) -> None:
    """Refuse folders that are not there, by the option that names each, before anything is computed.

    Raises
    ------
    QimError
        For the first of them.
    """
    for option, folder in folders.items():
        if not folder.is_dir():
            raise QimError(f"there is no folder {str(folder)!r}", where=option, remedy="make it first")


def code(folder: Path = Path(qim_stats.__file__).parent) -> str:
    """Return twelve digits that differ when any Python file of the package does.

    Parameters
    ----------
    folder : Path
        The package.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    # Nothing joined to something would change the types of its columns.
    return new.reset_index(drop=True) if old.empty else pd.concat([old, new], ignore_index=True)


def _chosen(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    parts = [frame[frame["table"] == name] for name in names]
    return pd.concat(parts, ignore_index=True) if parts else frame.iloc[:0]
