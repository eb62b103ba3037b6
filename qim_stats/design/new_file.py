"""Writing files that must not replace others: what is there may have been measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qim_stats.errors import DesignError


def write_new(files: Mapping[Path, str]) -> None:
    """Write files that are not there yet; a file that holds the same bytes already is left alone.

    Parameters
    ----------
    files : mapping of Path to str
        The text of each file, written as UTF-8. All are checked before the first is written, and when one cannot be
        written those of this call are taken back.

    Raises
    ------
    DesignError
        If a file is there with other content, or cannot be written.
    """
    missing = {path: text.encode() for path, text in files.items() if not _holds(path, text.encode())}
    written: list[Path] = []
    try:
        for path, content in missing.items():
            with path.open("xb") as stream:
                written.append(path)
                stream.write(content)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise _cannot(path, "write", error) from error


def _holds(path: Path, content: bytes) -> bool:
    """Whether the file is there with this content; refuse one with another."""
    try:
        if not path.exists():
            return False
        if path.is_file() and path.read_bytes() == content:
            return True
    except OSError as error:
        raise _cannot(path, "read", error) from error
    raise DesignError(
        "is there already, with other content, and may hold what was measured",
        where=str(path),
        remedy="give another name, or move it away",
    )


def _cannot(path: Path, verb: str, error: OSError) -> DesignError:
    """Say that a file cannot be read or written, and why."""
    reason = (error.strerror or str(error)).lower()
    return DesignError(f"cannot {verb} the file: {reason}", where=str(path), remedy="give a place you may write to")
