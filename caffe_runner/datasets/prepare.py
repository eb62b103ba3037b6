"""From a source to a data set as Caffe reads it, made once."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from caffe_runner.datasets.archives import Archive, fetch
from caffe_runner.datasets.cache import (
    FORMAT,
    Manifest,
    Part,
    Stamps,
    lock,
    make,
    read_manifest,
    recall,
    remember,
    settle,
    stamp,
)
from caffe_runner.datasets.find_source import Fetch, find_source
from caffe_runner.datasets.images import Images
from caffe_runner.datasets.lmdb_store import DATA_FILE, write_lmdb
from caffe_runner.datasets.orders import order_of, ordered
from caffe_runner.datasets.sources import Loaded, Options, Source
from caffe_runner.errors import DataError

CACHE_VARIABLE = "QIM_CACHE"

# LMDB calls a write that the disk took in part only, as its space ran out, an input/output error.
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Image data as Caffe reads them.

    Parameters
    ----------
    name : str
        A short name.
    trains : tuple of Path
        LMDB folders of Datum records with training images, one for each order; any user can read them.
    test : Path
        That of the test images.
    n_train, n_test : int
        Images in each.
    shape : tuple of 3 int
        Channels, height and width of an image.
    classes : int
        The largest label plus one.
    checksum : str
        sha256 over all records in order, training parts first: equal data, equal checksum.
    source_text : str
        Where the data are from, for people.
    """

    name: str
    trains: tuple[Path, ...]
    test: Path
    n_train: int
    n_test: int
    shape: tuple[int, int, int]
    classes: int
    checksum: str
    source_text: str

    @property
    def train(self) -> Path:
        """The LMDB folder of the first order, which is the only one unless several were asked for."""
        return self.trains[0]

    def train_of(self, seed: int) -> Path:
        """Return the LMDB folder that a trial with this ``random_seed`` trains on."""
        return self.trains[order_of(seed, len(self.trains))]


def cache_folder() -> Path:
    """Return the folder for prepared data: ``QIM_CACHE``, else ``qim-stats`` in the user's cache folder.

    Raises
    ------
    DataError
        If the variable is not set and the user has no home.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # The XDG specification has relative paths ignored.
        return (base if base.is_absolute() else Path.home() / ".cache") / "qim-stats"
    except RuntimeError as error:
        remedy = f"set {CACHE_VARIABLE} to a folder for prepared data"
        raise DataError("there is no home folder to keep data in", remedy=remedy) from error


def prepare(
    source: str,
    cache: Path,
    *,
    base: Path,
    label: str | None = None,
    shape: tuple[int, int, int] | None = None,
    test_fraction: float | None = None,
    seed: int = 0,
    orders: int = 1,
    train_images: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Dataset:
    """Make a data set ready for Caffe, or find it ready.

    Parameters
    ----------
    source : str
        ``"fashion-mnist"``, ``"mnist"``, ``"cifar10"``, or the path of a folder of idx files or of CIFAR-10's batches,
        or of a CSV of pixels.
    cache : Path
        Where prepared data are kept.
    base : Path
        The folder that a relative `source` starts from.
    label : str, optional
        The column of the class in a CSV; default: the one called ``label``, else the first.
    shape : tuple of 3 int, optional
        Channels, height, width of an image in a CSV; default: one channel and a square.
    test_fraction : float, optional
        Test on this share of the training images, in place of any test files.
    seed : int
        Determines which images these are.
    orders : int
        How many shuffled copies of the training images to make; 1 leaves them in the order of the source.
    train_images : int, optional
        How many training images each copy holds, the first of its order; default: all.
    progress : callable, optional
        Told in a few words what is being done, when there is something to do.

    Returns
    -------
    Dataset
        Complete and on the disk.

    Raises
    ------
    DataError
        If the source is not there or is damaged, or the cache cannot be written; nothing half-made is left behind.

    Notes
    -----
    When nothing has changed since the last call, only the state of the source's files and a manifest are read. Of two
    processes that start together, one makes the data set and the other waits for it.
    """
    tell = progress or (lambda _text: None)
    options = Options(label, shape, test_fraction, seed if test_fraction is not None else 0, orders, train_images)
    try:
        found, request, stamps = _find(source, base, options, lambda archive: _fetched(archive, cache, tell))
        ready = recall(cache, request, stamps)
        if ready is None:
            with lock(cache, lambda: tell(f"waiting for another process that prepares data in {cache}")):
                ready = recall(cache, request, stamps) or _make(found, options, cache, stamps, tell)
                remember(cache, request, stamps, ready[0])
    except OSError as error:
        raise _cannot_keep(error, cache) from error
    return _dataset(found, *ready)


def _find(source: str, base: Path, options: Options, get: Fetch) -> tuple[Source, str, Stamps]:
    try:
        found = find_source(source, base, options, get)
        return found, _request(found, options), stamp(found.files)
    except OSError as error:
        problem = f"the data cannot be found: {error.strerror or error}"
        raise DataError(problem, where=str(error.filename or source), remedy="make them readable") from error


def _fetched(archive: Archive, cache: Path, tell: Callable[[str], None]) -> Path:
    try:
        return fetch(archive, cache, tell)
    except OSError as error:
        raise _cannot_keep(error, cache) from error


def _dataset(source: Source, folder: Path, manifest: Manifest) -> Dataset:
    return Dataset(
        name=source.name,
        trains=tuple(folder / name for name in manifest.train),
        test=folder / "test",
        n_train=next(iter(manifest.train.values())).images,
        n_test=manifest.test.images,
        shape=manifest.shape,
        classes=manifest.classes,
        checksum=manifest.checksum,
        source_text=source.text,
    )


def _make(
    source: Source, options: Options, cache: Path, stamps: Stamps, tell: Callable[[str], None]
) -> tuple[Path, Manifest]:
    tell(f"reading {source.text}")
    settle(stamps)
    loaded = source.load()
    if stamp(source.files) != stamps:
        raise DataError(
            "the data changed while they were read",
            where=str(source.files[0]),
            remedy="try again when they are complete",
        )
    count = _train_images(source, options, loaded)
    folder = cache / _entry(source, options, loaded)
    manifest = read_manifest(folder)
    if manifest is None:
        parts = loaded.parts
        copies = f" in {options.orders} orders" if options.orders > 1 else ""
        tell(f"writing {count} training{copies} and {len(parts.test)} test images to {folder}")
        manifest = make(folder, lambda partial: _write(partial, loaded, options, count))
    return folder, manifest


def _train_images(source: Source, options: Options, loaded: Loaded) -> int:
    there = len(loaded.parts.train)
    count = there if options.train_images is None else options.train_images
    if count > there:
        raise DataError(
            f"train_images asks for {count} images where there are {there} to train on",
            where=str(source.files[0]),
            remedy=f"set train_images to {there} at most",
        )
    return count


def _write(partial: Path, loaded: Loaded, options: Options, count: int) -> Manifest:
    digest = hashlib.sha256()

    def part(name: str, images: Images) -> Part:
        digest.update(f"{name} {write_lmdb(partial / name, images)}\n".encode())
        return Part(images=len(images), size=(partial / name / DATA_FILE).stat().st_size)

    train = {name: part(name, images) for name, images in ordered(loaded.parts.train, options.orders, count)}
    test = part("test", loaded.parts.test)
    return Manifest(
        format=FORMAT,
        checksum=digest.hexdigest(),
        shape=loaded.parts.train.shape,
        classes=loaded.parts.classes,
        train=train,
        test=test,
        sources=loaded.sha256,
        options={name: json.dumps(value) for name, value in asdict(options).items()},
    )


def _request(source: Source, options: Options) -> str:
    return _checksum([FORMAT, source.name, [str(path.resolve()) for path in source.files], asdict(options)])


def _entry(source: Source, options: Options, loaded: Loaded) -> str:
    readable = re.sub(r"[^a-z0-9]+", "-", source.name.lower())[:40].strip("-") or "data"
    return f"{readable}-{_checksum([FORMAT, loaded.sha256, asdict(options)])[:16]}"


def _checksum(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _cannot_keep(error: OSError, cache: Path) -> DataError:
    action = "free some space" if error.errno in _NO_SPACE else "make it a folder that can be read and written"
    return DataError(
        f"prepared data cannot be kept here: {error.strerror or error}",
        where=str(cache),
        remedy=f"{action}, or set {CACHE_VARIABLE} to another folder for prepared data",
    )
