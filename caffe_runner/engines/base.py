"""What a container engine must do for the runner; the rest of the package sees nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

SCRATCH = "/tmp"  # noqa: S108 - inside the container, a place of its own
"""The one folder in which a trial may write, as it sees it."""


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
    """What one trial may use: CPUs, bytes of memory, processes, seconds of wall clock, and bytes of scratch space.

    What is in the scratch space counts as memory too.
    """

    cpus: float
    memory: int
    pids: int
    seconds: float
    scratch: int = 64 << 20


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

    def run(self, solver: str, weights: Sequence[str], on_line: OnLine, seconds: float) -> Exit:
        """Train with a solver file from given weights (all paths as the trial sees them), for so long at most.

        Each line of output is handed over. What is written to the scratch space is there for later calls.
        """

    def clear(self) -> None:
        """Empty the scratch space."""

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
