import json
from pathlib import Path

import lmdb
import numpy as np
import pytest
from PIL import Image

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets import prepare
from caffe_runner.errors import DataError

Pixels = np.ndarray


def images(count: int, seed: int) -> tuple[Pixels, list[int]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, size=(count, 3, 32, 32), dtype=np.uint8), (np.arange(count) % 10).tolist()


def write_binary(path: Path, pixels: Pixels, labels: list[int]) -> None:
    path.write_bytes(b"".join(bytes([label]) + image.tobytes() for image, label in zip(pixels, labels, strict=True)))


def write_png(path: Path, pixels: Pixels) -> None:
    Image.fromarray(pixels.transpose(0, 2, 3, 1).reshape(len(pixels), 1024, 3)).save(path)


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    folder = tmp_path / "binary"
    folder.mkdir()
    for number in (10, 2, 1):  # in the order of their numbers, whatever their names' order
        write_binary(folder / f"data_batch_{number}.bin", *images(6, number))
    write_binary(folder / "test_batch.bin", *images(4, 0))
    return folder


@pytest.fixture
def png(tmp_path: Path) -> Path:
    folder = tmp_path / "png"
    folder.mkdir()
    for number in (1, 2, 10):
        write_png(folder / f"data_batch_{number}.png", images(6, number)[0])
    write_png(folder / "test_batch.png", images(4, 0)[0])
    (folder / "train_lables.json").write_text(json.dumps([*range(6)] * 3))
    (folder / "test_lables.json").write_text(json.dumps([*range(4)]))
    return folder


def records(folder: Path) -> list[tuple[int, bytes]]:
    datum = message_class("Datum")
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        found = [datum.FromString(record) for _, record in transaction.cursor()]
    return [(image.label, image.data) for image in found]


def test_both_forms_give_the_same_records_in_order(binary: Path, png: Path, tmp_path: Path) -> None:
    one = prepare(binary.name, tmp_path / "cache", base=tmp_path)
    other = prepare(png.name, tmp_path / "cache", base=tmp_path)
    assert one.checksum == other.checksum
    assert (one.n_train, one.n_test, one.shape, one.classes) == (18, 4, (3, 32, 32), 6)
    due = [(label, image.tobytes()) for number in (1, 2, 10) for image, label in zip(*images(6, number), strict=True)]
    assert records(one.train) == due
    assert one.source_text == "CIFAR-10's batches in binary"


def test_a_part_set_aside(binary: Path, tmp_path: Path) -> None:
    (binary / "test_batch.bin").unlink()
    with pytest.raises(DataError, match=r"no test_batch\.bin or test_batch\.png .*test_fraction"):
        prepare("binary", tmp_path / "cache", base=tmp_path)
    data = prepare("binary", tmp_path / "cache", base=tmp_path, test_fraction=0.5, seed=1)
    assert (data.n_train, data.n_test) == (9, 9)


def test_the_named_data_set_must_be_whole(binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIM_CIFAR10", str(binary))
    with pytest.raises(DataError, match="18 training images where cifar10 has 50000"):
        prepare("cifar10", tmp_path / "cache", base=Path("/"))


MISTAKES = [
    (lambda f: (f / "data_batch_2.png").write_bytes(b"\x89PNG"), r"data_batch_2\.png: this is no whole PNG"),
    (lambda f: (f / "train_lables.json").unlink(), r"train_lables\.json, are not there"),
    (lambda f: (f / "train_lables.json").write_text("[1, 2]"), "2 labels for 18 images"),
    (lambda f: (f / "train_lables.json").write_text('{"a": 1}'), "no list of classes: not a list of whole numbers"),
    (lambda f: (f / "train_lables.json").write_text("["), "no list of classes"),
    (lambda f: (f / "train_lables.json").write_text(json.dumps([10] * 18)), "image 1 is of class 10"),
    (lambda f: Image.new("L", (1024, 2)).save(f / "data_batch_1.png"), "in mode L; due are 1024"),
    (lambda f: (f / "data_batch_1.bin").write_bytes(b"12"), "2 bytes, which is no multiple of 3073"),
]


@pytest.mark.parametrize(("spoil", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_told(png: Path, tmp_path: Path, spoil, said: str) -> None:
    spoil(png)
    with pytest.raises(DataError, match=said):
        prepare("png", tmp_path / "cache", base=tmp_path)


def test_options_of_a_csv_are_refused(binary: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`label` is for a CSV, and the source is a folder of CIFAR-10's batches"):
        prepare(binary.name, tmp_path / "cache", base=tmp_path, label="class")
