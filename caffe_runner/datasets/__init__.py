"""Image data -> LMDB as Caffe reads it, checksummed and made once.

Left to right: `find_source` finds the files, which `archives` fetches where a registry has them; `sources` reads them
by `idx`, `cifar` or `csv_pixels` into `images`; `orders` shuffles copies; `datum` encodes a record, `lmdb_store` writes
them; `cache` keeps what is finished; `prepare` is the whole road.
"""

from caffe_runner.datasets.lmdb_store import DATA_FILE
from caffe_runner.datasets.prepare import Dataset, cache_folder, prepare

__all__ = ["DATA_FILE", "Dataset", "cache_folder", "prepare"]
