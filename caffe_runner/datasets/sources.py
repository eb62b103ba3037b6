"""Where image data come from: Fashion-MNIST, a folder of idx files, a CSV of pixels; found first, read when needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from caffe_runner.datasets.csv_pixels import check_classes, check_same_columns, read_csv
from caffe_runner.datasets.idx import IdxPair, find_pair, read_pair, usual_name
from caffe_runner.datasets.images import Images, TrainAndTest, draw_test
from caffe_runner.errors import DataError

FASHION_MNIST = "fashion-mnist"
FASHION_MNIST_VARIABLE = "QIM_FASHION_MNIST"
FASHION_MNIST_FOLDER = Path("/usr/share/datasets/fashion-mnist")

_FASHION_MNIST_SHA256 = {
    "train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "test-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "test-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""Of the files in Debian's dataset-fashion-mnist 0.0~git20200523.55506a9-1, unpacked: Debian compressed them anew, so
only the unpacked content can be compared with copies from elsewhere."""


@dataclass(frozen=True, slots=True)
class Options:
    """What else a user says about a source.

    Parameters
    ----------
    label : str or None
        The CSV column with the class.
    shape : tuple of 3 int or None
        Channels, height, width of an image in a CSV.
    test_fraction : float or None
        Share of the training images to test on, instead of files of their own.
    seed : int
        Determines which these are.
    """

    label: str | None = None
    shape: tuple[int, int, int] | None = None
    test_fraction: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A source, read.

    Parameters
    ----------
    parts : TrainAndTest
        The images.
    sha256 : dict of str to str
        The checksum of each file that was read, by what it holds.
    """

    parts: TrainAndTest
    sha256: dict[str, str]


class Source(Protocol):
    """A source that was found, with nothing read yet."""

    @property
    def name(self) -> str:
        """A short name of the data."""

    @property
    def text(self) -> str:
        """A sentence part that tells a reader of the report where the data are from."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that determine the data."""

    def load(self) -> Loaded:
        """Read and check everything.

        Raises
        ------
        DataError
            If a file is damaged, of another kind, or does not belong to the others.
        """


@dataclass(frozen=True, slots=True)
class IdxSource:
    """Idx files.

    Parameters
    ----------
    name, text : str
        As in `Source`.
    train : IdxPair
        Files of the training images.
    test : IdxPair or None
        Files of the test images; None to draw them from the training images.
    options : Options
        The draw.
    known_sha256 : dict of str to str or None
        The contents that the files must have, where they are known.
    """

    name: str
    text: str
    train: IdxPair
    test: IdxPair | None
    options: Options
    known_sha256: dict[str, str] | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The two or four files."""
        pairs = [self.train] + ([self.test] if self.test else [])
        return tuple(path for pair in pairs for path in (pair.images, pair.labels))

    def load(self) -> Loaded:
        """Read the files; see `Source`."""
        sha256: dict[str, str] = {}
        train = self._read("train", self.train, sha256)
        if self.test is None:
            return Loaded(_draw(train, self.options, str(self.train.images)), sha256)
        test = self._read("test", self.test, sha256)
        if test.shape != train.shape:
            raise DataError(
                f"images of {_size(test)} where the training images are {_size(train)}",
                where=str(self.test.images),
                remedy="take all files from the same data set",
            )
        return Loaded(TrainAndTest(train, test), sha256)

    def _read(self, part: str, pair: IdxPair, sha256: dict[str, str]) -> Images:
        held = read_pair(pair)
        for what, path in (("images", pair.images), ("labels", pair.labels)):
            role = f"{part}-{what}"
            sha256[role] = held.sha256[what]
            known = (self.known_sha256 or sha256)[role]
            if sha256[role] != known:
                raise DataError(
                    f"the content is not that of {self.name}: sha256 {sha256[role]} where {known} is due",
                    where=str(path),
                    remedy="fetch the file again, or name its folder as the source to use other data",
                )
        return held.images


@dataclass(frozen=True, slots=True)
class CsvSource:
    """One or two CSVs of pixels.

    Parameters
    ----------
    train : Path
        The training images.
    test : Path or None
        The test images; None to draw them from the training images.
    options : Options
        Label column, shape, draw.
    """

    train: Path
    test: Path | None
    options: Options

    @property
    def name(self) -> str:
        """The name of the training file without its ending."""
        return self.train.stem

    @property
    def text(self) -> str:
        """The names of the files."""
        return f"pixels in {self.train.name} and " + (self.test.name if self.test else _drawn(self.options))

    @property
    def files(self) -> tuple[Path, ...]:
        """The one or two files."""
        return (self.train, self.test) if self.test else (self.train,)

    def load(self) -> Loaded:
        """Read the files; see `Source`."""
        train = read_csv(self.train, self.options.label, self.options.shape)
        if self.test is None:
            check_classes(train)
            return Loaded(_draw(train.images, self.options, str(self.train)), {"train": train.sha256})
        test = read_csv(self.test, self.options.label, self.options.shape)
        check_same_columns(train, test)
        check_classes(train, test)
        return Loaded(TrainAndTest(train.images, test.images), {"train": train.sha256, "test": test.sha256})


def find_source(source: str, base: Path, options: Options) -> Source:
    """Find the files of a source.

    Parameters
    ----------
    source : str
        ``fashion-mnist``, or the path of a folder of idx files or of a CSV.
    base : Path
        The folder that a relative path starts from.
    options : Options
        What else is known; a `test_fraction` sets test files aside.

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
    path = base / source
    if path.is_dir():
        return _idx_folder(path, path.resolve().name, options, None)
    if path.is_file():
        return _csv(path, options)
    raise DataError(
        "there is no such file or folder",
        where=str(path),
        remedy=f'give "{FASHION_MNIST}", a folder of idx files, or a CSV of pixels',
    )


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
    return _idx_folder(folder, FASHION_MNIST, options, _FASHION_MNIST_SHA256)


def _idx_folder(folder: Path, name: str, options: Options, known: dict[str, str] | None) -> Source:
    for option, value in (("label", options.label), ("shape", options.shape)):
        if value is not None:
            raise DataError(
                f"`{option}` is for a CSV, and the source is a folder of idx files",
                where=str(folder),
                remedy=f"leave `{option}` out",
            )
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
    title = "Fashion-MNIST" if known else name
    text = f"idx files of {title}" + ("" if test else f" and {_drawn(options)}")
    return IdxSource(name, text, train, test, options, known)


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


def _draw(images: Images, options: Options, where: str) -> TrainAndTest:
    # Sources without test files are only made when a fraction was given.
    return draw_test(images, options.test_fraction or 0.0, options.seed, where)


def _drawn(options: Options) -> str:
    return f"{options.test_fraction:.12g} of its training images drawn for the test with seed {options.seed}"


def _size(images: Images) -> str:
    return " x ".join(str(side) for side in images.shape[1:])
