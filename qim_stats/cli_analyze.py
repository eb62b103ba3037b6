"""The verb ``analyze``: a trials table in, the verdict and the ranking out."""

from __future__ import annotations

import argparse
import sys

from qim_stats.cli_options import add_analysis_options, analysis_options, check_outputs, command, noticed

_EXAMPLE = """\
example:
  $ python -m qim_stats analyze trials.csv --response accuracy \\
        --direction maximize --report report.html

  reads one row per trial, takes the columns with two levels as factors, prints
  which of them matter and how sure that is, and writes the report. The exit
  status is 1 when trials without a response had to be set aside.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs are kept.
    """
    parser = subparsers.add_parser(
        "analyze",
        help="tell which factors matter",
        description="Tell which factors matter, how much, and how sure that is.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("table", metavar="TRIALS.csv", help="one row per trial")
    parser.add_argument("--formula", metavar='"y ~ a + b + a:b"', help="default: the main effects, and blocks if any")
    add_analysis_options(parser)
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Analyze the table, write what was asked for, and print the answer.

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
        If the table or an option is at fault.
    """
    check_outputs(args, [args.table])
    options = analysis_options(args)
    from qim_stats.analyze_trials import analyze
    from qim_stats.output import write_text
    from qim_stats.plain import to_json
    from qim_stats.terminal import analysis_text

    analysis = analyze(args.table, formula=args.formula, **options)
    if args.report is not None:
        from qim_stats.report import render

        write_text(args.report, render(analysis, notice=args.notice, command=command(args)))
    words = sys.stdout
    if args.json == "-":
        sys.stdout.write(to_json(analysis.to_dict()))
        words = sys.stderr
    elif args.json is not None:
        analysis.to_json(args.json)
    words.write(noticed(args, analysis_text(analysis, report=args.report)))
    return 1 if analysis.trials.set_aside else 0
