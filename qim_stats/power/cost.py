"""What trials cost: hours of cores or GPUs, and hours on the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from qim_stats.errors import QimError

Device = Literal["core", "GPU"]


@dataclass(frozen=True)
class Price:
    """What one trial takes.

    Parameters
    ----------
    seconds : float
        Wall-clock time of a trial while ``jobs`` of them run side by side.
    jobs : int
        Trials that run at once.
    device : {"core", "GPU"}
        What a trial keeps busy.
    devices : float
        How many of them one trial uses.

    Raises
    ------
    QimError
        If one of the numbers is not positive.
    """

    seconds: float
    jobs: int = 1
    device: Device = "core"
    devices: float = 1.0

    def __post_init__(self) -> None:
        for option in ("seconds", "jobs", "devices"):
            value = getattr(self, option)
            if not (math.isfinite(value) and value > 0):
                raise QimError(f"{value!r} is not a positive number", where=f"--{option}", remedy="give 1, for example")

    def device_hours(self, trials: int) -> float:
        """Return how long so many trials keep cores or GPUs busy, in core-hours or GPU-hours."""
        return trials * self.seconds * self.devices / 3600.0

    def clock_hours(self, trials: int) -> float:
        """Return how long so many trials take, in hours, each slot starting a trial when its last one has ended."""
        return math.ceil(trials / self.jobs) * self.seconds / 3600.0


def spelled_hours(hours: float) -> str:
    """Write hours for people: seconds and minutes where there are few, days where there are many."""
    for limit, unit, size in ((1.0 / 60.0, "s", 3600.0), (1.0, "min", 60.0), (100.0, "h", 1.0)):
        if hours < limit:
            return f"{hours * size:.3g} {unit}"
    return f"{hours / 24.0:.3g} d"
