"""What every verb shares: how it is entered, and where its JSON and its words go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO


def enter_verb(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    *,
    does: str,
    description: str,
    example: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Enter a verb into the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs are kept.
    name : str
        The verb.
    does, description : str
        What it does: for the list of verbs, and for its own help.
    example : str
        A worked one, for the end of its help.
    run : callable
        Takes the arguments and returns the exit status.

    Returns
    -------
    ArgumentParser
        To which the verb's options are to be added.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=does,
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(handler=run)
    return parser


def write_json(args: argparse.Namespace, record: Callable[[], Mapping[str, Any]]) -> None:
    """Write the results as ``--json`` asks, if it does.

    Parameters
    ----------
    args : argparse.Namespace
        With ``json``: a path, ``-`` for standard output, or None.
    record : callable
        Makes the results, as plain values; not called when nobody asks.

    Raises
    ------
    QimError
        If the file cannot be written.
    """
    if args.json is None:
        return
    from qim_stats.output import write_text
    from qim_stats.plain import to_json

    text = to_json(record())
    if args.json == "-":
        sys.stdout.write(text)
    else:
        write_text(args.json, text)


def words(args: argparse.Namespace) -> TextIO:
    """Return the stream for what people read: standard output, unless the JSON goes there."""
    return sys.stderr if args.json == "-" else sys.stdout
