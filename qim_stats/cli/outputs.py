"""The files that a verb is asked to write: refused where they cannot be, before anything is computed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from qim_stats.errors import QimError
from qim_stats.trials.metadata import metadata_path

_TABLES = ("out", "joined")
"""Options whose file is a trials table, written with its metadata."""

_RESULTS = ("report", "json")


def check_outputs(args: argparse.Namespace, inputs: Sequence[str]) -> None:
    """Refuse to write over a table, over its metadata, over another result, or where there is no folder.

    Parameters
    ----------
    args : argparse.Namespace
        With any of ``out``, ``joined``, ``report`` and ``json``: a path or None; ``-`` is standard output for JSON.
    inputs : sequence of str
        The tables read.

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
        taken |= written
