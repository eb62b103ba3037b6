import json
from pathlib import Path

import lmdb
import numpy as np
import pytest

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets import Dataset, find_source, prepare
from caffe_runner.datasets.images import Images
from caffe_runner.datasets.orders import order_of, ordered, train_names
from caffe_runner.errors import DataError


def pixels_in(folder: Path) -> list[bytes]:
    datum = message_class("Datum")
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        return [datum.FromString(record).data for _, record in transaction.cursor()]


def made(idx_folder: Path, **asked: int) -> Dataset:
    return prepare("My data", idx_folder.parent / "cache", base=idx_folder.parent, **asked)


def test_each_order_is_a_shuffle_of_all_images(idx_folder: Path) -> None:
    plain, shuffled = made(idx_folder), made(idx_folder, orders=3)
    assert [folder.name for folder in shuffled.trains] == ["train-00", "train-01", "train-02"]
    whole = pixels_in(plain.train)
    found = [pixels_in(folder) for folder in shuffled.trains]
    assert all(sorted(order) == sorted(whole) for order in found)
    assert len({tuple(order) for order in [whole, *found]}) == 4
    assert pixels_in(shuffled.test) == pixels_in(plain.test)
    assert shuffled.checksum != plain.checksum
    assert made(idx_folder, orders=3) == shuffled


def test_an_order_is_decided_by_its_number_alone(idx_folder: Path) -> None:
    many, few = made(idx_folder, orders=5), made(idx_folder, orders=2, train_images=7)
    assert few.n_train == 7
    assert [pixels_in(folder) for folder in few.trains] == [pixels_in(folder)[:7] for folder in many.trains[:2]]


def test_fewer_images_without_orders_are_the_first_of_the_source(idx_folder: Path) -> None:
    plain, first = made(idx_folder), made(idx_folder, train_images=5)
    assert first.train.name == "train"
    assert (first.n_train, first.classes) == (5, plain.classes)
    assert pixels_in(first.train) == pixels_in(plain.train)[:5]


def test_more_images_than_there_are(idx_folder: Path) -> None:
    with pytest.raises(DataError, match="train_images asks for 13 images where there are 12 to train on; set train_im"):
        made(idx_folder, train_images=13)


def test_a_damaged_order_is_made_again(idx_folder: Path) -> None:
    data = made(idx_folder, orders=3)
    before = pixels_in(data.trains[2])
    (data.trains[2] / "data.mdb").unlink()
    assert made(idx_folder, orders=3) == data
    assert pixels_in(data.trains[2]) == before


def test_a_trial_reads_the_order_of_its_seed(idx_folder: Path) -> None:
    data = made(idx_folder, orders=3)
    assert [data.train_of(seed).name for seed in (3, 4, 5, 2**31 - 1)] == [
        "train-00",
        "train-01",
        "train-02",
        "train-01",
    ]
    assert made(idx_folder).train_of(17).name == "train"
    assert {order_of(seed, 16) for seed in range(100)} == set(range(16))


def test_the_orders_stay_what_they_are() -> None:
    images = Images(np.zeros((6, 1, 1, 1), dtype=np.uint8), np.arange(6, dtype=np.int32))
    assert [held.labels.tolist() for _, held in ordered(images, 2, 6)] == [[0, 1, 5, 3, 2, 4], [5, 1, 2, 0, 3, 4]]
    assert train_names(101)[-1] == "train-100"


@pytest.mark.skipif(not find_source.FASHION_MNIST_FOLDER.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_plain_data_keep_the_checksum_that_recorded_studies_have(analysis: Path, tmp_path: Path) -> None:
    recorded = json.loads((analysis / "lenet_fashion" / "full.meta.json").read_text())["provenance"]["data_checksum"]
    assert prepare("fashion-mnist", tmp_path, base=Path("/")).checksum == recorded
