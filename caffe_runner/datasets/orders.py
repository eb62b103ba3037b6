"""Orders of the training images: numbered shuffles, of which a trial reads the one that its seed chooses.

Caffe reads an LMDB from its beginning, whatever its ``random_seed``, and its Data layer has no shuffling; so without
these all trials see the same images in the same order, and replicates lack that part of the noise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from caffe_runner.datasets.images import Images

_STREAM = 0x07DE7  # Apart from the draw of test images, which has seeds of its own.


def train_names(orders: int) -> tuple[str, ...]:
    """Name the LMDB folders of the training images: ``train``, or ``train-00``, ``train-01``, ... of several orders."""
    if orders == 1:
        return ("train",)
    digits = max(2, len(str(orders - 1)))
    return tuple(f"train-{number:0{digits}d}" for number in range(orders))


def order_of(seed: int, orders: int) -> int:
    """Return the number of the order that a trial with this ``random_seed`` reads: the remainder, from 0."""
    return seed % orders


def order_text(orders: int) -> str:
    """Say how a trial's order follows from its seed, for the record of a study of several orders."""
    return f"seed modulo {orders}: the number, from 0, of one of {orders} shuffles of the training images"


def ordered(images: Images, orders: int, count: int) -> Iterator[tuple[str, Images]]:
    """Put the images in each of the orders.

    Parameters
    ----------
    images : Images
        The training images, n of them.
    orders : int
        1 for the order of the source alone; with more, each is a permutation that its number alone determines.
    count : int
        How many images each keeps, its first; 1 to n.

    Yields
    ------
    name : str
        As of `train_names`.
    images : Images
        `count` of them.
    """
    for number, name in enumerate(train_names(orders)):
        if orders == 1:
            yield name, Images(images.pixels[:count], images.labels[:count])
            return
        # Sorting uniform numbers keeps an order the same as long as numpy's PCG64 does.
        drawn = np.random.default_rng([number, _STREAM]).random(len(images))
        chosen = np.argsort(drawn, kind="stable")[:count]
        yield name, Images(images.pixels[chosen], images.labels[chosen])
