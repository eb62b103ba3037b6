"""The options that the analyzing verbs share, and what they mean to the library."""

from __future__ import annotations

import argparse
import csv
import shlex
import textwrap
from typing import Any

from qim_stats.errors import QimError, one_line


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a trials table is to be read.

    Parameters
    ----------
    parser : ArgumentParser
        The verb's.
    """
    parser.add_argument("--response", metavar="NAME", help="the response column")
    parser.add_argument("--direction", choices=("maximize", "minimize"), help="which way the response is better")
    parser.add_argument("--factors", metavar="a,b,c", help="default: the metadata's, else columns with two levels")
    parser.add_argument(
        "--high", metavar="FACTOR=LEVEL", action="append", default=[], help="which level of a text factor is high"
    )
    parser.add_argument("--block", metavar="COLUMN", help="the block column; default: block")
    parser.add_argument(
        "--diverged-as",
        type=float,
        metavar="VALUE",
        help="score diverged trials with this response, such as chance level; default: they have none",
    )


def table_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return these options as keyword arguments of ``qim_stats.read_trials``.

    Raises
    ------
    QimError
        If ``--high`` is not FACTOR=LEVEL.
    """
    high = {}
    for text in args.high:
        name, equals, level = text.rpartition("=")
        if not equals or not name:
            raise QimError(f"{text!r} is not FACTOR=LEVEL", where="--high", remedy="write --high activation=ReLU")
        high[name] = level
    factors = None if args.factors is None else split_names(args.factors, "--factors")
    keys = ("response", "direction", "block", "diverged_as")
    return {"factors": factors, "high": high, **{key: getattr(args, key) for key in keys}}


def add_analysis_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``qim_stats.analyze`` to a verb.

    Parameters
    ----------
    parser : ArgumentParser
        The verb's.
    """
    add_table_options(parser)
    parser.add_argument(
        "--error",
        choices=("auto", "residual", "pure", "foldover", "pse", "combined"),
        default="auto",
        metavar="SOURCE",
        help="where the error estimate comes from: residual, pure, foldover, pse, combined, or auto, which explains "
        "its choice",
    )
    parser.add_argument(
        "--pse",
        choices=("lenth", "dong", "zahn", "juan-pena", "daniel", "edwards-mee"),
        default="lenth",
        metavar="METHOD",
        help="pseudo standard error: lenth, dong, zahn, juan-pena, daniel or (with pure error) edwards-mee; "
        "default: lenth",
    )
    parser.add_argument(
        "--adjust",
        choices=("holm", "bh", "max-t", "none"),
        default="holm",
        help="adjustment of p-values; default: holm",
    )
    parser.add_argument("--weights", metavar="COLUMN", help="positive weights of the trials")
    parser.add_argument(
        "--transform",
        choices=("identity", "log", "log2", "log10", "sqrt", "logit", "rank"),
        default="identity",
        metavar="NAME",
        help="of the response: log, log2, log10, sqrt, logit or rank; effects are told back on its own scale",
    )
    parser.add_argument("--confidence", type=float, default=0.95, metavar="0.95", help="of limits, intervals, claims")
    parser.add_argument(
        "--looks", type=int, metavar="L", help="how often the study is analyzed in all; default: as its metadata say"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of everything simulated; default: 0")
    parser.add_argument("--report", metavar="out.html", help="write a self-contained HTML report")
    parser.add_argument("--notice", metavar="TEXT", help="a sentence for the top of the report and of what is printed")
    parser.add_argument("--json", metavar="PATH|-", help="write the results as JSON; - for standard output")


def analysis_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options as keyword arguments of ``qim_stats.analyze``.

    Raises
    ------
    QimError
        If ``--high`` is not FACTOR=LEVEL.
    """
    keys = ("error", "pse", "adjust", "weights", "transform", "confidence", "looks", "seed")
    return {**table_options(args), **{key: getattr(args, key) for key in keys}}


def command(args: argparse.Namespace) -> str:
    """Return the shell command that repeats this run."""
    return shlex.join(["python", "-m", "qim_stats", *args.arguments])


def noticed(args: argparse.Namespace, text: str) -> str:
    """Put the notice, if one was given, above a text of 80 columns."""
    if args.notice is None:
        return text
    return "\n".join(textwrap.wrap(one_line(args.notice), 80)) + "\n\n" + text


def split_names(text: str, option: str) -> list[str]:
    """Split a list of names; one that holds a comma is written in double quotes.

    Raises
    ------
    QimError
        If a name is empty or the text is more than one line.
    """
    remedy = f"write {option} a,b,c"
    try:
        names = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:
        raise QimError(f"{text!r} is not one line of names", where=option, remedy=remedy) from None
    if not names or not all(names):
        raise QimError(f"{text!r} names no factor in one place", where=option, remedy=remedy)
    return names
