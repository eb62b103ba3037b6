"""The files that a verb is asked to write: refused where they cannot be, before anything is computed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from qim_stats.errors import QimError
from qim_stats.trials.metadata import METADATA_SUFFIX, metadata_path

_TABLES = ("out", "joined")
"""Options whose file is a trials table, written with its metadata."""

_RESULTS = ("report", "json")
_KINDS = {"report": "report", "json": "JSON result"}
_GENERATOR = b'<meta name="generator" content="qim-stats'
_HEAD = 1000  # bytes, among which a report names its generator
_KEYS = ({"schema"}, {"truth", "screen"}, {"truth", "replays"})
"""Of which every JSON result has all of one set."""


def check_outputs(args: argparse.Namespace, inputs: Sequence[str]) -> None:
    """Refuse to write over what is no earlier result: tables and metadata, files of other kinds; or where no folder is.

    Parameters
    ----------
    args : argparse.Namespace
        With any of ``out``, ``joined``, ``report`` and ``json``: a path or None; ``-`` is standard output for JSON.
    inputs : sequence of str
        The tables and other files that are read.

    Raises
    ------
    QimError
        Naming the option at fault.
    """
    taken = {path.resolve() for given in inputs for path in (Path(given), metadata_path(Path(given)))}
    for option in (*_TABLES, *_RESULTS):
        given = getattr(args, option, None)
        if given is None or (option == "json" and given == "-"):
            continue
        if given in ("", "-"):
            raise QimError(f"{given!r} is not the name of a file", where=f"--{option}", remedy="give it a name")
        path = Path(given)
        written = {path.resolve(), *({metadata_path(path).resolve()} if option in _TABLES else ())}
        if written & taken:
            raise QimError(f"{given!r} is in use already", where=f"--{option}", remedy="give another path")
        if path.is_dir():
            raise QimError(
                f"{given!r} cannot be written (it is a folder)", where=f"--{option}", remedy="add the name of a file"
            )
        if not path.resolve().parent.is_dir():
            raise QimError(
                f"{given!r} cannot be written (there is no folder {str(path.parent)!r})",
                where=f"--{option}",
                remedy="make the folder, or give another path",
            )
        if option in _RESULTS and not _may_be_replaced(path, option):
            raise QimError(
                f"{given!r} is there and holds no earlier {_KINDS[option]}",
                where=f"--{option}",
                remedy="give another path, or move that file away",
            )
        taken |= written


def _may_be_replaced(path: Path, option: str) -> bool:
    """Whether a result may go there: no more than an earlier one is lost. Devices and pipes keep nothing."""
    if not path.is_file() or path.stat().st_size == 0:
        return True
    try:
        if option == "report":
            with path.open("rb") as file:
                return _GENERATOR in file.read(_HEAD)
        held = json.loads(path.read_bytes())
        ours = isinstance(held, dict) and any(keys <= held.keys() for keys in _KEYS)
        return ours and not path.name.endswith(METADATA_SUFFIX)
    except (OSError, ValueError):
        return False
