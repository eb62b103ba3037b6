"""Read lines from Docker's multiplexed exec stream, with a deadline.

The frame format is that of the Engine API's ``attach``: an eight-byte header (stream, three zero bytes, big-endian
length) before each piece of output.
"""

from __future__ import annotations

import socket
import struct
import time

_HEADER = struct.Struct(">BxxxL")


class DeadlineError(Exception):
    """The time given for reading has passed."""


class LineStream:
    """Lines of a multiplexed stream, whichever of stdout and stderr they came from."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._raw = bytearray()
        self._text = bytearray()

    def write(self, line: str) -> None:
        """Send one line to the process's standard input."""
        self._connection.settimeout(10)
        self._connection.sendall(line.encode() + b"\n")

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
        self._connection.close()

    def _receive(self, deadline: float) -> bool:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DeadlineError
        self._connection.settimeout(remaining)
        try:
            received = self._connection.recv(65536)
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
