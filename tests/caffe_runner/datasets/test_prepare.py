import json
import os
import shutil
import stat
from pathlib import Path

import lmdb
import numpy as np
import pytest

from caffe_runner.caffe.prototxt import message_class
from caffe_runner.datasets import cache_folder, prepare
from caffe_runner.datasets.sources import IdxSource
from caffe_runner.errors import DataError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


def labels_in(folder: Path) -> list[int]:
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        return [message_class("Datum").FromString(record).label for _, record in transaction.cursor()]


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.startswith("."))


def test_idx_folder(idx_folder, cache):
    data = prepare("My data", cache, base=idx_folder.parent)
    assert (data.name, data.n_train, data.n_test, data.shape, data.classes) == ("My data", 12, 4, (1, 3, 4), 3)
    assert data.source_text == "idx files of My data"
    assert labels_in(data.train) == [0, 1, 2] * 4
    assert labels_in(data.test) == [2, 0, 1, 2]
    assert entries(cache) == [data.train.parent.name]
    assert data.train.parent.name.startswith("my-data-")
    assert not (cache / ".partial").exists()
    assert stat.S_IMODE(data.train.parent.stat().st_mode) == 0o755


def test_second_call_reads_no_source(idx_folder, cache, monkeypatch):
    said: list[str] = []
    first = prepare(str(idx_folder), cache, base=Path("/"), progress=said.append)
    assert len(said) == 2
    monkeypatch.delattr(IdxSource, "load")
    second = prepare("My data", cache, base=idx_folder.parent, progress=said.append)
    assert first == second
    assert len(said) == 2


def test_changed_source_is_a_new_data_set(idx_folder, cache):
    first = prepare("My data", cache, base=idx_folder.parent)
    path = idx_folder / "train-images-idx3-ubyte"
    state = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\x00")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # Same size, same time: still noticed.
    second = prepare("My data", cache, base=idx_folder.parent)
    assert first.checksum != second.checksum
    assert entries(cache) == sorted([first.train.parent.name, second.train.parent.name])
    path.write_bytes(content)
    assert prepare("My data", cache, base=idx_folder.parent) == first
    assert len(entries(cache)) == 2


def test_equal_content_under_another_path_is_not_written_again(idx_folder, cache, tmp_path):
    first = prepare("My data", cache, base=tmp_path)
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(idx_folder, tmp_path / "elsewhere" / "My data")
    said: list[str] = []
    assert prepare("elsewhere/My data", cache, base=tmp_path, progress=said.append) == first
    assert said == ["reading idx files of My data"]


@pytest.mark.parametrize("damage", ["truncate", "remove", "manifest", "format"])
def test_damaged_data_set_is_made_again(idx_folder, cache, damage):
    first = prepare("My data", cache, base=idx_folder.parent)
    manifest = first.train.parent / "manifest.json"
    if damage == "truncate":
        os.truncate(first.test / "data.mdb", 100)
    elif damage == "remove":
        (first.train / "data.mdb").unlink()
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 0}))
    assert prepare("My data", cache, base=idx_folder.parent) == first
    assert labels_in(first.train) == [0, 1, 2] * 4
    assert labels_in(first.test) == [2, 0, 1, 2]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stamps": [], "entry": "../.."}'])
def test_damaged_note_of_an_earlier_request(idx_folder, cache, text):
    first = prepare("My data", cache, base=idx_folder.parent)
    (note,) = (cache / ".known").iterdir()
    note.write_text(text)
    assert prepare("My data", cache, base=idx_folder.parent) == first


def test_source_that_changes_while_it_is_read(idx_folder, cache, monkeypatch):
    load = IdxSource.load

    def slow(self: IdxSource):
        loaded = load(self)
        (idx_folder / "t10k-labels-idx1-ubyte").write_bytes(b"new")
        return loaded

    monkeypatch.setattr(IdxSource, "load", slow)
    with pytest.raises(DataError, match="changed while they were read"):
        prepare("My data", cache, base=idx_folder.parent)
    assert entries(cache) == []


def write_csv(path: Path, labels: list[int]) -> None:
    path.write_text("label,a\n" + "".join(f"{label},{number}\n" for number, label in enumerate(labels)))


@pytest.mark.parametrize(
    ("train", "test"),
    [("train.csv", "test.csv"), ("my_train.csv", "my_test.csv"), ("digits.csv", "digits_test.csv")],
)
def test_csv_with_its_test_file(tmp_path, cache, train, test):
    write_csv(tmp_path / train, [0, 1, 2, 1])
    write_csv(tmp_path / test, [2, 0])
    data = prepare(train, cache, base=tmp_path)
    assert (data.name, data.n_train, data.n_test, data.classes) == (train[:-4], 4, 2, 3)
    assert labels_in(data.test) == [2, 0]
    assert data.source_text == f"pixels in {train} and {test}"


def test_csv_with_a_drawn_test(tmp_path, cache):
    write_csv(tmp_path / "all.csv", list(range(10)))
    one, same, other = (
        prepare("all.csv", cache, base=tmp_path, test_fraction=0.3, seed=seed, label="label", shape=(1, 1, 1))
        for seed in (4, 4, 5)
    )
    assert one == same
    assert one.checksum != other.checksum
    assert sorted(labels_in(one.train) + labels_in(one.test)) == list(range(10))
    assert one.n_test == 3
    assert one.classes == 10


def test_seed_matters_only_to_a_draw(tmp_path, cache):
    write_csv(tmp_path / "train.csv", [0, 1])
    write_csv(tmp_path / "test.csv", [1])
    assert prepare("train.csv", cache, base=tmp_path, seed=1) == prepare("train.csv", cache, base=tmp_path, seed=2)


def test_fraction_goes_before_a_test_file(tmp_path, cache):
    write_csv(tmp_path / "train.csv", [0, 1, 0, 1])
    (tmp_path / "test.csv").write_text("a\n5\n")  # without classes, as in competitions
    assert prepare("train.csv", cache, base=tmp_path, test_fraction=0.5).n_test == 2


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("nowhere", {}, "nowhere: there is no such file or folder"),
        ("a\0b", {}, "no such file or folder"),
        ("x" * 300, {}, "the data cannot be found: File name too long"),
        ("$(touch x)", {}, "no such file or folder"),
        ("lonely.csv", {}, "there is no lonely_test.csv beside it"),
        ("empty", {}, "there are no idx files of training images in this folder"),
        (".", {}, "name the CSV itself, for example lonely.csv"),
        ("My data", {"label": "y"}, "`label` is for a CSV"),
        ("My data", {"shape": (1, 3, 4)}, "`shape` is for a CSV"),
        ("My data", {"test_fraction": 7.0}, "a fraction of 7.0 for the test is not between 0 and 1"),
        ("fashion-mnist", {"label": "y"}, "`label` is for a CSV"),
    ],
)
def test_source_that_cannot_be_used(idx_folder, cache, tmp_path, monkeypatch, source, options, message):
    monkeypatch.setenv("QIM_FASHION_MNIST", str(idx_folder))
    (tmp_path / "empty").mkdir()
    write_csv(tmp_path / "lonely.csv", [0])
    with pytest.raises(DataError) as caught:
        prepare(source, cache, base=tmp_path, **options)
    assert message in str(caught.value)
    assert not cache.exists() or entries(cache) == []
    assert "\n" not in str(caught.value)


def test_idx_folder_without_test_files(idx_folder, cache):
    for path in idx_folder.glob("t10k*"):
        path.unlink()
    with pytest.raises(DataError, match="no idx files of test images"):
        prepare("My data", cache, base=idx_folder.parent)
    data = prepare("My data", cache, base=idx_folder.parent, test_fraction=0.25)
    assert (data.n_train, data.n_test) == (9, 3)
    assert data.source_text == "idx files of My data and 0.25 of its training images drawn for the test with seed 0"


def test_test_images_of_another_size(idx_folder, cache, write_idx):
    write_idx(idx_folder, "t10k", np.zeros((2, 5, 5), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(DataError, match="images of 5 x 5 where the training images are 3 x 4"):
        prepare("My data", cache, base=idx_folder.parent)


@pytest.mark.usefixtures("idx_folder")
def test_cache_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match=r"prepared data cannot be kept here: Not a directory.*QIM_CACHE"):
        prepare("My data", tmp_path / "file", base=tmp_path)
    assert (tmp_path / "file").read_text() == "mine"


def test_interrupted_writing_leaves_nothing(idx_folder, cache, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("caffe_runner.datasets.cache.flush_folder", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prepare("My data", cache, base=idx_folder.parent)
    assert entries(cache) == []
    assert not (cache / ".partial").exists()


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("QIM_CACHE", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "qim-stats"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "qim-stats"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/qim-stats")
    monkeypatch.setenv("QIM_CACHE", "/y")
    assert cache_folder() == Path("/y")
