"""Caffe's solver and net files: protobuf's text format, read and written by protobuf itself.

The message classes are made at run time from schema.json, the description of caffe.proto as compiled into Caffe
(docker/extract_caffe_schema.py says how to make that file again).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from google.protobuf import descriptor_pb2, json_format, message_factory, text_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from caffe_runner.errors import PrototxtError
from qim_stats.factors import nearest

CaffeMessage: TypeAlias = Any
"""A message of caffe.proto. Its class exists only at run time, so its fields are unknown to a type checker."""

_PACKAGE = "caffe"
_NO_FIELD = re.compile(r'Message type "caffe\.(?P<message>[\w.]+)" has no field named "(?P<name>[^"]*)"')
_NO_VALUE = re.compile(r'Enum type "(?P<enum>[\w.]+)" has no value named (?P<name>\w+)')
_PLACE = re.compile(r"^\d+:\d+ : ")
_QUOTED_LINE = re.compile(r"^'.*': (?=[A-Z])", re.DOTALL)


@cache
def _pool() -> DescriptorPool:
    text = files("caffe_runner.caffe").joinpath("schema.json").read_text(encoding="utf-8")
    description = json_format.ParseDict(json.loads(text)["file"], descriptor_pb2.FileDescriptorProto())
    pool = DescriptorPool()
    pool.Add(description)
    return pool


@cache
def message_class(name: str) -> type[Message]:
    """Return the class of a message of caffe.proto.

    Parameters
    ----------
    name : str
        Its name without the package, for example ``"Datum"``.

    Returns
    -------
    type of Message
    """
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def read_solver(path: Path) -> CaffeMessage:
    """Read a solver file.

    Parameters
    ----------
    path : Path
        A ``SolverParameter`` in text format.

    Returns
    -------
    SolverParameter

    Raises
    ------
    PrototxtError
        If the file cannot be read or is not a solver, with the line and, for a misspelled field, the nearest names.
    """
    return parse_text("SolverParameter", _read(path), str(path))


def read_net(path: Path) -> CaffeMessage:
    """Read a net file, with ``layer`` or with the older ``layers`` fields.

    Parameters
    ----------
    path : Path
        A ``NetParameter`` in text format.

    Returns
    -------
    NetParameter

    Raises
    ------
    PrototxtError
        If the file cannot be read or is not a net, with the line and, for a misspelled field, the nearest names.
    """
    return parse_text("NetParameter", _read(path), str(path))


def parse_text(name: str, text: str, where: str) -> CaffeMessage:
    """Parse a message in text format.

    Parameters
    ----------
    name : str
        The message, for example ``"NetParameter"``.
    text : str
        The text.
    where : str
        What to call the text in errors: its file.

    Returns
    -------
    Message

    Raises
    ------
    PrototxtError
        If the text does not hold such a message, with the line.
    """
    message = message_class(name)()
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise _explained(error, text, where) from error
    except (ValueError, RecursionError) as error:
        raise PrototxtError(f"this is no {name}: {error}", where=where) from error
    return message


def write_text(message: CaffeMessage) -> str:
    """Write a message in text format, as Caffe reads it.

    Parameters
    ----------
    message : Message
        Any message of caffe.proto.

    Returns
    -------
    str
        One field per line; floats in the shortest form that reads back as the same number.
    """
    return text_format.MessageToString(message, as_utf8=True)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PrototxtError(
            f"cannot read the file: {error.strerror or error}",
            where=str(path),
            remedy="check the path, which is relative to the study file",
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PrototxtError("this is no UTF-8 text", where=f"{path}:{line}", remedy="save the file as UTF-8") from error


def _explained(error: text_format.ParseError, text: str, where: str) -> PrototxtError:
    # An unclosed brace is noticed past the last line; the line to look at is the last one that says something.
    last = text.rstrip().count("\n") + 1
    line = error.GetLine()
    place = where if line is None else f"{where}:{min(line, last)}"
    said = _PLACE.sub("", str(error))
    if match := _NO_FIELD.search(said):
        descriptor = _pool().FindMessageTypeByName(f"{_PACKAGE}.{match['message']}")
        return PrototxtError(
            f"{match['message']} has no field {match['name']!r}",
            where=place,
            remedy=nearest(match["name"], descriptor.fields_by_name),
        )
    if match := _NO_VALUE.search(said):
        values = _pool().FindEnumTypeByName(match["enum"]).values_by_name
        return PrototxtError(
            f"{match['name']!r} is no value of {match['enum'].removeprefix('caffe.')}",
            where=place,
            remedy=nearest(match["name"], values),
        )
    return PrototxtError(_QUOTED_LINE.sub("", said).rstrip("."), where=place, remedy="correct the line")
