"""MNIST as plain arrays, from the same files, and with the same checks, as Caffe's trials have it."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from caffe_runner.datasets.archives import fetch
from caffe_runner.datasets.find_source import MNIST, find_source
from caffe_runner.datasets.images import TrainAndTest
from caffe_runner.datasets.prepare import cache_folder
from caffe_runner.datasets.sources import Options


@lru_cache(maxsize=1)
def mnist() -> TrainAndTest:
    """Return the 60,000 images to train on and the 10,000 to test on, fetched when they are not there.

    Raises
    ------
    DataError
        If they can be neither found nor fetched, or are not MNIST.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    found = find_source(MNIST, Path(), Options(), lambda archive: fetch(archive, cache, _tell))
    return found.load().parts


def _tell(words: str) -> None:
    print(words, file=sys.stderr)
