"""The verb ``analyze``: a trials table in, the verdict and the ranking out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from qim_stats.cli.options import add_analysis_options, analysis_options, command, noticed, split_names
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.verb import enter_verb, words, write_json
from qim_stats.waiting import Progress, shown_progress

if TYPE_CHECKING:
    from qim_stats.analysis import Analysis

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
    parser = enter_verb(
        subparsers,
        "analyze",
        does="tell which factors matter",
        description="Tell which factors matter, how much, and how sure that is.",
        example=_EXAMPLE,
        run=run,
    )
    parser.add_argument("table", metavar="TRIALS.csv", help="one row per trial")
    parser.add_argument("--formula", metavar='"y ~ a + b + a:b"', help="default: the main effects, and blocks if any")
    add_analysis_options(parser)
    parser.add_argument("--also", metavar="a,b,c", help="other responses, whose effects are told beside")
    parser.add_argument(
        "--units",
        choices=("coded", "natural", "log"),
        default="coded",
        help="of numeric factors in the coefficients; effects stay high minus low",
    )
    parser.add_argument(
        "--aliased",
        choices=("refuse", "drop"),
        help="terms that the trials cannot tell apart: refuse the formula, or leave the later ones out as R does",
    )
    parser.add_argument("--robust", choices=("none", "hc3"), default="none", help="standard errors; default: none")
    parser.add_argument("--anova", choices=("I", "II", "III"), default="I", help="type of the analysis of variance")
    parser.add_argument(
        "--box-meyer",
        metavar="KEY=VALUE,...",
        help="of Box and Meyer's posterior probabilities: max_factors=5,max_order=3,p=0.25,g=2",
    )


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
    from qim_stats.screening.box_meyer_options import parse_box_meyer_options
    from qim_stats.terminal import analysis_text

    weighed = None if args.box_meyer is None else parse_box_meyer_options(args.box_meyer)
    if args.also is not None:
        options["response"] = [options["response"], *split_names(args.also, "--also")]
    own = {key: getattr(args, key) for key in ("formula", "units", "aliased", "robust", "anova")}
    with shown_progress() as progress:
        analysis = analyze(args.table, box_meyer=weighed, progress=progress, **own, **options)
        _write(args, analysis, progress)
    words(args).write(noticed(args, analysis_text(analysis, report=args.report)))
    return 1 if analysis.trials.set_aside else 0


def _write(args: argparse.Namespace, analysis: Analysis, progress: Progress) -> None:
    """Write the files that were asked for."""
    from qim_stats.output import write_text

    if args.report is not None or args.json is not None:
        analysis.gather(progress)
    if args.report is not None:
        from qim_stats.report import render

        progress("report", 0.0)
        write_text(args.report, render(analysis, notice=args.notice, command=command(args)))
    write_json(args, analysis.to_dict)
