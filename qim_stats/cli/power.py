"""The verb ``power``: factors and the noise of a trial in, what designs can see and what they cost out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qim_stats.cli.options import split_names
from qim_stats.cli.outputs import check_outputs
from qim_stats.cli.verb import enter_verb, words, write_json
from qim_stats.errors import QimError
from qim_stats.factors import Factor, check_factors

if TYPE_CHECKING:
    from qim_stats.design import DesignSettings
    from qim_stats.power import Noise, Price

_EXAMPLE = """\
example:
  $ python -m qim_stats power --names lr,momentum,decay,batch --sd 0.01 \\
        --effect 0.02 --seconds 30 --jobs 2

  compares designs of four factors: trials, hours, the smallest effect that each
  sees in 80 % of studies when a trial varies by 0.01 from seed to seed, how
  often its three largest factors are the right ones, and names the cheapest
  that sees an effect of 0.02. With --pilot pilot.csv --response accuracy, the
  noise comes from trials of the same levels and different seeds.
"""


@dataclass(frozen=True)
class _Source:
    """The factors, and what the file says beside them."""

    factors: tuple[Factor, ...]
    settings: DesignSettings | None = None
    seed: int | None = None
    response: str | None = None


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs are kept.
    """
    parser = enter_verb(
        subparsers,
        "power",
        does="tell what designs can see, before any trial",
        description="Tell what designs can see and what they cost, before any trial is run.",
        example=_EXAMPLE,
        run=run,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", nargs="?", metavar="FACTORS.toml", help="[[factor]] tables, or a study file, whose design is compared"
    )
    source.add_argument("--names", metavar="a,b,c", help="factor names instead of a file")
    source.add_argument("--factors", type=int, metavar="K", help="how many factors, instead of a file")
    parser.add_argument("--sd", type=float, metavar="SD", help="a guess of a trial's SD over seeds")
    parser.add_argument("--pilot", metavar="PILOT.csv", help="a table with replicates, to measure that SD")
    parser.add_argument("--response", metavar="NAME", help="the pilot's response column; default: the study's")
    parser.add_argument("--effect", type=float, metavar="E", help="the smallest effect (high - low) to be seen")
    parser.add_argument("--power", type=float, default=0.8, metavar="0.8", help="chance of claiming it; default: 0.8")
    parser.add_argument(
        "--confidence", type=float, default=0.95, metavar="0.95", help="family-wise over the factors; default: 0.95"
    )
    parser.add_argument("--seconds", type=float, metavar="T", help="a trial's time; default: the pilot's, if it tells")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trials that run at once; default: 1")
    parser.add_argument("--device", choices=("core", "GPU"), default="core", help="what a trial keeps busy")
    parser.add_argument("--devices", type=float, default=1.0, metavar="D", help="how many of them; default: 1")
    for option, default, what in (
        ("--active", 0.4, "assumed share of factors that are active"),
        ("--typical", 5.0, "assumed SD of an active factor's effect, in SDs of a trial"),
        ("--inert", 0.3, "assumed SD of the other factors' effects, as a share of that"),
        ("--heredity", 0.4, "assumed SD of interactions, as a share of their parents'"),
    ):
        parser.add_argument(option, type=float, default=default, metavar=f"{default:g}", help=what)
    parser.add_argument("--seed", type=int, metavar="S", help="of everything simulated; default: the file's, or 0")
    parser.add_argument("--json", metavar="PATH|-", help="write the results as JSON; - for standard output")


def run(args: argparse.Namespace) -> int:
    """Compare designs, write what was asked for, and print the answer.

    Parameters
    ----------
    args : argparse.Namespace
        What ``add_parser`` asked for.

    Returns
    -------
    int
        1 if trials of the pilot were set aside, else 0.

    Raises
    ------
    QimError
        If the factors, the pilot or an option is at fault.
    """
    check_outputs(args, [given for given in (args.file, args.pilot) if given is not None])
    source = _source(args)
    from qim_stats.power import Assumptions, Question, compare_designs, comparison_text

    noise = _noise(args, source)
    question = Question(
        effect=args.effect,
        power=args.power,
        confidence=args.confidence,
        noise=noise,
        price=_price(args, noise),
        assumptions=Assumptions(args.active, args.typical, args.inert, args.heredity),
        seed=args.seed if args.seed is not None else source.seed or 0,
    )
    comparison = compare_designs(source.factors, question, source.settings)
    write_json(args, comparison.to_dict)
    words(args).write(comparison_text(comparison))
    return 1 if noise is not None and any(alert.severity == "warning" for alert in noise.alerts) else 0


def _source(args: argparse.Namespace) -> _Source:
    """Read the factors from wherever they were given."""
    if args.file is not None:
        from qim_stats.factor_file import read_factor_file

        read = read_factor_file(args.file)
        return _Source(read.factors, read.settings, read.seed, read.response)
    if args.names is not None:
        return _Source(check_factors([Factor(name.strip(), -1, 1) for name in split_names(args.names, "--names")]))
    if not 1 <= args.factors <= 99:
        raise QimError(f"{args.factors} is not from 1 to 99", where="--factors", remedy="give the number of factors")
    return _Source(tuple(Factor(f"x{number}", -1, 1) for number in range(1, args.factors + 1)))


def _noise(args: argparse.Namespace, source: _Source) -> Noise | None:
    """Measure or take on trust the noise of a trial."""
    from qim_stats.power import guessed_noise, pilot_noise

    if args.pilot is None:
        return None if args.sd is None else guessed_noise(args.sd)
    if args.sd is not None:
        raise QimError("the noise is given twice", where="--sd", remedy="leave --sd out, or --pilot")
    response = args.response or source.response
    if response is None:
        raise QimError("no response is named", where="--pilot", remedy="say --response with a column of the pilot")
    return pilot_noise(args.pilot, response, [factor.name for factor in source.factors], args.confidence)


def _price(args: argparse.Namespace, noise: Noise | None) -> Price | None:
    """Return what a trial takes, if anyone has said it."""
    from qim_stats.power import Price

    seconds = args.seconds if args.seconds is not None else (noise.seconds if noise else None)
    # Checked even where no time is known, so that a mistake is told.
    price = Price(1.0 if seconds is None else seconds, args.jobs, args.device, args.devices)
    return None if seconds is None else price
