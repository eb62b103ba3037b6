"""Labelled images as plain arrays: what every kind of source is read into, and what is written for Caffe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caffe_runner.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Images with their classes, in the order of the source.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, channels, height, width)
        Intensities 0 to 255.
    labels : ndarray of int32, shape (n,)
        Classes, counted from 0.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image, in pixels."""
        _, channels, height, width = self.pixels.shape
        return channels, height, width


@dataclass(frozen=True, slots=True, eq=False)
class TrainAndTest:
    """The two parts of a data set.

    Parameters
    ----------
    train, test : Images
        What a net learns from, and what it is judged by.
    """

    train: Images
    test: Images

    @property
    def classes(self) -> int:
        """Outputs a net needs to name every class: the largest label plus one."""
        return int(max(self.train.labels.max(), self.test.labels.max())) + 1


def draw_test(images: Images, fraction: float, seed: int, where: str) -> TrainAndTest:
    """Set a random part of the images aside for the test; both parts keep the order of the source.

    Parameters
    ----------
    images : Images
        All images, n of them.
    fraction : float
        Share of the test, between 0 and 1; ``round(fraction * n)`` images are drawn without replacement.
    seed : int
        Determines the draw.
    where : str
        The source, for messages.

    Raises
    ------
    DataError
        If the fraction is not between 0 and 1, or leaves one of the parts empty.
    """
    if not 0 < fraction < 1:
        raise DataError(
            f"a fraction of {fraction} for the test is not between 0 and 1",
            where=where,
            remedy="set test_fraction to, for example, 0.2",
        )
    n_test = round(fraction * len(images))
    if not 0 < n_test < len(images):
        raise DataError(
            f"a fraction of {fraction} of {len(images)} images leaves none to {'test' if n_test == 0 else 'train'} on",
            where=where,
            remedy="change test_fraction or give more images",
        )
    # Sorting uniform numbers keeps the draw the same as long as numpy's PCG64 does, whatever becomes of `permutation`.
    drawn = np.argsort(np.random.default_rng(seed).random(len(images)), kind="stable")[:n_test]
    chosen = np.zeros(len(images), dtype=bool)
    chosen[drawn] = True
    return TrainAndTest(
        train=Images(images.pixels[~chosen], images.labels[~chosen]),
        test=Images(images.pixels[chosen], images.labels[chosen]),
    )
