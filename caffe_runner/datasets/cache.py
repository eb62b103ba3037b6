"""Finished data sets on disk: found without reading them, made by one process at a time, whole or not at all.

The cache holds, side by side,

- ``NAME-CHECKSUM/``: one data set, with ``train/`` (of several orders ``train-00/``, ``train-01/``, ...) and ``test/``
  (LMDB folders) and ``manifest.json``. It gets this name, made from the content of its sources, only when it is
  complete and on the disk;
- ``.archives/PACKAGE-VERSION/``: source files that were fetched;
- ``.known/REQUEST.json``: which of them an earlier request led to, and the state of its files at that time;
- ``.partial``: one that is being made;
- ``.lock``: held by the process that makes it; the kernel gives it back however that process dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from caffe_runner.datasets.lmdb_store import DATA_FILE, flush_folder

FORMAT = 2
"""Raised when the same source would give other files or another manifest; older data sets are then made anew."""

_MANIFEST = "manifest.json"
_KNOWN = ".known"
_PARTIAL = ".partial"
_LOCK = ".lock"
_TICK_NS = 20_000_000

Stamps = tuple[tuple[int, int, int, int], ...]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Part(_Record):
    """One LMDB: how many images it holds, and how large its data file is in bytes."""

    images: int
    size: int


class Manifest(_Record):
    """What a finished data set is: enough to use it without opening it.

    Parameters
    ----------
    format : int
        `FORMAT`.
    checksum : str
        sha256 over the checksums of all parts; that of a part is over its keys and records in their order.
    shape : tuple of 3 int
        Channels, height, width.
    classes : int
        Largest label plus one.
    train : dict of str to Part
        The LMDBs of training images by the names of their folders, one for each order.
    test : Part
        That of the test images.
    sources : dict of str to str
        sha256 of each file it was made from.
    options : dict of str to str
        What else determined it.
    """

    format: int
    checksum: str
    shape: tuple[int, int, int]
    classes: int
    train: dict[str, Part]
    test: Part
    sources: dict[str, str]
    options: dict[str, str]


class _Known(_Record):
    stamps: Stamps
    entry: str


def stamp(files: tuple[Path, ...]) -> Stamps:
    """Describe the state of files without reading them: inode, size in bytes, times of change in nanoseconds.

    The time of the inode's change is part of it, as it cannot be set back like the time of the content's change.

    Raises
    ------
    OSError
        If a file is gone.
    """
    states = [path.stat() for path in files]
    return tuple((state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for state in states)


def settle(stamps: Stamps) -> None:
    """Wait until a further change of the files would show in their stamps.

    The kernel stamps files with a clock that ticks a hundred times a second or more, so files written a moment ago
    could change once more within the same tick. Files older than that, the usual case, cost nothing.
    """
    youngest = max(changed for *_, changed in stamps)
    age = time.time_ns() - youngest
    if 0 <= age < _TICK_NS:
        time.sleep((_TICK_NS - age) / 1e9)


def recall(cache: Path, request: str, stamps: Stamps) -> tuple[Path, Manifest] | None:
    """Find the data set that an earlier, equal request led to.

    Parameters
    ----------
    cache : Path
        The cache; need not exist.
    request : str
        A checksum of everything that was asked for, the paths of the files included.
    stamps : Stamps
        The state of the source's files now.

    Returns
    -------
    tuple of Path and Manifest, or None
        None when there was none, its files have changed, or the data set is no longer complete.
    """
    try:
        known = _Known.model_validate_json(_known_path(cache, request).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    if known.stamps != stamps:
        return None
    manifest = read_manifest(cache / known.entry)
    return (cache / known.entry, manifest) if manifest else None


def remember(cache: Path, request: str, stamps: Stamps, folder: Path) -> None:
    """Note which data set a request led to; the lock must be held."""
    path = _known_path(cache, request)
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    # Not flushed: after a power cut the note may be empty, and the sources are then read once more.
    fresh.write_text(_Known(stamps=stamps, entry=folder.name).model_dump_json(), encoding="utf-8")
    fresh.replace(path)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a data set.

    Returns
    -------
    Manifest or None
        None when the data set is not there, is of another format, or its files do not have the sizes written down.
    """
    try:
        manifest = Manifest.model_validate_json((folder / _MANIFEST).read_bytes())
        due = {name: part.size for name, part in manifest.train.items()} | {"test": manifest.test.size}
        sizes = {name: (folder / name / DATA_FILE).stat().st_size for name in due}
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    complete = manifest.format == FORMAT and sizes == due
    return manifest if complete else None


@contextmanager
def lock(cache: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process that makes data sets in a cache, for as long as the context lasts.

    Parameters
    ----------
    cache : Path
        The cache; made if absent.
    waiting : callable
        Called once if another process holds the lock, before waiting for it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / _LOCK).open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def make(folder: Path, write: Callable[[Path], Manifest]) -> Manifest:
    """Make a data set; the lock must be held.

    Parameters
    ----------
    folder : Path
        Its final place, in the cache; whatever incomplete is there is replaced.
    write : callable
        Writes the LMDBs into the folder it is given and returns the manifest.

    Returns
    -------
    Manifest
        As written; on return everything is on the disk.

    Raises
    ------
    OSError
        If it cannot be written. Nothing is left behind then, nor after any other exception.
    """
    partial = folder.with_name(_PARTIAL)
    _remove(partial)  # Left by a process that was killed: whoever holds the lock owns it.
    try:
        partial.mkdir()
        partial.chmod(0o755)
        manifest = write(partial)
        _write_durably(partial / _MANIFEST, manifest.model_dump_json(indent=1) + "\n")
        flush_folder(partial)
        _remove(folder)
        partial.rename(folder)
        flush_folder(folder.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _known_path(cache: Path, request: str) -> Path:
    return cache / _KNOWN / f"{request}.json"


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    path.chmod(0o644)
