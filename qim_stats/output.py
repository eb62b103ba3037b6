"""Writing files so that a reader sees the old one or the new one, never half of it."""

from __future__ import annotations

import os
from pathlib import Path

from qim_stats.errors import QimError


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a UTF-8 file atomically.

    Parameters
    ----------
    path : path
        Where; an existing file is replaced, its directory must be there. A device or a pipe is written to directly.
    text : str
        What.

    Raises
    ------
    QimError
        If the file cannot be written; what was there before stays as it was.
    """
    try:
        target = Path(path).resolve()
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}.tmp")
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise QimError(f"cannot be written ({reason})", where=str(path), remedy="choose another path") from None
