"""Showing on standard error how far a long computation is; silent for the first two seconds, so mostly silent."""

from __future__ import annotations

import sys
import threading
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
    """What has been shown so far. What is told early is shown when its time comes, though nothing more be told."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.started = clock()
        self.last = self.started
        self.bars: Bars | None = None
        self.tasks: dict[str, Any] = {}
        self.early: tuple[str, float] | None = None
        self.lock = threading.Lock()
        self.alarm = threading.Timer(PATIENCE, self._late)
        self.alarm.daemon = True
        self.alarm.start()

    def tell(self, what: str, share: float) -> None:
        now = self.clock()
        with self.lock:
            if now - self.started < PATIENCE:
                self.early = what, share
            else:
                self._show(what, share, now)

    def close(self) -> None:
        self.alarm.cancel()
        with self.lock:
            self.early = None
            if self.bars is not None:
                self.bars.stop()

    def _late(self) -> None:
        with self.lock:
            if self.early is not None and self.last == self.started and self.bars is None:
                self._show(*self.early, self.started + PATIENCE)

    def _show(self, what: str, share: float, now: float) -> None:
        self.early = None
        if sys.stderr.isatty():
            self._bar(what, share)
        elif now - self.last >= 5.0 * PATIENCE or self.last == self.started:
            self.last = now
            sys.stderr.write(f"{what}: {100.0 * share:.0f} %\n")
            sys.stderr.flush()

    def _bar(self, what: str, share: float) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        if self.bars is None:
            self.bars = Bars(console=Console(stderr=True), transient=True)
            self.bars.start()
        if what not in self.tasks:
            self.tasks[what] = self.bars.add_task(what, total=1.0)
        self.bars.update(self.tasks[what], completed=share)
