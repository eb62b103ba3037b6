"""Image data -> LMDB as Caffe reads it, checksummed and made once.

Left to right: `sources` finds the files; `idx` and `csv_pixels` read them into `images`; `datum` encodes a record,
`lmdb_store` writes them; `cache` keeps what is finished; `prepare` is the whole road.
"""

from caffe_runner.datasets.lmdb_store import DATA_FILE
from caffe_runner.datasets.prepare import Dataset, cache_folder, prepare

__all__ = ["DATA_FILE", "Dataset", "cache_folder", "prepare"]
