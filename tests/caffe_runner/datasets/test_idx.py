import gzip
from pathlib import Path

import numpy as np
import pytest

from caffe_runner.datasets.idx import IdxPair, find_pair, read_pair
from caffe_runner.errors import DataError

LABELS = (np.arange(12) % 3).astype(np.uint8)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize(("part", "stem"), [("train", "train"), ("test", "t10k"), ("test", "test")])
def test_every_usual_name_is_found_and_read(tmp_path, pixels, write_idx, part, stem, mark, zipped):
    write_idx(tmp_path, stem, pixels, LABELS, mark, zipped)
    pair = find_pair(tmp_path, part)
    assert pair is not None
    held = read_pair(pair).images
    assert np.array_equal(held.pixels, pixels[:, np.newaxis])
    assert held.labels.tolist() == LABELS.tolist()
    assert held.shape == (1, 3, 4)


def test_checksum_does_not_depend_on_the_compression(tmp_path, pixels, write_idx):
    write_idx(tmp_path / "plain", "train", pixels, LABELS)
    write_idx(tmp_path / "zipped", "train", pixels, LABELS, zipped=True)
    plain, zipped = (read_pair(find_pair(tmp_path / name, "train")) for name in ("plain", "zipped"))
    assert plain.sha256 == zipped.sha256


def test_nothing_there_is_no_pair(tmp_path):
    assert find_pair(tmp_path, "train") is None


@pytest.mark.parametrize("missing", ["images-idx3-ubyte", "labels-idx1-ubyte"])
def test_half_a_pair_names_the_other_half(idx_folder, missing):
    (idx_folder / f"train-{missing}").unlink()
    with pytest.raises(DataError, match=f"add train-{missing}, plain or as .gz"):
        find_pair(idx_folder, "train")


def damaged(folder: Path, change) -> IdxPair:
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(change(path.read_bytes()))
    return find_pair(folder, "train")


def _without_images(content: bytes) -> bytes:
    return content[:4] + bytes(4) + content[8:16]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-5], "5 bytes short for its 12 images"),
        (lambda content: content + b"xy", "2 bytes too long for its 12 images"),
        (lambda content: content[:10], "ends within its header"),
        (lambda _: b"", "ends within its header"),
        (lambda content: b"\0\0\x08\x01" + content[4:], "begins with 00000801 where 00000803 is due"),
        (lambda content: b"\0\0\x0d\x03" + content[4:], "begins with 00000d03 where 00000803 is due"),
        (lambda _: b"<html>", "this is no idx file of images"),
        (_without_images, "the file says that it holds no images"),
        (lambda content: content[:4] + b"\xff" * 12, "bytes short for its 4294967295 images"),
        (lambda content: gzip.compress(content)[:-12], "the gzip file is damaged"),
        (lambda content: gzip.compress(content)[:40] + b"\xff" * 20, "the gzip file is damaged"),
        (lambda content: gzip.compress(content)[:3], "the gzip file is damaged"),
        (lambda content: gzip.compress(content)[:-8] + bytes(8), "the gzip file is damaged: CRC check failed"),
    ],
)
def test_damaged_file_is_named(idx_folder, change, message):
    pair = damaged(idx_folder, change)
    with pytest.raises(DataError) as caught:
        read_pair(pair)
    assert str(pair.images) in str(caught.value)
    assert message in str(caught.value)


def test_gzip_under_a_plain_name_and_plain_under_a_gzip_name_are_read(tmp_path, pixels, write_idx):
    write_idx(tmp_path, "train", pixels, LABELS)
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    images.write_bytes(gzip.compress(images.read_bytes()))
    labels.rename(labels.with_name(labels.name + ".gz"))
    assert read_pair(find_pair(tmp_path, "train")).images.labels.tolist() == LABELS.tolist()


def test_counts_must_agree(tmp_path, pixels, write_idx):
    write_idx(tmp_path, "train", pixels, LABELS[:11])
    with pytest.raises(DataError, match="train-labels-idx1-ubyte: 11 labels for the 12 images of train-images"):
        read_pair(find_pair(tmp_path, "train"))
