"""Showing on standard error how far a long computation is; silent for the first two seconds, so mostly silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Progress = Callable[[str, float], None]
"""Told what is being done and which share of it, from 0 to 1, is done."""

PATIENCE = 2.0  # seconds


def unheard(what: str, share: float) -> None:
    """Take no notice: the default where nobody watches."""


@contextmanager
def shown_progress(clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """Show progress on standard error, once something has taken two seconds.

    Parameters
    ----------
    clock : callable
        Seconds that only go forward.

    Yields
    ------
    callable
        To be told ``(what, share)``. On a terminal a bar per task, which is gone at the end; elsewhere a line every
        ten seconds.
    """
    shown = _Shown(clock)
    try:
        yield shown.tell
    finally:
        shown.close()


class _Shown:
    """What has been shown so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.started = clock()
        self.last = self.started
        self.bars: Bars | None = None
        self.tasks: dict[str, Any] = {}

    def tell(self, what: str, share: float) -> None:
        now = self.clock()
        if now - self.started < PATIENCE:
            return
        if sys.stderr.isatty():
            self._bar(what, share)
        elif now - self.last >= 5.0 * PATIENCE or self.last == self.started:
            self.last = now
            sys.stderr.write(f"{what}: {100.0 * share:.0f} %\n")
            sys.stderr.flush()

    def close(self) -> None:
        if self.bars is not None:
            self.bars.stop()

    def _bar(self, what: str, share: float) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        if self.bars is None:
            self.bars = Bars(console=Console(stderr=True), transient=True)
            self.bars.start()
        if what not in self.tasks:
            self.tasks[what] = self.bars.add_task(what, total=1.0)
        self.bars.update(self.tasks[what], completed=share)
