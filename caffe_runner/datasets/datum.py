"""Caffe's Datum: the record in which an LMDB holds one image with its class."""

from __future__ import annotations

from collections.abc import Iterator

from caffe_runner.caffe.prototxt import CaffeMessage, message_class
from caffe_runner.datasets.images import Images

_KEY_DIGITS = 8  # As Caffe's own converters write them, for up to 10^8 images.


def records(images: Images) -> Iterator[tuple[bytes, bytes]]:
    """Encode images in their order.

    Parameters
    ----------
    images : Images
        n images.

    Yields
    ------
    key : bytes
        The number of the image, zero-padded, so that keys sort in the order of the images.
    record : bytes
        The serialized ``caffe.Datum`` with channels, height, width, data (row-major within each channel) and label.
    """
    datum: CaffeMessage = message_class("Datum")()
    datum.channels, datum.height, datum.width = images.shape
    pixels = images.pixels.reshape(len(images), -1)
    for number, (image, label) in enumerate(zip(pixels, images.labels.tolist(), strict=True)):
        datum.data = image.tobytes()
        datum.label = label
        yield f"{number:0{_KEY_DIGITS}d}".encode(), datum.SerializeToString(deterministic=True)


def largest_record(images: Images) -> int:
    """Bound the size of each record in bytes: the pixels and, rounded up, the tags, lengths and numbers around them."""
    return int(images.pixels[0].size) + 64
