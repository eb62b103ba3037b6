"""A table of a TOML file that knows its lines, so that a wrong key or value is told with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qim_stats.errors import FactorError
from qim_stats.factors import nearest

T = TypeVar("T", bool, int, str)

_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", str: "a text in quotes"}


@dataclass(frozen=True)
class TomlFile:
    """A TOML file as text and as what it says.

    Parameters
    ----------
    path : str
        How to name the file.
    lines : tuple of str
        Its text.
    content : dict
        Its tables.
    """

    path: str
    lines: tuple[str, ...]
    content: dict[str, Any]

    def top(self) -> TomlTable:
        """Return the keys above the first table header."""
        return TomlTable(self, "the file", self.content, 0)

    def starts_item(self, index: int) -> bool:
        """Whether a line begins outside any text or list that runs over several lines."""
        try:
            tomllib.loads("\n".join(self.lines[:index]))
        except ValueError:
            return False
        return True

    def find(self, pattern: str, start: int = 0) -> Iterable[int]:
        """Yield the indices of the lines from ``start`` that match and are no part of a longer text or list."""
        for index in range(start, len(self.lines)):
            if re.match(pattern, self.lines[index]) and self.starts_item(index):
                yield index


@dataclass(frozen=True)
class TomlTable:
    """One table of a TOML file.

    Parameters
    ----------
    file : TomlFile
        Where it stands.
    title : str
        How messages call it, for example ``[design]``.
    content : mapping
        Its keys and values.
    start : int or None
        The index of the line after which its keys come; None when it has no header of its own.
    """

    file: TomlFile
    title: str
    content: Mapping[str, Any]
    start: int | None

    def where(self, key: str | None = None) -> str:
        """Return ``file:line`` of a key, or of the table where the key cannot be found."""
        if self.start is None:
            return self.file.path
        if key is not None:
            bare = re.escape(key)
            for index in self.file.find(rf"""\s*(\[|({bare}|"{bare}"|'{bare}')\s*[=.])""", self.start):
                if self.file.lines[index].lstrip().startswith("["):
                    break
                return f"{self.file.path}:{index + 1}"
        return f"{self.file.path}:{self.start}" if self.start else self.file.path

    def only(self, known: Iterable[str]) -> None:
        """Refuse a key that is not known, with the nearest that is."""
        known = tuple(known)
        for key in self.content:
            if key not in known:
                raise FactorError(
                    f"unknown key {key!r} in {self.title}", where=self.where(key), remedy=nearest(key, known)
                )

    def get(self, key: str, kind: type[T]) -> T | None:
        """Return a value of this kind, None when the key is absent; refuse any other kind."""
        value = self.content.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise FactorError(
                f"{key} is {value!r:.60}, not {_KINDS[kind]}", where=self.where(key), remedy=f"give {_KINDS[kind]}"
            )
        return value


def load_toml(path: str | Path) -> TomlFile:
    """Read a TOML file.

    Parameters
    ----------
    path : str or Path
        The file; UTF-8 with or without a byte order mark.

    Returns
    -------
    TomlFile
        Its text and tables.

    Raises
    ------
    FactorError
        If it cannot be read or is not TOML, with file and line.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FactorError(
            f"cannot read the file: {reason}",
            where=str(path),
            remedy="give the path of a TOML file with [[factor]] tables",
        ) from error
    except UnicodeDecodeError as error:
        raise FactorError(
            f"is not UTF-8 text (byte {error.start + 1})", where=str(path), remedy="save it as UTF-8"
        ) from error
    # Not splitlines, which also breaks at characters that TOML keeps inside a line.
    lines = tuple(text.split("\n"))
    return TomlFile(str(path), lines, _parse(text, str(path), len(lines)))


def _parse(text: str, path: str, last: int) -> dict[str, Any]:
    """Parse TOML; an error names the line."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise FactorError("is nested too deeply", where=path, remedy="write it with fewer brackets") from error
    except ValueError as error:
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        problem, where = str(error), path
        if place:
            where = f"{path}:{place[1] or last}"
            problem = problem[: place.start()] + (f" at column {place[2]}" if place[2] else " at the end of the file")
        problem = f"is not TOML: {problem[:1].lower()}{problem[1:]}"
        raise FactorError(problem, where=where, remedy="correct the line") from error
