"""Write caffe_runner/caffe/schema.json: the description of Caffe's messages, as compiled into Caffe itself.

The compiler of protocol buffers embeds the serialized ``FileDescriptorProto`` of caffe.proto in every library that is
built from it. The committed file is from Debian bullseye's package libcaffe1 1.0.0+git20180821.99bd997. To make it
again:

    python docker/extract_caffe_schema.py qim-stats/caffe:cpu caffe_runner/caffe/schema.json

The first argument may also be the path of a libcaffe.so.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tarfile
from pathlib import Path

import docker
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError

LIBRARY = "/usr/lib/x86_64-linux-gnu/libcaffe.so.1.0.0"
ORIGIN = (
    "FileDescriptorProto of caffe.proto as compiled into libcaffe.so of Debian bullseye's package "
    "libcaffe1 1.0.0+git20180821.99bd997, read by docker/extract_caffe_schema.py; "
    "Caffe is BSD-2-Clause, Copyright (c) 2014-2017 The Regents of the University of California; see NOTICE"
)
# Field 1 (name) of the descriptor, of length 11: where it begins in the library.
_BEGIN = b"\x0a\x0bcaffe.proto"
_LENGTH_DELIMITED, _VARINT = 2, 0


def main() -> int:
    """Read the description out of a library or an image and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="LIBCAFFE|IMAGE")
    parser.add_argument("out", type=Path, metavar="OUT.json")
    args = parser.parse_args()
    source = Path(args.source)
    library = source.read_bytes() if source.is_file() else from_image(args.source)
    descriptor = find_descriptor(library)
    document = {"origin": ORIGIN, "file": json_format.MessageToDict(descriptor)}
    args.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{args.out}: {len(descriptor.message_type)} messages", file=sys.stderr)  # noqa: T201 - a script that reports
    return 0


def from_image(image: str) -> bytes:
    """Read the library out of an image, without starting anything in it."""
    client = docker.from_env()
    container = client.containers.create(image, ["true"])
    try:
        chunks, _ = container.get_archive(LIBRARY)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            if member is None:
                raise SystemExit(f"{image}: {LIBRARY} is not a plain file")
            return member.read()
    finally:
        container.remove()


def find_descriptor(library: bytes) -> FileDescriptorProto:
    """Find caffe.proto's description among the bytes of a library."""
    start = library.find(_BEGIN)
    while start >= 0:
        try:
            descriptor = FileDescriptorProto.FromString(library[start : _end(library, start)])
        except (DecodeError, IndexError):
            descriptor = FileDescriptorProto()
        if descriptor.package == "caffe" and descriptor.message_type:
            return descriptor
        start = library.find(_BEGIN, start + 1)
    raise SystemExit("no description of caffe.proto in this library")


def _end(library: bytes, position: int) -> int:
    # The descriptor carries no length: it ends before the first byte that is no tag of one of its own fields.
    fields = FileDescriptorProto.DESCRIPTOR.fields_by_number
    while True:
        tag, after = _varint(library, position)
        if tag >> 3 not in fields or tag & 7 not in (_LENGTH_DELIMITED, _VARINT):
            return position
        value, after = _varint(library, after)
        position = after + value if tag & 7 == _LENGTH_DELIMITED else after


def _varint(library: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = library[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position


if __name__ == "__main__":
    sys.exit(main())
