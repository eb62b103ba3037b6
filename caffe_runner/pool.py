"""A thread and a worker of the engine for each trial that runs at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from caffe_runner.engines.base import Worker

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Opened:
    """A slot whose worker is ready, with the version of Caffe it found."""

    slot: int
    caffe_version: str


@dataclass(frozen=True, slots=True)
class Finished(Generic[Job, Result]):
    """A job that came back from its slot, with its result."""

    slot: int
    job: Job
    result: Result


@dataclass(frozen=True, slots=True)
class Broken:
    """A slot that an error has ended, whatever it was doing."""

    slot: int
    error: Exception


class WorkerPool(Generic[Job, Result]):
    """Hands jobs to workers and gives back what they return.

    Parameters
    ----------
    jobs : int
        How many at once.
    open_worker : callable
        Opens a worker, as a context.
    execute : callable
        Runs a job on a worker, in the worker's own thread.
    """

    def __init__(
        self,
        jobs: int,
        open_worker: Callable[[], AbstractContextManager[Worker]],
        execute: Callable[[Worker, Job], Result],
    ) -> None:
        self._open_worker = open_worker
        self._execute = execute
        self._inboxes: list[queue.SimpleQueue[Job | None]] = [queue.SimpleQueue() for _ in range(jobs)]
        self._outbox: queue.SimpleQueue[Opened | Finished[Job, Result] | Broken] = queue.SimpleQueue()
        self._workers: dict[int, Worker] = {}
        self._threads = [threading.Thread(target=self._serve, args=(slot,), daemon=True) for slot in range(jobs)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for inbox in self._inboxes:
            inbox.put(None)
        if kind is not None:
            for worker in list(self._workers.values()):
                worker.stop()
        for thread in self._threads:
            thread.join()

    def submit(self, slot: int, job: Job) -> None:
        """Give a free slot its next job."""
        self._inboxes[slot].put(job)

    def wait(self, seconds: float) -> Opened | Finished[Job, Result] | Broken | None:
        """Wait for the next thing to happen; None if nothing does in that time."""
        try:
            return self._outbox.get(timeout=seconds) if seconds else self._outbox.get_nowait()
        except queue.Empty:
            return None

    def leftovers(self) -> list[Finished[Job, Result]]:
        """Return the jobs that came back unseen; all of them, once the pool is closed."""
        left = []
        while (happened := self.wait(0)) is not None:
            if isinstance(happened, Finished):
                left.append(happened)
        return left

    def _serve(self, slot: int) -> None:
        try:
            with self._open_worker() as worker:
                self._workers[slot] = worker
                self._outbox.put(Opened(slot, worker.open()))
                while (job := self._inboxes[slot].get()) is not None:
                    self._outbox.put(Finished(slot, job, self._execute(worker, job)))
        except Exception as error:
            self._outbox.put(Broken(slot, error))
