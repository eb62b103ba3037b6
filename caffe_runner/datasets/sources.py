"""Where image data come from: idx files, batches of CIFAR-10, a CSV of pixels; found first, read when needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from caffe_runner.datasets.cifar import CifarFiles, read_cifar
from caffe_runner.datasets.csv_pixels import check_classes, check_same_columns, read_csv
from caffe_runner.datasets.idx import IdxPair, read_pair
from caffe_runner.datasets.images import Images, TrainAndTest, draw_test
from caffe_runner.errors import DataError


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
    orders : int
        Shuffled copies of the training images; 1 for the order of the source alone.
    train_images : int or None
        How many training images each copy holds; None for all.
    """

    label: str | None = None
    shape: tuple[int, int, int] | None = None
    test_fraction: float | None = None
    seed: int = 0
    orders: int = 1
    train_images: int | None = None


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
        return f"pixels in {self.train.name} and " + (self.test.name if self.test else drawn_text(self.options))

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


@dataclass(frozen=True, slots=True)
class CifarSource:
    """Batches of CIFAR-10.

    Parameters
    ----------
    name, text : str
        As in `Source`.
    train : CifarFiles
        The training batches.
    test : CifarFiles or None
        The test batch; None to draw the test images from the training images.
    options : Options
        The draw.
    known_counts : tuple of 2 int or None
        How many training and test images there must be, where that is known.
    """

    name: str
    text: str
    train: CifarFiles
    test: CifarFiles | None
    options: Options
    known_counts: tuple[int, int] | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The batches, and their labels where these are files of their own."""
        return self.train.all + (self.test.all if self.test else ())

    def load(self) -> Loaded:
        """Read the files; see `Source`."""
        train, sha256 = read_cifar(self.train)
        where = str(self.train.batches[0].parent)
        if self.test is None:
            self._check_count("training", train, 0, where)
            return Loaded(_draw(train, self.options, where), sha256)
        test, more = read_cifar(self.test)
        self._check_count("training", train, 0, where)
        self._check_count("test", test, 1, where)
        return Loaded(TrainAndTest(train, test), sha256 | more)

    def _check_count(self, what: str, images: Images, part: int, where: str) -> None:
        due = self.known_counts[part] if self.known_counts else len(images)
        if len(images) != due:
            raise DataError(
                f"{len(images)} {what} images where {self.name} has {due}",
                where=where,
                remedy="add the batches that lack, or name the folder as the source to use what is there",
            )


def _draw(images: Images, options: Options, where: str) -> TrainAndTest:
    # Sources without test files are only made when a fraction was given.
    return draw_test(images, options.test_fraction or 0.0, options.seed, where)


def drawn_text(options: Options) -> str:
    """Say which images are set aside for the test."""
    return f"{options.test_fraction:.12g} of its training images drawn for the test with seed {options.seed}"


def _size(images: Images) -> str:
    return " x ".join(str(side) for side in images.shape[1:])
