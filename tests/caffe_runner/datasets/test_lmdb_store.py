import os
import stat

import lmdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets.datum import records
from caffe_runner.datasets.images import Images
from caffe_runner.datasets.lmdb_store import write_lmdb


def read_back(folder):
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        return list(transaction.cursor())


@st.composite
def images(draw):
    count = draw(st.integers(1, 8))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)))
    labels = draw(st.lists(st.integers(0, 2**31 - 1), min_size=count, max_size=count))
    return Images(draw(arrays(np.uint8, (count, *shape))), np.array(labels, dtype=np.int32))


@given(images())
@settings(max_examples=40)
def test_datum_round_trip_through_lmdb(tmp_path_factory, given_images):
    folder = tmp_path_factory.mktemp("lmdb") / "train"
    write_lmdb(folder, given_images)
    held = read_back(folder)
    assert [key for key, _ in held] == [b"%08d" % number for number in range(len(given_images))]
    for (_, record), pixels, label in zip(held, given_images.pixels, given_images.labels, strict=True):
        datum = message_class("Datum").FromString(record)
        assert (datum.channels, datum.height, datum.width) == given_images.shape
        assert np.array_equal(np.frombuffer(datum.data, dtype=np.uint8).reshape(pixels.shape), pixels)
        assert datum.label == label
        assert not datum.encoded
        assert not datum.float_data


def test_record_bytes_are_those_of_the_wire_format():
    # caffe.proto: channels = 1, height = 2, width = 3, data = 4, label = 5; a tag is number << 3 | wire type.
    one = Images(np.array([[[[7, 255]]]], dtype=np.uint8), np.array([300], dtype=np.int32))
    assert list(records(one)) == [(b"00000000", bytes.fromhex("0801 1001 1802 2202 07ff 28ac02"))]


# Sizes around half a page, a page and beyond, where LMDB changes how it stores a record.
@pytest.mark.parametrize("side", [1, 28, 43, 44, 45, 46, 63, 64, 65, 91, 130])
@pytest.mark.parametrize("count", [1, 700])
def test_map_holds_records_of_any_size(tmp_path, side, count):
    zeros = Images(np.zeros((count, 1, side, side), dtype=np.uint8), np.full(count, 2**31 - 1, dtype=np.int32))
    write_lmdb(tmp_path / "train", zeros)
    assert len(read_back(tmp_path / "train")) == count


def test_map_is_sized_to_the_data(tmp_path):
    zeros = Images(np.zeros((3000, 1, 28, 28), dtype=np.uint8), np.zeros(3000, dtype=np.int32))
    write_lmdb(tmp_path / "train", zeros)
    with lmdb.open(str(tmp_path / "train"), map_size=4096, readonly=True, lock=False) as environment:
        assert environment.info()["map_size"] < 1.5 * (tmp_path / "train" / "data.mdb").stat().st_size


def test_every_user_can_read_it_and_no_lock_file_is_left(tmp_path):
    before = os.umask(0o077)
    try:
        write_lmdb(tmp_path / "train", Images(np.zeros((2, 1, 2, 2), np.uint8), np.zeros(2, np.int32)))
    finally:
        os.umask(before)
    assert [path.name for path in (tmp_path / "train").iterdir()] == ["data.mdb"]
    assert stat.S_IMODE((tmp_path / "train").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "train" / "data.mdb").stat().st_mode) == 0o644


def test_same_images_same_bytes_and_checksum(tmp_path):
    some = Images(np.arange(64, dtype=np.uint8).reshape(4, 1, 4, 4), np.arange(4, dtype=np.int32))
    checksums = [write_lmdb(tmp_path / name, some) for name in "ab"]
    assert checksums[0] == checksums[1]
    assert (tmp_path / "a" / "data.mdb").read_bytes() == (tmp_path / "b" / "data.mdb").read_bytes()
    other = Images(some.pixels, some.labels[::-1].copy())
    assert write_lmdb(tmp_path / "c", other) != checksums[0]
