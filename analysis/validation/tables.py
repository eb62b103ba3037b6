"""Which tables are replayed: the recorded ones of tables.toml and the artificial ones, and which are still locked."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from factorial.diverged import GUESSING

from qim_stats.errors import QimError
from qim_stats.factors import Factor
from qim_stats.replays.full_table import FullTable, full_table
from qim_stats.replays.noise import TrialNoise, read_replicates, table_noise
from qim_stats.replays.truth import Truth, truth_of
from qim_stats.replays.virtual import World
from qim_stats.trials import read_trials
from validation.artificial import KINDS, RESPONSE, Kind, make

ANALYSIS = Path(__file__).parents[1]
LIST = Path(__file__).parent / "tables.toml"
DEVELOPMENT, LOCKED, UNLOCKED = "development", "locked", "unlocked"
ROLES = (DEVELOPMENT, LOCKED)
"""What the list may say of a table; one that was locked until an earlier freeze is called unlocked."""
ARTIFICIAL = "artificial"


@dataclass(frozen=True)
class Listed:
    """A table by its entry in the list.

    Parameters
    ----------
    name : str
        Its folder in analysis/.
    response, direction : str
        What is ranked by, and which way it is better.
    role : str
        "development" or "locked".
    freeze : int
        Of a locked one: for which freeze it waits, from 1.
    """

    name: str
    response: str
    direction: str
    role: str
    freeze: int = 0

    def path(self, folder: Path = ANALYSIS) -> Path:
        """Return where the full table is, once it is recorded."""
        return folder / self.name / "full.csv"


@dataclass(frozen=True)
class Freeze:
    """A version of the method that was frozen: at which commit, "" before that, and on what day."""

    commit: str
    day: str = ""


@dataclass(frozen=True)
class TableList:
    """The list: the freezes of the method, one for each of its versions, and the recorded tables."""

    freezes: tuple[Freeze, ...]
    tables: tuple[Listed, ...]

    @property
    def version(self) -> int:
        """How many versions are frozen: answers are given by the last of them."""
        return sum(bool(freeze.commit) for freeze in self.freezes)

    @property
    def locked(self) -> tuple[Listed, ...]:
        """The tables that judge the version that answers are given by, or wait for a later one."""
        return tuple(table for table in self.tables if self.role(table) == LOCKED)

    def role(self, table: Listed) -> str:
        """Return what a table is to the version that answers are given by: locked, once locked, or for development."""
        return UNLOCKED if table.role == LOCKED and table.freeze < self.version else table.role

    def waits(self, table: Listed) -> bool:
        """Whether nobody may look at a table yet."""
        return table.role == LOCKED and table.freeze > self.version


@dataclass(frozen=True)
class Validated:
    """A full factorial to be replayed.

    Parameters
    ----------
    name, role : str
        As ``TableList.role`` has it; "artificial" for those made by a formula.
    source, replicates : Path or DataFrame
        What ``qs.replay`` reads; None where there are no replicates.
    full : FullTable
        The same, read.
    noise : TrialNoise
        From its replicates, else from itself.
    truth : Truth
        What it knows of the order of its factors.
    """

    name: str
    role: str
    source: Path | pd.DataFrame
    replicates: Path | pd.DataFrame | None
    full: FullTable
    noise: TrialNoise
    truth: Truth

    @property
    def world(self) -> World:
        """Where virtual trials are run, no noise added to what the table shows."""
        return World(self.full, self.noise, added=False)

    @property
    def fingerprint(self) -> str:
        """Twelve digits that differ when the responses, the direction or the noise do."""
        numbers = np.concatenate([self.full.means, [self.noise.sd, self.truth.margin]])
        return hashlib.sha256(numbers.tobytes() + self.full.direction.encode()).hexdigest()[:12]


def read_list(path: Path = LIST) -> TableList:
    """Read the list.

    Parameters
    ----------
    path : Path
        A file such as tables.toml.

    Returns
    -------
    TableList
        In the order of the file.

    Raises
    ------
    QimError
        If a role is unknown, a locked table waits for no freeze there is, or a table stands twice.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = tuple(Listed(**entry) for entry in read["table"])
    freezes = tuple(Freeze(entry["commit"], str(entry.get("day", ""))) for entry in read["freeze"])
    for table in tables:
        if table.role not in ROLES:
            problem = f"the role {table.role!r} of {table.name} is unknown"
            raise QimError(problem, where=str(path), remedy="give " + " or ".join(ROLES))
        if table.role == LOCKED and not 1 <= table.freeze <= len(freezes):
            problem = f"{table.name} is locked until freeze {table.freeze}, of {len(freezes)}"
            raise QimError(problem, where=str(path), remedy="give freeze = 1 or more, and name that freeze")
    names = [table.name for table in tables]
    if len(set(names)) < len(names):
        raise QimError("a table stands twice", where=str(path), remedy="name each once")
    return TableList(freezes, tables)


def check_locked(listed: TableList, folder: Path = ANALYSIS) -> None:
    """Refuse to look at a locked table before the freeze.

    Parameters
    ----------
    listed : TableList
        The list.
    folder : Path
        Where the tables' folders are.

    Raises
    ------
    QimError
        If one is recorded and no commit is named at which the version that it waits for was frozen.
    """
    early = [table for table in listed.tables if listed.waits(table) and table.path(folder).exists()]
    if early:
        raise QimError(
            f"{early[0].name} is locked until the method is frozen, and is recorded",
            where=str(early[0].path(folder)),
            remedy="name the commit of the freeze in analysis/validation/tables.toml, or take the table out",
        )


def load(table: Listed, folder: Path = ANALYSIS, role: str = "") -> Validated:
    """Read a recorded table and the replicates beside it.

    Parameters
    ----------
    table : Listed
        Which.
    folder : Path
        Where the tables' folders are.
    role : str
        By default as listed.

    Returns
    -------
    Validated
        Ready to be replayed; diverged trials count as guessing.

    Raises
    ------
    QimError
        If the table is not full, or the replicates are of other factors.
    """
    path = table.path(folder)
    guessing = GUESSING.get(table.response)
    full = full_table(read_trials(path, response=table.response, direction=table.direction, diverged_as=guessing))
    replicates = path.with_name("replicates.csv")
    there = replicates if replicates.exists() else None
    noise = table_noise(full) if there is None else read_replicates(there, full)
    return Validated(table.name, role or table.role, path, there, full, noise, truth_of(full, noise))


def made(kind: Kind) -> Validated:
    """Make an artificial table.

    Parameters
    ----------
    kind : Kind
        Which.

    Returns
    -------
    Validated
        Ready to be replayed.
    """
    source, replicates = make(kind)
    trials = read_trials(source, response=RESPONSE, direction=kind.direction, factors=factors_of(source))
    full = full_table(trials)
    noise = read_replicates(replicates, full)
    return Validated(kind.name, ARTIFICIAL, source, replicates, full, noise, truth_of(full, noise))


def factors_of(frame: pd.DataFrame) -> list[Factor]:
    """Return the factors of an artificial table: all its columns but the response."""
    return [Factor(str(name), -1, 1) for name in frame.columns if name != RESPONSE]


def all_tables(listed: TableList, names: Sequence[str] = (), folder: Path = ANALYSIS) -> list[Validated]:
    """Read and make the tables that are there.

    Parameters
    ----------
    listed : TableList
        The list.
    names : sequence of str
        Which; all of them by default.
    folder : Path
        Where the tables' folders are.

    Returns
    -------
    list of Validated
        Recorded ones first, in the order of the list; those not recorded are left out.

    Raises
    ------
    QimError
        If a name is unknown, or a table cannot be read.
    """
    known = [table.name for table in listed.tables] + [kind.name for kind in KINDS]
    for name in names:
        if name not in known:
            raise QimError(f"{name!r} is no table", where="validation", remedy="give " + ", ".join(known))
    wanted = set(names or known)
    recorded = [table for table in listed.tables if table.name in wanted and table.path(folder).exists()]
    return [load(table, folder, listed.role(table)) for table in recorded] + [
        made(kind) for kind in KINDS if kind.name in wanted
    ]
