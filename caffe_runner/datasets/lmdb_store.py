"""Images -> an LMDB that Caffe opens: the only file that touches lmdb."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import shutil
from pathlib import Path

import lmdb

from caffe_runner.datasets.datum import largest_record, records
from caffe_runner.datasets.images import Images

DATA_FILE = "data.mdb"
"""The one file of an LMDB that holds data; the other, lock.mdb, is not needed by readers of a read-only folder."""

_PAGE = min(mmap.PAGESIZE, 32768)  # LMDB takes the system's page, up to 32 KiB.
_PAGE_HEADER = 16
_NODE_HEADER = 8 + 8 + 2  # LMDB's header of a node, our key, alignment to an even size.


def write_lmdb(folder: Path, images: Images) -> str:
    """Write images as an LMDB of Datum records, flushed to the disk and readable by every user.

    Parameters
    ----------
    folder : Path
        The LMDB; must not exist.
    images : Images
        At least one image.

    Returns
    -------
    str
        sha256 over keys and records in their order.

    Raises
    ------
    OSError
        If the folder cannot be written, for want of space or of permission.

    Notes
    -----
    No lock.mdb is left. Caffe opens with MDB_RDONLY, and LMDB then goes on without a lock where the folder is mounted
    read-only; a lock.mdb of another user's would instead make it fail with "permission denied".
    """
    folder.mkdir()
    folder.chmod(0o755)
    size = _map_size(len(images), largest_record(images))
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({size / 1e6:.0f} MB are needed)", str(folder))
    digest = hashlib.sha256()
    try:
        # The writer is alone by construction (a fresh folder), so neither a lock nor a flush at each commit is needed.
        with lmdb.open(str(folder), map_size=size, lock=False, sync=False, mode=0o644) as environment:
            with environment.begin(write=True) as transaction:
                for key, record in records(images):
                    digest.update(key)
                    digest.update(record)
                    transaction.put(key, record, append=True)
            environment.sync(True)
    except lmdb.Error as error:
        code = getattr(error, "code", 0)
        raise OSError(code, os.strerror(code) if code > 0 else str(error), str(folder)) from error
    (folder / DATA_FILE).chmod(0o644)
    flush_folder(folder)
    return digest.hexdigest()


def flush_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _map_size(count: int, record: int) -> int:
    """Bound the bytes of an LMDB of `count` records of at most `record` bytes, written in the order of their keys.

    A node larger than half a page keeps its data in pages of their own (LMDB's mdb.c: me_nodemax, OVPAGES).
    """
    room = _PAGE - _PAGE_HEADER
    if record + _NODE_HEADER < room // 2:
        pages = -(-count // (room // (record + _NODE_HEADER + 2)))
    else:
        pages = count * -(-(record + _PAGE_HEADER) // _PAGE) + count // 50
    return _PAGE * (pages + pages // 20 + 64)
