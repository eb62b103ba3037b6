"""The verb ``validate`` with ``--replays``: virtual studies on a full table."""

from __future__ import annotations

import argparse

from qim_stats.cli.options import command, noticed, table_options
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.verb import words, write_json
from qim_stats.errors import QimError
from qim_stats.waiting import shown_progress

_OWN = {"designs": None, "estimator": None, "noise": None, "replicates": None, "jobs": None}
"""Options that have a use with ``--replays`` alone, and what they are when not given."""
_UNUSED = {
    "error": "auto",
    "pse": "lenth",
    "adjust": "holm",
    "weights": None,
    "transform": "identity",
    "confidence": 0.95,
    "looks": None,
}
"""Options that have no use with ``--replays``, and what they are when not given."""


def add_replay_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of virtual studies to a verb.

    Parameters
    ----------
    parser : ArgumentParser
        The verb's.
    """
    group = parser.add_argument_group("virtual studies")
    group.add_argument("--replays", type=int, metavar="N", help="make N virtual studies of each design on FULL.csv")
    group.add_argument(
        "--designs",
        metavar="a,b,c",
        help="pb12, pb12+foldover, pb12+semifold, frac16, noconf16, random24, full; pb12..32: then chosen trials up to "
        "32 in all (pb12..32/random, /replicates, /d-optimal, /md, /settle; @0.9: until that sure); default: "
        "pb12,pb12+foldover,pb12..24, with more than 11 factors larger ones",
    )
    group.add_argument(
        "--estimator", metavar="a,b,c", help="alias-aware, analyze, raw, least-squares; default: alias-aware"
    )
    group.add_argument("--noise", metavar="R.csv", help="add noise to every trial as between these repeated ones")
    group.add_argument("--replicates", metavar="R.csv", help="repeated trials that tell the noise; none is added")
    group.add_argument("--jobs", type=int, metavar="J", help="processes to share the work; default: 1")


def check_no_replay_option(args: argparse.Namespace) -> None:
    """Refuse the options of virtual studies where none is made.

    Raises
    ------
    QimError
        Naming the option.
    """
    for option in _OWN:
        if getattr(args, option) is not None:
            raise QimError("this has a use with --replays alone", where=f"--{option}", remedy="add --replays N")


def run_replays(args: argparse.Namespace) -> int:
    """Make virtual studies, write what was asked for, and print the answer.

    Parameters
    ----------
    args : argparse.Namespace
        What the verb asked for.

    Returns
    -------
    int
        1 if trials of the table were set aside, else 0.

    Raises
    ------
    QimError
        If the table or an option is at fault.
    """
    if len(args.tables) != 1:
        problem = f"{len(args.tables)} tables are named, and virtual studies are made on one"
        raise QimError(problem, where="--replays", remedy="name FULL.csv alone")
    for option, default in _UNUSED.items():
        if getattr(args, option) != default:
            raise QimError("this has no use with --replays", where=f"--{option}", remedy="leave it out")
    repeated = [path for path in (args.noise, args.replicates) if path is not None]
    check_outputs(args, [*args.tables, *repeated])
    from qim_stats.output import write_text
    from qim_stats.replays.replaying import replay
    from qim_stats.terminal.replays import replays_text

    with shown_progress() as progress:
        found = replay(
            args.tables[0],
            replays=args.replays,
            designs=None if args.designs is None else _listed(args.designs),
            estimators=("alias-aware",) if args.estimator is None else _listed(args.estimator),
            noise=args.noise,
            replicates=args.replicates,
            seed=args.seed,
            jobs=1 if args.jobs is None else args.jobs,
            progress=progress,
            **table_options(args),
        )
    if args.report is not None:
        from qim_stats.report.replays import render_replays

        write_text(args.report, render_replays(found, notice=args.notice, command=command(args)))
    write_json(args, found.to_dict)
    words(args).write(noticed(args, replays_text(found, report=args.report)))
    return int(any(alert.code == "trials_set_aside" for alert in found.alerts))


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
