"""Fixtures for tests that run real Caffe: skipped without an engine and an image, a failure without one in CI."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture
def lenet(tmp_path: Path) -> Callable[..., Path]:
    """Write a small study of LeNet: 2 factors, 4 trials of 10 iterations unless told otherwise."""

    def write(extra: str = "", iterations: int = 10, factors: tuple[str, ...] = ("momentum", "weight_decay")) -> Path:
        for name in ("net.prototxt", "solver.prototxt"):
            shutil.copy(ANALYSIS / "lenet_fashion" / name, tmp_path)
        solver = tmp_path / "solver.prototxt"
        text = solver.read_text().replace("max_iter: 100", f"max_iter: {iterations}")
        text = text.replace("test_interval: 100", f"test_interval: {iterations}").replace(
            "test_iter: 20", "test_iter: 2"
        )
        solver.write_text(text)
        study = tmp_path / "study.toml"
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

    return write


@pytest.fixture(scope="session")
def runner() -> Command:
    """Call the runner's command line as its users do."""

    def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "caffe_runner", *map(str, words)], capture_output=True, text=True, check=False
        )

    return call
