"""The verb ``combine``: the trials tables of several studies in, what holds across them out."""

from __future__ import annotations

import argparse

from qim_stats.cli.options import add_analysis_options, analysis_options, command, noticed
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.verb import enter_verb, words, write_json
from qim_stats.waiting import shown_progress

_EXAMPLE = """\
example:
  $ python -m qim_stats combine mnist.csv cifar.csv letters.csv \\
        --response accuracy --direction maximize --report combined.html

  analyzes each table, shows the ranks side by side with their sum, pools the
  effects (random-effects meta-analysis: mean, tau, I2), and tells which factors
  keep their rank from study to study and which do not.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs are kept.
    """
    parser = enter_verb(
        subparsers,
        "combine",
        does="compare studies of the same factors",
        description="Tell what holds across studies of the same factors.",
        example=_EXAMPLE,
        run=run,
    )
    parser.add_argument("tables", metavar="TRIALS.csv", nargs="+", help="one table per study, at least two")
    parser.add_argument(
        "--scale",
        choices=("response", "share"),
        default="response",
        help="pool effects in the response's unit, or as shares of each study's effects; default: response",
    )
    add_analysis_options(parser)


def run(args: argparse.Namespace) -> int:
    """Combine the tables, write what was asked for, and print the answer.

    Parameters
    ----------
    args : argparse.Namespace
        What ``add_parser`` asked for.

    Returns
    -------
    int
        1 if trials were set aside in any study, else 0.

    Raises
    ------
    QimError
        If a table or an option is at fault.
    """
    check_outputs(args, args.tables)
    options = analysis_options(args)
    from qim_stats.output import write_text
    from qim_stats.studies import combine
    from qim_stats.terminal import combination_text

    with shown_progress() as progress:
        combination = combine(args.tables, scale=args.scale, progress=progress, **options)
    if args.report is not None:
        from qim_stats.report.combined import render_combination

        write_text(args.report, render_combination(combination, notice=args.notice, command=command(args)))
    write_json(args, combination.to_dict)
    words(args).write(noticed(args, combination_text(combination, report=args.report)))
    return 1 if any(a.trials.set_aside for a in combination.analyses.values()) else 0
