"""What a container engine must do for the runner; the rest of the package sees nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol


class Ending(Enum):
    """How Caffe's process came to its end."""

    EXITED = "exited"
    DEADLINE = "deadline"
    OUT_OF_MEMORY = "out of memory"
    KILLED = "killed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of one Caffe process: how, after how many seconds, and with which exit status (None if it gave none)."""

    ending: Ending
    seconds: float
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one trial may use: CPUs, bytes of memory, processes, and seconds of wall clock."""

    cpus: float
    memory: int
    pids: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Mounts:
    """Folders and files of the host that a trial reads, and where it finds them; all read-only."""

    places: Mapping[Path, str]


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What runs the trials, for the record: the image by name and by content, and the engine's version."""

    image: str
    image_id: str
    engine_version: str


OnLine = Callable[[str], bool]
"""Takes a line of Caffe's output; True asks for the process to be stopped at once."""


class Worker(Protocol):
    """A place where one trial at a time runs."""

    def open(self) -> str:
        """Make ready; return the version of the Caffe found here, or raise `EngineError` if there is none."""

    def run(self, solver: str, on_line: OnLine) -> Exit:
        """Train with the solver file of that path (as the trial sees it), handing over each line of output."""

    def stop(self) -> None:
        """End the running trial from another thread: it comes back with `Ending.STOPPED`."""


class Engine(Protocol):
    """Runs trials in isolation."""

    def facts(self) -> EngineFacts:
        """Find the image, or raise `EngineError`."""

    def clear(self) -> int:
        """Remove what a killed runner of the same study left behind; return how many things that were."""

    def worker(self, mounts: Mounts, limits: Limits) -> AbstractContextManager[Worker]:
        """Give a place to run trials, not open yet; the end of the context leaves nothing of it behind."""
