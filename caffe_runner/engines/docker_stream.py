"""Read lines from Docker's multiplexed exec stream, with a deadline.

The frame format is that of the Engine API's ``attach``: an eight-byte header (stream, three zero bytes, big-endian
length) before each piece of output.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from caffe_runner.errors import EngineError

_HEADER = struct.Struct(">BxxxL")


class DeadlineError(Exception):
    """The time given for reading has passed."""


class LineStream:
    """Lines of a multiplexed stream, whichever of stdout and stderr they came from.

    Parameters
    ----------
    connection : socket or file object around one
        As the SDK hands it out.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._socket = _raw_socket(connection)
        self._raw = bytearray()
        self._text = bytearray()

    def write(self, line: str) -> None:
        """Send one line to the process's standard input."""
        self._socket.settimeout(10)
        self._socket.sendall(line.encode() + b"\n")

    def read_line(self, deadline: float) -> str | None:
        """Return the next line, or None at the end of the stream.

        Parameters
        ----------
        deadline : float
            On the clock of `time.monotonic`.

        Raises
        ------
        DeadlineError
            If no whole line came in time.
        """
        while (end := self._text.find(b"\n")) < 0:
            if not self._receive(deadline):
                return None
        line = bytes(self._text[:end])
        del self._text[: end + 1]
        return line.decode("utf-8", errors="replace").rstrip("\r")

    def close(self) -> None:
        """Close the connection; the process sees the end of its standard input."""
        hang_up(self._connection)

    def _receive(self, deadline: float) -> bool:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DeadlineError
        self._socket.settimeout(remaining)
        try:
            received = self._socket.recv(65536)
        except TimeoutError:
            raise DeadlineError from None
        except OSError:
            return False
        if not received:
            return False
        self._raw += received
        while len(self._raw) >= _HEADER.size:
            _, length = _HEADER.unpack_from(self._raw)
            if len(self._raw) < _HEADER.size + length:
                break
            self._text += self._raw[_HEADER.size : _HEADER.size + length]
            del self._raw[: _HEADER.size + length]
        return True


def hang_up(connection: Any) -> None:
    """Close a connection that the SDK handed out: a raw socket or, by transport, a file object around one.

    A socket stays open for as long as a file object around it does, so both are closed. Closing again does nothing.
    """
    for part in (getattr(connection, "_sock", None), connection):
        if part is not None:
            part.close()


def _raw_socket(connection: Any) -> socket.socket:
    raw = getattr(connection, "_sock", connection)
    if not isinstance(raw, socket.socket):
        raise EngineError(
            "this kind of connection to the Docker engine is not supported", remedy="use the engine's local socket"
        )
    return raw
