"""The idx format of the MNIST files: a magic number, the dimensions, the bytes; perhaps gzipped.

Format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats":
big-endian 32-bit numbers, the magic one holding the type of the values (8: unsigned byte) and the number of dimensions.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caffe_runner.datasets.images import Images
from caffe_runner.errors import DataError

_UNSIGNED_BYTE = 8
_GZIP = b"\x1f\x8b"
_DIMENSIONS = {"images": 3, "labels": 1}
_STEMS = {"train": ("train",), "test": ("t10k", "test")}


@dataclass(frozen=True, slots=True)
class IdxPair:
    """The two files of one part of a data set.

    Parameters
    ----------
    images, labels : Path
        The idx files.
    """

    images: Path
    labels: Path


@dataclass(frozen=True, slots=True, eq=False)
class IdxImages:
    """What an idx pair held.

    Parameters
    ----------
    images : Images
        The images, with one channel.
    sha256 : dict of str to str
        "images" and "labels": the checksum of the content, after decompression, so that it is the same however (and
        whether) the file was compressed.
    """

    images: Images
    sha256: dict[str, str]


def find_pair(folder: Path, part: str) -> IdxPair | None:
    """Find the idx files of one part in a folder, under any of their usual names.

    Parameters
    ----------
    folder : Path
        Where to look: ``train-images-idx3-ubyte``, ``train-images.idx3-ubyte``, each also with ``.gz``; ``t10k-...`` or
        ``test-...`` for the test. When several are there, the first in this order is taken.
    part : {"train", "test"}
        Which part.

    Returns
    -------
    IdxPair or None
        None when neither file is there.

    Raises
    ------
    DataError
        If only one of the two is there.
    """
    found = {what: _find(folder, part, what) for what in _DIMENSIONS}
    images, labels = found["images"], found["labels"]
    if images and labels:
        return IdxPair(images, labels)
    if not images and not labels:
        return None
    there, missing = (images, "labels") if images else (labels, "images")
    raise DataError(
        f"the {missing} that belong to {there} are not there",
        where=str(folder),
        remedy=f"add {usual_name(part, missing)}, plain or as .gz",
    )


def usual_name(part: str, what: str) -> str:
    """Name the idx file of a part ("train" or "test") for "images" or "labels", as the MNIST pages do."""
    return f"{_STEMS[part][0]}-{what}-idx{_DIMENSIONS[what]}-ubyte"


def read_pair(pair: IdxPair) -> IdxImages:
    """Read the images and labels of one part.

    Raises
    ------
    DataError
        If a file cannot be read, is damaged or of another kind, or the two do not hold equally many entries.
    """
    pixels, pixels_sha256 = _read(pair.images, "images")
    labels, labels_sha256 = _read(pair.labels, "labels")
    if len(pixels) != len(labels):
        raise DataError(
            f"{len(labels)} labels for the {len(pixels)} images of {pair.images.name}",
            where=str(pair.labels),
            remedy="take both files from the same data set",
        )
    images = Images(pixels[:, np.newaxis], labels.astype(np.int32))
    return IdxImages(images, {"images": pixels_sha256, "labels": labels_sha256})


def _find(folder: Path, part: str, what: str) -> Path | None:
    for stem in _STEMS[part]:
        for mark in ("-", "."):
            for ending in ("", ".gz"):
                path = folder / f"{stem}-{what}{mark}idx{_DIMENSIONS[what]}-ubyte{ending}"
                if path.is_file():
                    return path
    return None


def _read(path: Path, what: str) -> tuple[npt.NDArray[np.uint8], str]:
    content = _content(path)
    dimensions = _DIMENSIONS[what]
    header = 4 * (1 + dimensions)
    magic = bytes([0, 0, _UNSIGNED_BYTE, dimensions])
    if len(content) >= 4 and content[:4] != magic:
        raise DataError(
            f"this is no idx file of {what}: it begins with {content[:4].hex()} where {magic.hex()} is due",
            where=str(path),
            remedy="give the file as it was published, plain or gzipped",
        )
    if len(content) < header:
        raise DataError("the file ends within its header", where=str(path), remedy="fetch it again")
    shape = tuple(int(size) for size in np.frombuffer(content[4:header], dtype=">u4"))
    if not all(shape):
        raise DataError(f"the file says that it holds no {what}", where=str(path), remedy="fetch it again")
    wanted, held = math.prod(shape), len(content) - header
    if held != wanted:
        amount = f"{wanted - held} bytes short" if held < wanted else f"{held - wanted} bytes too long"
        raise DataError(f"the file is {amount} for its {shape[0]} {what}", where=str(path), remedy="fetch it again")
    values = np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
    return values, hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    """Read a file, decompressed if it is gzipped (told by its first bytes, as browsers unpack without renaming)."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"the gzip file is damaged: {error}", where=str(path), remedy="fetch it again") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), remedy="make it readable") from error
