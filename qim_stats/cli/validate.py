"""The verb ``validate``: a screening table, or many virtual ones, against the full factorial of the same factors."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qim_stats.cli.options import add_analysis_options, analysis_options, command, noticed
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.replays import add_replay_options, check_no_replay_option, run_replays
from qim_stats.cli.verb import enter_verb, words, write_json
from qim_stats.errors import QimError
from qim_stats.waiting import shown_progress

if TYPE_CHECKING:
    from qim_stats.analysis import Analysis

_EXAMPLE = """\
example:
  $ python -m qim_stats validate screen.csv full.csv --response accuracy \\
        --direction maximize --report report.html

  analyzes both tables, takes the main effects of the full factorial as the
  truth, and tells how well the screen ranked the factors and what it saved.

  $ python -m qim_stats validate full.csv --response accuracy \\
        --direction maximize --replays 500 --designs pb12,pb12+foldover

  makes 500 virtual studies of each design by looking up their trials in the
  full table, and tells how often and how far they were right.
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
        "validate",
        does="compare a screen with a full factorial",
        description="Hold the ranking of a few trials, or of virtual ones, against the truth.",
        example=_EXAMPLE,
        run=run,
    )
    parser.add_argument(
        "tables",
        nargs="+",
        metavar="TABLE.csv",
        help="SCREEN.csv FULL.csv: the few trials, and those of every combination of levels; with --replays FULL.csv",
    )
    add_analysis_options(parser)
    add_replay_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare the tables, or replay the full one, write what was asked for, and print the answer.

    Parameters
    ----------
    args : argparse.Namespace
        What ``add_parser`` asked for.

    Returns
    -------
    int
        1 if trials of a table were set aside, else 0.

    Raises
    ------
    QimError
        If a table or an option is at fault, or the two do not belong together.
    """
    if args.replays is not None:
        return run_replays(args)
    check_no_replay_option(args)
    if len(args.tables) != 2:
        raise QimError(
            f"{len(args.tables)} {'table is' if len(args.tables) == 1 else 'tables are'} named",
            where="validate",
            remedy="name SCREEN.csv and FULL.csv, or FULL.csv alone with --replays N",
        )
    return _compare(args, *args.tables)


def _compare(args: argparse.Namespace, screen_path: str, full_path: str) -> int:
    """Compare a screen with the full factorial."""
    check_outputs(args, [screen_path, full_path])
    if Path(screen_path).resolve() == Path(full_path).resolve():
        problem = "the screen and the full table are one file, which always agrees with itself"
        raise QimError(problem, where=full_path, remedy="name two tables")
    options = analysis_options(args)
    from qim_stats.analyze_trials import analyze
    from qim_stats.output import write_text
    from qim_stats.terminal import validation_text
    from qim_stats.validation import validate

    with shown_progress() as progress:
        screen = analyze(screen_path, progress=progress, **options)
        full = _analyze_full(args, full_path, {**options, "progress": progress}, screen)
    validation = validate(screen, full)
    if args.report is not None:
        from qim_stats.report import render

        write_text(args.report, render(screen, validation, notice=args.notice, command=command(args)))
    write_json(args, validation.to_dict)
    words(args).write(noticed(args, validation_text(screen, validation, report=args.report)))
    return 1 if screen.trials.set_aside or full.trials.set_aside else 0


def _analyze_full(args: argparse.Namespace, path: str, options: dict[str, Any], screen: Analysis) -> Analysis:
    """Analyze the full table as one of the screen's response, direction and factors."""
    from qim_stats.analyze_trials import analyze
    from qim_stats.trials import read_trials
    from qim_stats.trials.metadata import read_metadata
    from qim_stats.trials.table import read_table
    from qim_stats.validation import check_same_factors

    names = screen.trials.factor_names
    known = read_metadata(Path(path))
    described = known is not None and bool(known.factors)
    if args.factors is None:
        present = [name for name in names if name in read_table(path).frame.columns]
        own = read_trials(path, response=screen.response, direction=screen.direction, block=args.block)
        check_same_factors(names, [*present, *(name for name in own.factor_names if name not in present)])
    # A full table without metadata is read with the screen's levels, so that low and high mean the same in both. Its
    # effects are taken as the truth, so where its error estimate would come from does not matter.
    factors = names if described else list(screen.trials.factors)
    high = options["high"] if described else {}
    shared = {"response": screen.response, "direction": screen.direction, "factors": factors, "high": high}
    return analyze(path, **{**options, **shared, "error": "auto"})
