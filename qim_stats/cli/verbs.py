"""The command line: find the verb, run it, and turn what went wrong into one line and an exit status.

Exit status: 0 done; 1 finished, but something needs attention; 2 the user's mistake; 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from qim_stats.cli.one_line_parser import OneLineParser
from qim_stats.errors import QimError, one_line

PROGRAM = "python -m qim_stats"
_VERBS = {
    "design": "design",
    "analyze": "analyze",
    "validate": "validate",
    "combine": "combine",
    "power": "power",
    "augment": "augment",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        The exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parser(arguments).parse_args(arguments)
        args.arguments = arguments
        status = int(args.handler(args))
        sys.stdout.flush()
    except QimError as error:
        print(str(error), file=sys.stderr)
        excerpt = getattr(error, "excerpt", None)
        if excerpt is not None:
            print(excerpt, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone (a pager was closed); the files are written already.
        _drop_output()
        return 0
    except OSError as error:
        # What reads or writes a named file tells of it as a QimError; left is the output itself, as on a full disk.
        _drop_output()
        print(f"standard output cannot be written ({one_line(error.strerror or str(error))})", file=sys.stderr)
        return 2
    return status


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser, loading only the module of the verb asked for."""
    parser = OneLineParser(
        prog=PROGRAM,
        description="Which hyperparameters matter, how much, and how sure one can be.",
        epilog="example:\n  $ python -m qim_stats analyze trials.csv --direction maximize --response acc",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    asked = [arguments[0]] if arguments and arguments[0] in _VERBS else list(_VERBS)
    for verb in asked:
        import_module(f"qim_stats.cli.{_VERBS[verb]}").add_parser(subparsers)
    return parser
