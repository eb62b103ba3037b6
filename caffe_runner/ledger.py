"""The ledger: what was planned, started and measured, durable before anything acts on it.

One SQLite file in WAL mode with full synchronization. A trial's state is that of its last attempt; attempts are added
and closed, never changed or deleted afterwards.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff
from itertools import pairwise
from pathlib import Path

from caffe_runner.errors import LedgerError
from caffe_runner.trial import Trial, TrialResult, TrialState

_INTERRUPTED = "interrupted"
_APPENDED = "appended "  # then a digest: the keys of what was appended
_SCHEMA = """
CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE trial (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL, replicate INTEGER NOT NULL, block INTEGER NOT NULL,
    "order" INTEGER NOT NULL UNIQUE, seed INTEGER NOT NULL, levels TEXT NOT NULL, dummies TEXT NOT NULL
) STRICT;
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, trial INTEGER NOT NULL REFERENCES trial (number), started TEXT NOT NULL, ended TEXT,
    state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', seconds REAL, exit_code INTEGER,
    metrics TEXT NOT NULL DEFAULT '{}', environment TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_running ON attempt (trial) WHERE state = 'running';
CREATE UNIQUE INDEX one_done ON attempt (trial) WHERE state = 'done';
CREATE VIEW latest AS
    SELECT trial.*, attempt.id AS attempt, coalesce(nullif(attempt.state, 'interrupted'), 'pending') AS state,
           coalesce(attempt.reason, '') AS reason, attempt.seconds, attempt.exit_code,
           coalesce(attempt.metrics, '{}') AS metrics, attempt.started
    FROM trial LEFT JOIN attempt
      ON attempt.id = (SELECT max(id) FROM attempt WHERE attempt.trial = trial.number)
    ORDER BY trial.number;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial with the state of its last attempt; `attempt` is 0 and `result` None for one never tried."""

    trial: Trial
    attempt: int
    state: TrialState
    result: TrialResult | None
    started: str | None


class StudyChangedError(LedgerError):
    """The study file no longer says what the ledger was begun with; `difference` shows it line by line."""

    def __init__(self, path: Path, difference: str) -> None:
        super().__init__(
            "the study has changed since its first trial",
            where=str(path),
            remedy="undo the change shown below, or copy the study file under a new name to begin a new study",
        )
        self.difference = difference


class LedgerReader:
    """The record of one study, only to be read: also while a runner writes it, and by users who may not write it.

    Parameters
    ----------
    path : Path
        The SQLite file.

    Raises
    ------
    LedgerError
        If the file is not a ledger, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        # To read a file in WAL mode SQLite makes helper files beside it. Where it may not, and no runner has left any
        # there, nobody is writing, and the file alone is the whole record.
        alone = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
        self._connect(path, "mode=ro&immutable=1" if alone else "mode=ro")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def check(self, description: str, study_path: Path) -> None:
        """Check that a study is the one that the ledger was begun with.

        Parameters
        ----------
        description : str
            Everything that determines the responses, as readable text.
        study_path : Path
            The study file, for messages.

        Raises
        ------
        StudyChangedError
            If it is another one.
        """
        known = self._value("description")
        if known is not None and known != description:
            lines = unified_diff(known.splitlines(), description.splitlines(), "first trial", "now", lineterm="", n=0)
            raise StudyChangedError(study_path, "\n".join(line for line in lines if not line.startswith("@@")))

    @property
    def study_id(self) -> str:
        """The random name of the study, by which its containers are known."""
        return self._value("id") or ""

    @property
    def data_checksum(self) -> str:
        """The checksum of the data set the study was begun with."""
        return self._value("data_checksum") or ""

    @property
    def appended(self) -> int:
        """How many times trials were appended to the study's design."""
        with self._told():
            row = self._db.execute("SELECT count(*) AS n FROM study WHERE key GLOB ?", (_APPENDED + "*",)).fetchone()
        return int(row["n"])

    @property
    def stages(self) -> list[int]:
        """How many trials the design has, and then what was appended to it each time."""
        with self._told():
            total = self._db.execute("SELECT count(*) AS n FROM trial").fetchone()
            rows = self._db.execute("SELECT value FROM study WHERE key GLOB ?", (_APPENDED + "*",)).fetchall()
        firsts = sorted(int(json.loads(row["value"])["first"]) for row in rows)
        return [after - first for first, after in pairwise([1, *firsts, int(total["n"]) + 1])]

    def has_appended(self, digest: str) -> bool:
        """Whether what has this digest was appended already."""
        return self._value(_APPENDED + digest) is not None

    def entries(self) -> list[Entry]:
        """Return every trial in standard order with its present state."""
        with self._told():
            rows = self._db.execute("SELECT * FROM latest").fetchall()
        return [_entry(row) for row in rows]

    def environments(self) -> list[dict[str, str]]:
        """Return the distinct environments that finished trials ran in, in order of first use."""
        with self._told():
            rows = self._db.execute(
                "SELECT environment FROM attempt WHERE state NOT IN ('running', 'interrupted') "
                "GROUP BY environment ORDER BY min(id)"
            ).fetchall()
        return [json.loads(row["environment"]) for row in rows]

    def _connect(self, path: Path, mode: str) -> None:
        self.path = path
        with self._told():
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", isolation_level=None, timeout=30, uri=True)
        self._db.row_factory = sqlite3.Row

    def _value(self, key: str) -> str | None:
        with self._told():
            row = self._db.execute("SELECT value FROM study WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            broken = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
            kept = "check free space and permissions; everything recorded so far is kept"
            raise LedgerError(
                f"the ledger cannot be used: {error}",
                where=str(self.path),
                remedy="put back a copy of it, or move it away to begin anew" if broken else kept,
            ) from error


class Ledger(LedgerReader):
    """The record of one study, for the one process that runs it.

    Parameters
    ----------
    path : Path
        The SQLite file; made if it is not there.

    Raises
    ------
    LedgerError
        If the file is not a ledger, or cannot be read or written (disk full, permissions).
    """

    def __init__(self, path: Path) -> None:
        self._connect(path, "mode=rwc")
        with self._told():
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'latest'").fetchone():
                self._db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")

    def begin(self, description: str, data_checksum: str, study_path: Path, trials: Iterable[Trial]) -> None:
        """Write down the study and its trials; later, check that it is still the same study.

        Parameters
        ----------
        description : str
            Everything that determines the responses, as readable text.
        data_checksum : str
            Of the data set the trials read.
        study_path : Path
            The study file, for messages.
        trials : iterable of Trial
            The whole design; taken the first time only.

        Raises
        ------
        StudyChangedError
            If the ledger was begun with another description.
        """
        self.check(description, study_path)
        if not self.study_id:
            with self._transaction():
                self._set("description", description)
                self._set("data_checksum", data_checksum)
                self._set("id", uuid.uuid4().hex)
                self._add(trials)

    def append(self, digest: str, source: str, trials: Sequence[Trial]) -> None:
        """Add trials to a study that was begun, all of them or none.

        Parameters
        ----------
        digest : str
            Of what was asked for, by which ``has_appended`` knows it again.
        source : str
            Where they came from, for the record.
        trials : sequence of Trial
            At least one, with numbers and orders of their own.
        """
        record = {"source": source, "at": _now(), "first": trials[0].number}
        with self._transaction():
            self._set(_APPENDED + digest, json.dumps(record, ensure_ascii=False))
            self._add(trials)

    def release_interrupted(self) -> int:
        """Make attempts that never ended pending again, once their runner is known to be gone; return how many."""
        with self._transaction():
            return self._db.execute(
                "UPDATE attempt SET state = ?, ended = ? WHERE state = 'running'", (_INTERRUPTED, _now())
            ).rowcount

    def start(self, trial: int, environment: Mapping[str, str]) -> int:
        """Record that a trial begins, before it does.

        Parameters
        ----------
        trial : int
            The trial's number.
        environment : mapping of str to str
            What it runs in: image, Caffe version, limits.

        Returns
        -------
        int
            The attempt's number.
        """
        with self._transaction():
            row = self._db.execute(
                "INSERT INTO attempt (trial, started, state, environment) VALUES (?, ?, 'running', ?)",
                (trial, _now(), _dump(environment)),
            )
        return int(row.lastrowid or 0)

    def finish(self, attempt: int, result: TrialResult) -> None:
        """Record what came of an attempt."""
        with self._transaction():
            self._db.execute(
                "UPDATE attempt SET ended = ?, state = ?, reason = ?, seconds = ?, exit_code = ?, metrics = ? "
                "WHERE id = ? AND state = 'running'",
                (
                    _now(), result.state, result.reason, result.seconds, result.exit_code, _dump(result.metrics),
                    attempt,
                ),
            )  # fmt: skip

    def interrupt(self, attempt: int) -> None:
        """Record that an attempt was stopped by the user: the trial is pending again."""
        with self._transaction():
            self._db.execute(
                "UPDATE attempt SET ended = ?, state = ? WHERE id = ? AND state = 'running'",
                (_now(), _INTERRUPTED, attempt),
            )

    def _add(self, trials: Iterable[Trial]) -> None:
        self._db.executemany(
            "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (t.number, t.run, t.replicate, t.block, t.order, t.seed, _dump(t.levels), _dump(t.dummies))
                for t in trials
            ],
        )

    def _set(self, key: str, value: str) -> None:
        self._db.execute("INSERT INTO study VALUES (?, ?)", (key, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _entry(row: sqlite3.Row) -> Entry:
    trial = Trial(
        number=row["number"],
        run=row["run"],
        replicate=row["replicate"],
        block=row["block"],
        order=row["order"],
        seed=row["seed"],
        levels=json.loads(row["levels"]),
        dummies=json.loads(row["dummies"]),
    )
    state = TrialState(row["state"])
    result = None
    if state.finished:
        result = TrialResult(state, row["reason"], row["seconds"], row["exit_code"], json.loads(row["metrics"]))
    return Entry(trial, row["attempt"] or 0, state, result, row["started"])


def _dump(values: Mapping[str, object]) -> str:
    return json.dumps(dict(values), ensure_ascii=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
