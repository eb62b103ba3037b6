"""Progress of a study: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from caffe_runner.trial import Trial, TrialResult, TrialState
from qim_stats.errors import one_line


@dataclass(slots=True)
class Tally:
    """What is known so far: counts, time, and the best response.

    Parameters
    ----------
    response : str
        The name of the response.
    maximize : bool
        Whether larger is better.
    total : int
        Trials of the study.
    jobs : int
        Trials that run at once.
    earlier : sequence of TrialResult
        Results of earlier sessions.
    """

    response: str
    maximize: bool
    total: int
    jobs: int
    earlier: Sequence[TrialResult] = ()
    best: float | None = None
    finished: int = 0
    _seconds: list[float] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for result in self.earlier:
            self.add(result)

    def add(self, result: TrialResult) -> None:
        """Count one more finished trial."""
        self.finished += 1
        self._seconds.append(result.seconds)
        if result.state is TrialState.DONE:
            value = result.metrics[self.response]
            better = self.best is None or (value > self.best if self.maximize else value < self.best)
            self.best = value if better else self.best

    @property
    def elapsed(self) -> float:
        """Seconds since this session began."""
        return time.monotonic() - self._began

    @property
    def expected(self) -> float | None:
        """Seconds still to go, from the mean time of the trials so far; None before the first."""
        if not self._seconds:
            return None
        return (self.total - self.finished) * sum(self._seconds) / len(self._seconds) / self.jobs

    def times(self) -> str:
        """Tell elapsed and expected time, in words."""
        left = "" if self.expected is None else f", about {clock(self.expected)} to go"
        return f"{clock(self.elapsed)} elapsed{left}"

    def best_so_far(self) -> str:
        """Tell the best response, in words."""
        return "" if self.best is None else f"best {one_line(self.response)} {self.best:.4g}"


class Reporter(Protocol):
    """Shows the progress of a study."""

    def __enter__(self) -> Self:
        """Begin showing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End showing."""

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """Show that a trial has ended."""

    def tick(self) -> None:
        """Show that time has passed."""


class PlainReporter:
    """One line for each finished trial."""

    def __init__(self, tally: Tally, console: Console) -> None:
        self._tally = tally
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """Print the trial's line."""
        self._tally.add(result)
        told = (self._tally.best_so_far(), self._tally.times())
        line = f"[{self._tally.finished}/{self._tally.total}] {trial_line(trial, result, self._tally.response)}"
        self._console.print("; ".join([line, *filter(None, told)]), markup=False, highlight=False, soft_wrap=True)

    def tick(self) -> None:
        """Stay silent: a log wants no clock."""


class LiveReporter:
    """A bar with elapsed and expected time and the best response, above it a line for each trial that went wrong."""

    def __init__(self, tally: Tally, console: Console) -> None:
        self._tally = tally
        self._progress = Progress(
            TextColumn("trials"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.description}"), console=console,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=tally.total, completed=tally.finished)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def finished(self, trial: Trial, result: TrialResult) -> None:
        """Move the bar."""
        self._tally.add(result)
        self._progress.update(self._task, completed=self._tally.finished)
        if result.state is not TrialState.DONE:
            line = trial_line(trial, result, self._tally.response)
            self._progress.console.print(line, markup=False, highlight=False)
        self.tick()

    def tick(self) -> None:
        """Move the clock."""
        expected = self._tally.expected
        left = "" if expected is None else f"~{clock(expected)} left"
        told = "  ".join(filter(None, (left, self._tally.best_so_far())))
        self._progress.update(self._task, description=escape(told))


def reporter(tally: Tally, console: Console) -> Reporter:
    """Choose how to show progress on this console."""
    return LiveReporter(tally, console) if console.is_terminal else PlainReporter(tally, console)


def trial_line(trial: Trial, result: TrialResult, response: str) -> str:
    """One line on a finished trial."""
    words = [f"trial {trial.number}", result.state.value]
    if result.state is TrialState.DONE:
        words.append(f"{one_line(response)} {result.metrics[response]:.4g}")
    if result.reason:
        words.append(f"({one_line(result.reason)})")
    return " ".join([*words, f"in {result.seconds:.1f} s"])


def clock(seconds: float) -> str:
    """Write a duration as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
