"""What a study needs of this machine: what is there, what is missing, and the remedy."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from docker.errors import ImageNotFound

from caffe_runner.datasets import cache_folder
from caffe_runner.engines.base import Limits, Mounts
from caffe_runner.engines.docker import DockerEngine, connect
from caffe_runner.errors import EngineError
from qim_stats.errors import QimError

IMAGES = ("bvlc/caffe:cpu", "qim-stats/caffe:cpu")
_ENOUGH_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is as a study needs it (None: good to have), what was seen, and the remedy."""

    what: str
    fine: bool | None
    seen: str
    remedy: str = ""


def examine(folder: Path) -> list[Finding]:
    """Look at everything a study needs.

    Parameters
    ----------
    folder : Path
        Where studies are to be kept.

    Returns
    -------
    list of Finding
    """
    return [_cores(), *_engine(), _data(), _disk("studies", folder), _disk("data", cache_folder()), _gpu()]


def _cores() -> Finding:
    return Finding(
        "cores", True, f"{len(os.sched_getaffinity(0))}: that many trials run at once unless --jobs says else"
    )


def _engine() -> list[Finding]:
    try:
        api = connect()
    except EngineError as error:
        return [Finding("engine", False, error.problem, error.remedy or "")]
    found = [Finding("engine", True, f"Docker {api.version()['Version']} answers")]
    present = []
    for image in IMAGES:
        try:
            api.inspect_image(image)
        except ImageNotFound:
            continue
        present.append(image)
    if not present:
        found.append(Finding("image", False, f"neither {' nor '.join(IMAGES)} is here", "run `make image`"))
    for image in present:
        try:
            found.append(Finding("image", True, f"{image} with Caffe {caffe_version(image)}"))
        except QimError as error:
            found.append(Finding("image", False, error.problem, error.remedy or ""))
    return found


def caffe_version(image: str) -> str:
    """Start a container of an image and ask its Caffe for its version.

    Raises
    ------
    EngineError
        If no engine answers, the image is not there, or it has no ``caffe``.
    """
    limits = Limits(cpus=1.0, memory=256 << 20, pids=64, seconds=60.0)
    with DockerEngine((image,), "doctor").worker(Mounts({}), limits) as worker:
        return worker.open()


def _data() -> Finding:
    places = [os.environ.get("QIM_FASHION_MNIST", ""), "/usr/share/datasets/fashion-mnist"]
    for place in filter(None, places):
        if Path(place).is_dir():
            return Finding("data", True, f"Fashion-MNIST in {place}")
    return Finding("data", None, "no Fashion-MNIST (needed only by studies that name it)", "run `make data`")


def _disk(what: str, folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    seen = f"{free / 2**30:.1f} GiB free for {what}"
    return Finding("disk", free >= _ENOUGH_BYTES, seen, "" if free >= _ENOUGH_BYTES else f"free some space at {there}")


def _gpu() -> Finding:
    command = shutil.which("nvidia-smi")
    if command is None:
        return Finding("GPU", None, "none: trials run on the CPU")
    listed = subprocess.run([command, "-L"], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return Finding("GPU", None, f"{len(listed.stdout.splitlines())} here; trials run on the CPU")
