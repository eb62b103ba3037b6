"""Fixtures for tests that run real Caffe: skipped without an engine and an image, a failure without one in CI."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

# As the command line does, before numpy loads: beside other work, threads that wait for one another are slow.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from caffe_runner.doctor import IMAGES
from caffe_runner.engines.docker import DockerEngine
from qim_stats.errors import QimError

# In CI the same examples each time, so that a change is judged by what it changes; elsewhere new ones at every run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

ANALYSIS = Path(__file__).parent.parent / "analysis"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def engine() -> DockerEngine:
    """An engine with a Caffe image."""
    try:
        found = DockerEngine(IMAGES, "tests")
        found.facts()
    except QimError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have an engine and an image: {error}")
        pytest.skip(str(error))
    return found


def write_lenet(
    folder: Path, extra: str = "", iterations: int = 10, factors: tuple[str, ...] = ("momentum", "weight_decay")
) -> Path:
    """Write a small study of LeNet: 2 factors, 4 trials of 10 iterations unless told otherwise."""
    for name in ("net.prototxt", "solver.prototxt"):
        shutil.copy(ANALYSIS / "lenet_fashion" / name, folder)
    solver = folder / "solver.prototxt"
    text = solver.read_text().replace("max_iter: 100", f"max_iter: {iterations}")
    text = text.replace("test_interval: 100", f"test_interval: {iterations}").replace("test_iter: 20", "test_iter: 2")
    solver.write_text(text)
    study = folder / "study.toml"
    study.write_text(
        f"""
name = "test"
image = ["{IMAGES[0]}", "{IMAGES[1]}"]
solver = "solver.prototxt"
net = "net.prototxt"
response = "accuracy"
direction = "maximize"
data = {{ source = "fashion-mnist" }}
design = {{ kind = "full-factorial" }}
{extra}
"""
        + "".join(
            f'[[factor]]\nname = "{name}"\ntarget = "solver.{name}"\nlow = {low}\nhigh = {high}\n'
            for name, low, high in (
                ("momentum", 0.5, 0.9),
                ("weight_decay", 0.0005, 0.005),
                ("base_lr", 0.005, 0.01),
                ("gamma", 0.1, 0.9),
                ("power", 0.5, 0.75),
            )
            if name in factors
        )
    )
    return study


@pytest.fixture
def lenet(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of a small study of LeNet."""
    return partial(write_lenet, tmp_path)


@pytest.fixture(scope="session")
def finished(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The folder of a small study that real Caffe has run to its end."""
    folder = tmp_path_factory.mktemp("finished")
    done = call_runner("run", write_lenet(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def finished_copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study, to be spoilt."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path / "study.toml"


def call_runner(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Call the runner's command line as its users do."""
    return subprocess.run(
        [sys.executable, "-m", "caffe_runner", *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def runner() -> Command:
    """Return ``call_runner``."""
    return call_runner


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let processes hear an interrupt: what a shell runs in the background is deaf to it, and so are its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
