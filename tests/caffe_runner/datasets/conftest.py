"""Small data sets in the formats that users bring."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Pixels = npt.NDArray[np.uint8]
WriteIdx = Callable[..., None]


def idx_bytes(values: Pixels) -> bytes:
    """Encode an array as idx, from the description of the format."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture
def pixels() -> Pixels:
    """Twelve images of 3 x 4 pixels, all different."""
    return np.arange(12 * 3 * 4, dtype=np.uint8).reshape(12, 3, 4)


@pytest.fixture
def write_idx() -> WriteIdx:
    def write(folder: Path, stem: str, pixels: Pixels, labels: Pixels, mark: str = "-", zipped: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        for what, values in (("images", pixels), ("labels", labels)):
            name = f"{stem}-{what}{mark}idx{values.ndim}-ubyte"
            content = idx_bytes(values)
            if zipped:
                name, content = f"{name}.gz", gzip.compress(content)
            (folder / name).write_bytes(content)

    return write


@pytest.fixture
def idx_folder(tmp_path: Path, pixels: Pixels, write_idx: WriteIdx) -> Path:
    """A folder of idx files: 12 training images of classes 0, 1, 2 and the last 4 of them as test images."""
    folder = tmp_path / "My data"
    labels = (np.arange(12) % 3).astype(np.uint8)
    write_idx(folder, "train", pixels, labels)
    write_idx(folder, "t10k", pixels[8:], labels[8:])
    return folder
