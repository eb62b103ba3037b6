"""Images as plain arrays, from the same files, and with the same checks, as Caffe's trials have them."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caffe_runner.datasets.archives import fetch
from caffe_runner.datasets.find_source import find_source
from caffe_runner.datasets.images import TrainAndTest
from caffe_runner.datasets.prepare import cache_folder
from caffe_runner.datasets.sources import Options

Array = npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def images(name: str) -> TrainAndTest:
    """Return the images to train on and those to test on, fetched when they are not there.

    Parameters
    ----------
    name : str
        As a study file calls them, such as "mnist".

    Returns
    -------
    TrainAndTest
        All of them.

    Raises
    ------
    DataError
        If they can be neither found nor fetched, or are not what the name says.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    found = find_source(name, Path(), Options(), lambda archive: fetch(archive, cache, _tell))
    return found.load().parts


def flat(pixels: npt.NDArray[np.uint8]) -> Array:
    """Return images, shape (n, channels, rows, columns), as rows of numbers from 0 to 1, shape (n, pixels of one)."""
    return pixels.reshape(len(pixels), -1) / 255.0


def _tell(words: str) -> None:
    print(words, file=sys.stderr)
