"""One hardened container in which trials run one after another.

Starting a container costs as much as a short trial, so a worker keeps one. Its main process only waits for the end of
its standard input, which Docker closes as soon as the runner is gone (``StdinOnce``): however the runner dies, the
container and the Caffe within it die too. Trials are read from the input of a shell loop in the same container.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException

from caffe_runner.engines.base import SCRATCH, Ending, Exit, Limits, Mounts, OnLine
from caffe_runner.engines.docker_stream import DeadlineError, LineStream, hang_up
from caffe_runner.errors import EngineError

# Each line of input is a word and a command. The word, which comes back after the command with the exit status, cannot
# be foreseen by anything the command prints.
_LOOP = 'while read -r word command; do $command </dev/null 2>&1; echo "$word $?"; done'

# One BLAS thread: repeatable to the last digit, and with a trial per core the better throughput. Unset, glog would
# write a file per run into the container.
_ENVIRONMENT = {
    "GLOG_logtostderr": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "HOME": SCRATCH,
}
_KILLED_BY_SIGNAL = 137
_NOBODY = 65534
_GRACE = 30


class DockerWorker:
    """Runs trials in one container at a time, opening a fresh one after every end that was not Caffe's own.

    Parameters
    ----------
    api : docker.APIClient
        This worker's own connection.
    image : str
        The image to run.
    labels : dict of str to str
        Labels for the containers.
    mounts : Mounts
        What the trials read.
    limits : Limits
        What each trial may use.
    """

    def __init__(
        self, api: docker.APIClient, image: str, labels: dict[str, str], mounts: Mounts, limits: Limits
    ) -> None:
        self._api = api
        self._image = image
        self._labels = labels
        self._mounts = mounts
        self._limits = limits
        self._container = ""
        self._lifeline: Any = None
        self._stream: LineStream | None = None
        self._stopping = threading.Event()

    def open(self) -> str:
        """Start the container, if it is not running, and ask its Caffe for its version.

        Raises
        ------
        EngineError
            If the engine refuses to start it, or it has no working ``caffe``.
        """
        if self._stream is None:
            self._stream = self._start()
        said: list[str] = []

        def keep(line: str) -> bool:
            said.append(line)
            return False

        ending, exit_code = self._call(self._stream, "caffe --version", keep, _GRACE)
        version = said[-1].removeprefix("caffe version ").strip() if said else ""
        if ending is not Ending.EXITED or exit_code != 0 or not version:
            raise self._no_caffe()
        return version

    def run(self, solver: str, weights: Sequence[str], on_line: OnLine, seconds: float) -> Exit:
        """Train with a solver file.

        Parameters
        ----------
        solver : str
            Its path inside the container.
        weights : sequence of str
            Files of weights to start from, by their paths inside the container.
        on_line : callable
            Takes each line Caffe prints; when it returns True the trial is stopped.
        seconds : float
            The deadline, from now.

        Returns
        -------
        Exit
            How the process ended.

        Raises
        ------
        EngineError
            If the engine refuses to start the container, or goes away.
        """
        stream = self._stream = self._stream or self._start()
        started = time.monotonic()
        command = f"caffe train -solver={solver}" + (f" -weights={','.join(weights)}" if weights else "")
        ending, exit_code = self._call(stream, command, on_line, seconds)
        seconds = time.monotonic() - started
        if ending is Ending.EXITED and exit_code != _KILLED_BY_SIGNAL:
            return Exit(ending, seconds, exit_code)
        if self._stopping.is_set():
            ending = Ending.STOPPED
        elif ending in (Ending.EXITED, Ending.KILLED):
            ending = Ending.OUT_OF_MEMORY if self._ran_out_of_memory() else Ending.KILLED
        self._discard()
        return Exit(ending, seconds, exit_code)

    def clear(self) -> None:
        """Empty the scratch space; a container that cannot do that is given up for a fresh one."""
        if self._stream is None:
            return
        ending, exit_code = self._call(self._stream, f"rm -rf {SCRATCH}/*", lambda _line: False, _GRACE)
        if ending is not Ending.EXITED or exit_code != 0:
            self._discard()

    def stop(self) -> None:
        """End the running trial, from another thread."""
        self._stopping.set()
        if self._container:
            self._kill()

    def close(self) -> None:
        """Remove the container."""
        self._discard()

    def _call(self, stream: LineStream, command: str, on_line: OnLine, seconds: float) -> tuple[Ending, int | None]:
        word = secrets.token_hex(16)
        deadline = time.monotonic() + seconds
        try:
            stream.write(f"{word} {command}")
            while (line := stream.read_line(deadline)) is not None:
                # The last line of the call may lack its line break.
                before, found, after = line.partition(f"{word} ")
                if found:
                    if before:
                        on_line(before)
                    return Ending.EXITED, int(after)
                if on_line(line):
                    return Ending.STOPPED, None
        except DeadlineError:
            return Ending.DEADLINE, None
        except OSError:
            return Ending.KILLED, None
        return Ending.KILLED, None

    def _start(self) -> LineStream:
        try:
            self._start_container()
            shell = self._api.exec_create(
                self._container, ["sh", "-c", _LOOP], stdin=True, stdout=True, stderr=True, environment=_ENVIRONMENT
            )
            return LineStream(self._api.exec_start(shell["Id"], socket=True))
        except APIError as error:
            # The init process starts, and then ends for want of anything to run; the engine tells that in other words,
            # and with another status, while it removes the container.
            gone = error.status_code == requests.codes.conflict or "is not running" in _told(error)
            if gone or "executable file not found" in _told(error):
                raise self._no_caffe() from error
            raise self._refused(error) from error
        except (DockerException, requests.RequestException) as error:
            raise self._refused(error) from error

    def _no_caffe(self) -> EngineError:
        return EngineError(
            f"the image {self._image!r} has no working `caffe`, or no `sh` and `cat` to call it with",
            remedy="name an image with `caffe` on its path, such as bvlc/caffe:cpu or the one `make image` builds",
        )

    def _refused(self, error: Exception) -> EngineError:
        return EngineError(
            f"the Docker engine could not start a container of {self._image!r}: {_told(error)}",
            remedy="see `python -m caffe_runner doctor`",
        )

    def _start_container(self) -> None:
        limits = self._limits
        host_config = self._api.create_host_config(
            auto_remove=True,
            init=True,
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=limits.pids,
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            nano_cpus=round(limits.cpus * 1e9),
            tmpfs={SCRATCH: f"rw,noexec,nosuid,nodev,size={limits.scratch}"},
            ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
            log_config=docker.types.LogConfig(type="none"),
            # Not `binds`: their colons would tear a path with a colon in it.
            mounts=[
                docker.types.Mount(target=inside, source=str(host), type="bind", read_only=True)
                for host, inside in self._mounts.places.items()
            ],
        )
        created = self._api.create_container(
            self._image,
            entrypoint=["cat"],
            command=[],
            stdin_open=True,
            user=_user(),
            working_dir=SCRATCH,
            labels=self._labels,
            network_disabled=True,
            host_config=host_config,
        )
        self._container = created["Id"]
        self._lifeline = self._api.attach_socket(self._container, params={"stdin": 1, "stream": 1})
        self._api.start(self._container)

    def _ran_out_of_memory(self) -> bool:
        # The engine keeps its last events, so an event from before this question is found too; it may come a moment
        # after the process is gone.
        soon = int(time.time()) + 1
        filters = {"container": self._container, "event": "oom"}
        try:
            # Read to their end: a stream left half read keeps its connection.
            return bool(list(self._api.events(since=0, until=soon, filters=filters, decode=True)))
        except (DockerException, requests.RequestException):
            return False

    def _kill(self) -> None:
        try:
            self._api.kill(self._container)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise

    def _discard(self) -> None:
        if not self._container:
            return
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        try:
            self._kill()
            self._wait_until_removed()
        except (DockerException, requests.RequestException) as error:
            raise EngineError("the Docker engine went away during the study", remedy="start it and rerun") from error
        finally:
            if self._lifeline is not None:
                hang_up(self._lifeline)
                self._lifeline = None
            self._container = ""

    def _wait_until_removed(self) -> None:
        try:
            self._api.wait(self._container, timeout=_GRACE, condition="removed")
        except APIError as error:
            if error.status_code != requests.codes.not_found:
                raise


def _user() -> str:
    # Never root inside: the files are readable by all, or by the user who runs the study.
    uid, gid = os.getuid(), os.getgid()
    return f"{uid}:{gid}" if uid != 0 else f"{_NOBODY}:{_NOBODY}"


def _told(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error)
