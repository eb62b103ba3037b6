"""The verb ``augment``: a trials table in, the further runs that help most out, or with a budget whether any help."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qim_stats.cli.options import add_table_options, split_names, table_options
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.verb import enter_verb, words, write_json
from qim_stats.errors import QimError
from qim_stats.trials.metadata import metadata_path

if TYPE_CHECKING:
    from qim_stats.alerts import Alert
    from qim_stats.followup import FollowUp

_EXAMPLE = """\
example:
  $ python -m qim_stats augment trials.csv --response accuracy \\
        --direction maximize --runs 12 --out next.csv --joined all.csv

  compares a foldover, replicates, a semifold and runs chosen by three criteria
  by what each would tell about the first three factors, and writes the best as
  next.csv; all.csv has the trials so far with the new runs below, to be filled
  in.
"""
_METHODS = ("auto", "foldover", "semifold", "replicates", "md", "bayesian-d", "posterior")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs are kept.
    """
    parser = enter_verb(
        subparsers,
        "augment",
        does="choose the next runs",
        description="Choose the further runs that help most towards a goal.",
        example=_EXAMPLE,
        run=run,
    )
    parser.add_argument("trials", metavar="TRIALS.csv", help="the trials so far")
    add_table_options(parser)
    parser.add_argument(
        "--runs", type=int, metavar="N", help="how many runs to add; default: the least multiple of --jobs from 4"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="J", help="trials at once: runs come in multiples of it; default: 1"
    )
    parser.add_argument(
        "--goal",
        metavar="GOAL",
        help="what is to be settled: top-3, top-1, order, 'a before b' or 'sign of a'; 'settled at 0.9' may stand "
        "behind it; default: top-3",
    )
    parser.add_argument(
        "--probability", type=float, metavar="0.9", help="from which it counts as settled; default: the goal's, or 0.9"
    )
    parser.add_argument(
        "--cost",
        action="append",
        default=[],
        metavar="FACTOR=LEVEL:RELATIVE",
        help="runs at this level cost so many times as much, as max_iter=200:2; or: seconds, as the table has them. "
        "Runs are then chosen by gain per cost",
    )
    parser.add_argument(
        "--same-block", action="store_true", help="the new runs join the last block; default: a block of their own"
    )
    parser.add_argument(
        "--budget",
        type=int,
        metavar="N",
        help="trials in all: choose runs only if the goal is open, not a tie, and the budget not spent (--method "
        "posterior, --same-block)",
    )
    parser.add_argument(
        "--method",
        metavar="METHOD",
        choices=_METHODS,
        default="auto",
        help=f"{', '.join(_METHODS[1:])}, or the best: auto",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of everything simulated; default: 0")
    parser.add_argument("--out", metavar="next.csv", required=True, help="where to write the runs; never overwritten")
    parser.add_argument("--joined", metavar="all.csv", help="also write the trials so far with the runs below them")
    parser.add_argument("--json", metavar="PATH|-", help="write the results as JSON; - for standard output")


def run(args: argparse.Namespace) -> int:
    """Choose the runs, write them, and print the answer.

    Parameters
    ----------
    args : argparse.Namespace
        What ``add_parser`` asked for.

    Returns
    -------
    int
        1 if trials were set aside, else 0.

    Raises
    ------
    QimError
        If the table, the goal or an option is at fault.
    """
    check_outputs(args, [args.trials])
    options = table_options(args)
    from qim_stats.followup import augment
    from qim_stats.followup.cost import parse_cost
    from qim_stats.terminal.followup import follow_up_text
    from qim_stats.waiting import shown_progress

    cost = parse_cost([part for text in args.cost for part in split_names(text, "--cost")])
    options |= {"jobs": args.jobs, "cost": cost, "seed": args.seed}
    if args.budget is not None:
        return _step(args, options)
    own = {key: getattr(args, key) for key in ("runs", "goal", "probability", "method", "same_block")}
    with shown_progress() as progress:
        found = augment(args.trials, progress=progress, **own, **options)
    found.to_csv(args.out, joined=args.joined)
    write_json(args, found.to_dict)
    words(args).write(follow_up_text(found, _next_steps(args, found)))
    return _status(found.alerts)


def _step(args: argparse.Namespace, options: dict[str, Any]) -> int:
    """Take one step of a study that goes on until the goal is settled; write runs only where there are any to do."""
    from qim_stats.followup.settle import NextRuns, settle_step
    from qim_stats.terminal.settle import step_text
    from qim_stats.waiting import shown_progress

    for option, default in (("runs", None), ("probability", None), ("method", "auto")):
        if getattr(args, option) != default:
            raise QimError(
                f"--{option} and --budget do not go together",
                where=f"--{option}",
                remedy="say --goal 'top-3 settled at 0.9' for the probability; runs come in batches of --jobs",
            )
    with shown_progress() as progress:
        step = settle_step(args.trials, until=args.goal, budget=args.budget, progress=progress, **options)
    record = {**step.to_dict(), "follow_up": None}
    after = [f"nothing was written to {args.out}."]
    if isinstance(step, NextRuns):
        found = step.follow_up
        found.to_csv(args.out, joined=args.joined)
        record, after = {**record, "follow_up": found.to_dict()}, _next_steps(args, found)
    write_json(args, lambda: record)
    words(args).write(step_text(step, after))
    return _status(step.alerts)


def _status(alerts: Iterable[Alert]) -> int:
    return 1 if any(alert.code == "trials_set_aside" for alert in alerts) else 0


def _next_steps(args: argparse.Namespace, found: FollowUp) -> list[str]:
    """Say where the runs are and how they join the table."""
    looks = f"It is look {found.metadata['design']['stages']} at the study, and its metadata say so."
    if args.joined is not None:
        return [
            f"fill in the pending rows of {args.joined} (state done, or what became of them) and analyze it. {looks}"
        ]
    table, out = shlex.quote(args.trials), shlex.quote(args.out)
    meta = shlex.quote(str(metadata_path(Path(args.out))))
    if len(found.runs.columns) == _columns(args.trials):
        join = f"(cat {table}; tail -n +2 {out}) > all.csv; cp {meta} all.meta.json"
        return [f"fill in {args.out}, then join: {join}", f"analyze all.csv. {looks}"]
    return [f"the table lacks columns that {args.out} has (such as block): say --joined all.csv to have them joined."]


def _columns(table: str) -> int:
    from qim_stats.trials.table import read_table

    return len(read_table(table).frame.columns)
