"""One runner per study: a lock on the study's folder that the kernel gives back however the owner dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from caffe_runner.errors import LedgerError

_NAME = "lock"


@contextmanager
def study_lock(folder: Path) -> Iterator[None]:
    """Own a study's folder for as long as the context lasts.

    Raises
    ------
    LedgerError
        If another process owns it; the message names the process.
    """
    with (folder / _NAME).open("a+") as handle:
        if not _taken(handle):
            raise LedgerError(
                f"the study is being run by process {_written(folder)}",
                where=str(folder),
                remedy="wait for it, or watch it with `python -m caffe_runner status`",
            )
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def owner(folder: Path) -> str:
    """Return the process that owns the folder now, or an empty text when nobody does."""
    path = folder / _NAME
    if not path.exists():
        return ""
    with path.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _written(folder)
    return ""


def _taken(handle: IO[str]) -> bool:
    # More than once: whoever asks for the owner holds the lock for an instant.
    for pause in (0.01, 0.05, 0.2, None):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause is not None:
                time.sleep(pause)
        else:
            return True
    return False


def _written(folder: Path) -> str:
    return (folder / _NAME).read_text().strip() or "unknown"
