"""The multiplexed stream, cut into pieces at every place."""

import io
import itertools
import socket
import struct
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.engines.docker_stream import DeadlineError, LineStream
from caffe_runner.errors import EngineError


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=30), max_size=8),
    pieces=st.lists(st.integers(1, 40), min_size=1),
    size=st.integers(1, 20),
)
def test_lines_come_out_whole_however_they_are_cut(lines: list[str], pieces: list[int], size: int) -> None:
    text = "".join(line + "\n" for line in lines).encode()
    sent = b"".join(frame(1 + i % 2, text[i : i + size]) for i in range(0, len(text), size))
    cuts = itertools.cycle(pieces)

    def send(theirs: socket.socket) -> None:
        at = 0
        with theirs:
            while at < len(sent):
                piece = next(cuts)
                theirs.sendall(sent[at : at + piece])
                at += piece

    ours, theirs = socket.socketpair()
    sender = threading.Thread(target=send, args=(theirs,))
    with ours:
        sender.start()
        stream = LineStream(ours)
        deadline = time.monotonic() + 60
        got = []
        while (line := stream.read_line(deadline)) is not None:
            got.append(line)
        sender.join()
    assert got == lines


def test_the_deadline_ends_a_silent_stream() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frame(1, b"half a line"))
        with pytest.raises(DeadlineError):
            LineStream(ours).read_line(time.monotonic() + 0.05)


@pytest.mark.parametrize("wrapped", [False, True])
def test_hanging_up_closes_the_socket_and_the_file_around_it(wrapped: bool) -> None:
    """Else it stays open until it is collected, and the process at the other end waits for more."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.settimeout(10)
        stream = LineStream(ours.makefile("rwb", buffering=0) if wrapped else ours)
        stream.close()
        stream.close()
        assert ours.fileno() == -1
        assert theirs.recv(1) == b""


def test_another_kind_of_connection_is_refused() -> None:
    with pytest.raises(EngineError, match="not supported"):
        LineStream(io.BytesIO())
