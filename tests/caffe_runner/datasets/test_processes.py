"""Several processes at one cache, processes that are killed, disks that are full."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caffe_runner.datasets import prepare

# Stops when both LMDBs are written and the manifest is, before the data set gets its name; goes on when it is told so.
_PAUSING = """
import sys
from pathlib import Path
from caffe_runner.datasets import cache, prepare

flush = cache.flush_folder
def pause(folder):
    if folder.name == ".partial":
        print("half-way", flush=True)
        sys.stdin.readline()
    flush(folder)

cache.flush_folder = pause
data = prepare("data", Path(sys.argv[1]), base=Path(sys.argv[2]), progress=lambda text: print(text, flush=True))
print(data, flush=True)
"""

_PLAIN = """
import sys
from pathlib import Path
from caffe_runner.datasets import prepare

data = prepare("data", Path(sys.argv[1]), base=Path(sys.argv[2]), progress=lambda text: print(text, flush=True))
print(data, flush=True)
"""

_SMALL_FILES_ONLY = """
import resource, sys
from pathlib import Path
from caffe_runner.datasets import prepare
from caffe_runner.errors import DataError

resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
try:
    prepare("data", Path(sys.argv[1]), base=Path(sys.argv[2]))
except DataError as error:
    print(error)
"""


@pytest.fixture
def data(tmp_path: Path, write_idx) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (2000, 28, 28)).astype(np.uint8)
    write_idx(tmp_path / "data", "train", pixels, pixels[:, 0, 0] % 10)
    write_idx(tmp_path / "data", "t10k", pixels[:100], pixels[:100, 0, 0] % 10)
    return tmp_path


@pytest.fixture
def start(data: Path):
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", script, str(data / "cache"), str(data)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return
    pytest.fail(f"the process ended without saying '{word}'")


def names(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir()}


def test_second_process_waits_and_uses_the_result_of_the_first(start, data):
    first = start(_PAUSING)
    read_until(first, "half-way")
    second = start(_PLAIN)
    read_until(second, "waiting for another process")
    assert names(data / "cache") == {".lock", ".partial"}
    first_words, _ = first.communicate("go on\n", timeout=60)
    second_words, _ = second.communicate(timeout=60)
    assert first_words.startswith("Dataset(name='data'")
    assert second_words == first_words  # It neither read nor wrote: the data set is all it says.


def test_of_many_processes_exactly_one_writes(start, data):
    processes = [start(_PLAIN) for _ in range(4)]
    words = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert len({lines[-1] for lines in words}) == 1
    assert sum(line.startswith("writing") for lines in words for line in lines) == 1
    assert ".partial" not in names(data / "cache")


def test_killed_writer_leaves_nothing_that_looks_finished(start, data):
    first = start(_PAUSING)
    read_until(first, "half-way")
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=60)
    assert names(data / "cache") == {".lock", ".partial"}
    said: list[str] = []
    done = prepare("data", data / "cache", base=data, progress=said.append)
    assert [text.split()[0] for text in said] == ["reading", "writing"]
    assert names(data / "cache") == {".lock", ".known", done.train.parent.name}
    assert (done.n_train, done.n_test) == (2000, 100)


def test_killed_writer_hands_over_to_the_one_that_waits(start):
    first = start(_PAUSING)
    read_until(first, "half-way")
    second = start(_PLAIN)
    read_until(second, "waiting for another process")
    first.send_signal(signal.SIGKILL)
    words, _ = second.communicate(timeout=60)
    assert "writing 2000 training and 100 test images" in words
    assert second.returncode == 0


def test_full_disk_leaves_nothing_behind(start, data):
    process = start(_SMALL_FILES_ONLY)
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "prepared data cannot be kept here" in words
    assert "free some space" in words
    assert names(data / "cache") == {".lock"}
