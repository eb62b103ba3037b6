import gzip
import shutil
from pathlib import Path

import lmdb
import numpy as np
import pytest

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets import Dataset, find_source, prepare
from caffe_runner.errors import DataError

installed = pytest.mark.skipif(
    not find_source.FASHION_MNIST_FOLDER.is_dir(), reason="Debian's dataset-fashion-mnist is not installed"
)


@pytest.fixture(scope="module")
def fashion(tmp_path_factory) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(find_source.FASHION_MNIST_VARIABLE, raising=False)
        return prepare("fashion-mnist", tmp_path_factory.mktemp("cache"), base=Path("/"))


@installed
def test_real_data_set(fashion):
    assert (fashion.name, fashion.n_train, fashion.n_test) == ("fashion-mnist", 60_000, 10_000)
    assert (fashion.shape, fashion.classes) == ((1, 28, 28), 10)
    assert fashion.source_text == "idx files of Fashion-MNIST"


@installed
@pytest.mark.parametrize(("part", "file", "count"), [("train", "train", 60_000), ("test", "t10k", 10_000)])
def test_real_records_are_the_files_in_order(fashion, part, file, count):
    raw = gzip.decompress((find_source.FASHION_MNIST_FOLDER / f"{file}-images-idx3-ubyte.gz").read_bytes())
    due = np.frombuffer(raw, dtype=np.uint8, offset=16).reshape(count, 784)
    datum_class = message_class("Datum")
    per_class = np.zeros(10, dtype=int)
    with (
        lmdb.open(str(getattr(fashion, part)), readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        for number, (_, record) in enumerate(transaction.cursor()):
            datum = datum_class.FromString(record)
            per_class[datum.label] += 1
            assert datum.data == due[number].tobytes()
    assert (
        per_class.tolist() == [count // 10] * 10
    )  # Fashion-MNIST is balanced (Xiao, Rasul, Vollgraf 2017, section 2).


@installed
def test_unpacked_copy_is_the_same_data_set(fashion, tmp_path, monkeypatch):
    for path in find_source.FASHION_MNIST_FOLDER.glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    monkeypatch.setenv(find_source.FASHION_MNIST_VARIABLE, str(tmp_path))
    said: list[str] = []
    again = prepare("fashion-mnist", fashion.train.parent.parent, base=Path("/"), progress=said.append)
    assert again == fashion
    assert said == ["reading idx files of Fashion-MNIST"]


@installed
def test_one_altered_file_is_named(tmp_path, monkeypatch):
    for path in find_source.FASHION_MNIST_FOLDER.glob("*.gz"):
        shutil.copy(path, tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(gzip.compress(bytes(content)))
    monkeypatch.setenv(find_source.FASHION_MNIST_VARIABLE, str(tmp_path))
    with pytest.raises(
        DataError, match=r"t10k-labels-idx1-ubyte\.gz: the content is not that of fashion-mnist: sha256"
    ):
        prepare("fashion-mnist", tmp_path / "cache", base=Path("/"))


def test_other_data_are_not_taken_for_it(idx_folder, tmp_path, monkeypatch):
    monkeypatch.setenv(find_source.FASHION_MNIST_VARIABLE, str(idx_folder))
    with pytest.raises(DataError, match="train-images-idx3-ubyte: the content is not that of fashion-mnist"):
        prepare("fashion-mnist", tmp_path / "cache", base=Path("/"))


def test_missing_package_has_a_remedy(tmp_path, monkeypatch):
    monkeypatch.delenv(find_source.FASHION_MNIST_VARIABLE, raising=False)
    monkeypatch.setattr(find_source, "FASHION_MNIST_FOLDER", tmp_path / "none")
    with pytest.raises(DataError, match=r"apt-get install dataset-fashion-mnist.*QIM_FASHION_MNIST"):
        prepare("fashion-mnist", tmp_path / "cache", base=Path("/"))


def test_variable_that_points_nowhere_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(find_source.FASHION_MNIST_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"QIM_FASHION_MNIST=.*none: Fashion-MNIST is not there"):
        prepare("fashion-mnist", tmp_path / "cache", base=Path("/"))
