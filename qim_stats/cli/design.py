"""The verb ``design``: factors in, a table of runs out, ready to be filled in."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qim_stats.cli.options import split_names
from qim_stats.cli.verb import enter_verb
from qim_stats.design import (
    COLUMN_CHOICES,
    KINDS,
    ORDERS,
    Aliasing,
    Design,
    DesignProperties,
    DesignSettings,
    aliasing,
    build_design,
    design_metadata,
    metadata_text,
    properties,
)
from qim_stats.design.new_file import write_new
from qim_stats.errors import DesignError, one_line
from qim_stats.factor_file import FactorFile, read_factor_file
from qim_stats.factors import Factor
from qim_stats.power import design_power_line
from qim_stats.trials.metadata import metadata_path

_WIDTH = 80
_SHOWN = 7  # words and chains of aliases on the terminal

_EXAMPLE = """\
example:
  $ python -m qim_stats design --names lr,momentum,decay,batch --out design.csv

  writes twelve runs of four factors, in the order to run them, to design.csv,
  with an empty column "response" to fill in, and what the table cannot say
  (levels, seed, spare columns) to design.meta.json beside it. Then:

  $ python -m qim_stats analyze design.csv --direction maximize
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line.

    Parameters
    ----------
    subparsers : argparse subparsers
        Where the verbs of ``python -m qim_stats`` are kept; the verb's ``handler`` takes the arguments and returns the
        exit status.
    """
    parser = enter_verb(
        subparsers,
        "design",
        does="choose the runs of a study",
        description="Choose the runs of a study and write them as a table to fill in.",
        example=_EXAMPLE,
        run=run,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file",
        nargs="?",
        metavar="FACTORS.toml",
        help="[[factor]] tables, or a study file, whose [design] and seed count",
    )
    source.add_argument("--names", metavar="a,b,c", help="factor names, with levels -1 and 1, instead of a file")
    parser.add_argument(
        "--kind", choices=KINDS, metavar="KIND", help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}; default: {KINDS[0]}"
    )
    parser.add_argument(
        "--runs",
        type=int,
        metavar="N",
        help="plackett-burman: a multiple of 4 from 8 to 200, default: the least that leaves a spare column; "
        "fractional: 8, 16, 32 or 64; definitive: 2 m + 1",
    )
    parser.add_argument(
        "--resolution", type=int, metavar="R", help="fractional: the smallest design of this resolution"
    )
    parser.add_argument(
        "--foldover",
        action=argparse.BooleanOptionalAction,
        help="add every run again with all signs reversed, as block 2",
    )
    parser.add_argument("--replicates", type=int, metavar="R", help="trials of each run; default: 1")
    parser.add_argument(
        "--center-points", type=int, metavar="C", help="trials with every factor in the middle, which must be numeric"
    )
    parser.add_argument("--blocks", type=int, metavar="B", help="orthogonal blocks: 2, 4 or 8, or one a replicate")
    parser.add_argument(
        "--columns",
        choices=COLUMN_CHOICES,
        help="plackett-burman: the first columns, or those that alias main effects least; default: first",
    )
    parser.add_argument(
        "--order", choices=ORDERS, help="drift-proof keeps main effects clear of trends over time; default: random"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="seed of the run order; default: 0")
    parser.add_argument(
        "--out", required=True, metavar="design.csv", help="the table to write; never overwrites another"
    )
    parser.add_argument("--json", metavar="PATH|-", help="also write the design as JSON; - for standard output")


def run(args: argparse.Namespace) -> int:
    """Make the design, write it, and say what it is.

    Parameters
    ----------
    args : argparse.Namespace
        What ``add_parser`` asked for.

    Returns
    -------
    int
        0.

    Raises
    ------
    QimError
        If the factors or the design are not possible, or a file is there already with other content.
    """
    source = FactorFile(_named(args.names)) if args.file is None else read_factor_file(args.file)
    seed = args.seed if args.seed is not None else source.seed or 0
    design = build_design(_settings(args, source.settings), source.factors, seed)
    response = source.response or _free_response(design)
    metadata = design_metadata(
        design,
        study=source.study,
        response=response,
        direction=source.direction,
        targets=source.targets,
    )
    found = aliasing(design.coded, [factor.name for factor in design.factors], design.dummies)
    measured = properties(design)
    document = metadata_text(_document(design, metadata, found, measured))

    out = Path(args.out)
    files = [(out, design.csv(response)), (metadata_path(out), metadata_text(metadata))]
    if args.json not in (None, "-"):
        files.append((Path(args.json), document))
    if len({path.absolute() for path, _ in files}) < len(files):
        raise DesignError("two results would go to one file", where=args.json, remedy="give --json another name")
    write_new(dict(files))

    words = sys.stdout
    if args.json == "-":
        sys.stdout.write(document)
        words = sys.stderr
    words.write(summary(design, found, measured, [path for path, _ in files]))
    return 0


def summary(design: Design, found: Aliasing, measured: DesignProperties, files: Iterable[Path]) -> str:
    """Say in a few lines what a design is and what it cannot tell.

    Parameters
    ----------
    design : Design
        The design.
    found : Aliasing
        Its aliases.
    measured : DesignProperties
        Its properties.
    files : iterable of Path
        What was written.

    Returns
    -------
    str
        Lines of at most 80 columns, save for names without a space to break at.
    """
    parts = [f"{design.base_runs} runs"]
    if design.folded:
        parts.append(f"and their {design.base_runs} reversed ones as block 2")
    if design.replicates > 1:
        parts.append(f"each {design.replicates} times")
    if design.confounded:
        parts.append(f"in {design.blocks} blocks")
    if design.center_points:
        parts.append(
            f"{design.center_points} center {'points' if design.center_points > 1 else 'point'} among the trials"
        )
    trials = f"{', '.join(parts)}: {design.n} trials; {design.run_order} run order, seed {design.seed}"
    names = ", ".join(factor.name for factor in design.factors)
    rows = [
        ("design", f"{design.kind}, {trials}"),
        ("factors", f"{len(design.factors)}: {names}"),
        ("spare", _spare_words(design)),
        ("aliased", _alias_words(design, found)),
        *_property_rows(measured),
        ("power", design_power_line(design)),
        *(("warning", warning) for warning in design.warnings),
        ("written", ", ".join(str(path) for path in files)),
    ]
    return "\n".join(_row(label, text) for label, text in rows) + "\n"


def _row(label: str, text: str) -> str:
    """Wrap a labelled paragraph."""
    return textwrap.fill(
        one_line(text),
        width=_WIDTH,
        initial_indent=f"{label:<9}",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _property_rows(measured: DesignProperties) -> list[tuple[str, str]]:
    """Say what a design is good for, a row a property."""
    clear = measured.resolution
    if measured.word_length_pattern is None and measured.generalized_resolution is not None:
        clear += f", generalized {measured.generalized_resolution:.2f}"
    rows = [("resolves", clear)]
    if measured.defining_words:
        rows.append(("words", "I = " + _some(measured.defining_words, " = ")))
    if measured.alias_chains:
        rows.append(("chains", _some(measured.alias_chains, "; ")))
    df = measured.df_error
    free = "no degree of freedom" if df == 0 else "1 degree of freedom" if df == 1 else f"{df} degrees of freedom"
    pure = f", {measured.df_pure_error} of them pure" if measured.df_pure_error else ""
    able = "can" if measured.interactions_estimable else "cannot"
    rows += [
        ("quality", f"D-efficiency {measured.d_efficiency:.1f} %, A-efficiency {measured.a_efficiency:.1f} %"),
        ("error", f"{free} beside main effects{pure}; all two-factor interactions {able} be estimated as well"),
        *(("blocks", said) for said in measured.confounded_with_blocks),
        (
            "drift",
            f"main effects correlate up to {measured.linear_trend:.2f} with a linear and "
            f"{measured.quadratic_trend:.2f} with a quadratic trend over the run order",
        ),
    ]
    return rows


def _some(texts: Sequence[str], between: str) -> str:
    """Join the first few texts, and say how many follow."""
    shown = between.join(texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown}, and {len(texts) - _SHOWN} more (--json has them)"


def _spare_words(design: Design) -> str:
    """Say how many columns no factor uses."""
    if not design.dummies:
        return "no column"
    columns = "1 column" if len(design.dummies) == 1 else f"{len(design.dummies)} columns"
    return f"{columns}, kept to estimate the error: {', '.join(design.dummies)}"


def _alias_words(design: Design, found: Aliasing) -> str:
    """Say how main effects stand to two-factor interactions."""
    if len(design.factors) == 1:
        return "nothing, as one factor has no interactions"
    if found.main_largest == 0.0:
        clear = "main effects are clear of two-factor interactions"
        return f"{clear}, which alias one another" if found.pairs_whole else clear
    if found.main_whole:
        return "main effects completely with whole two-factor interactions"
    return (
        "each main effect in part with two-factor interactions of other factors "
        f"(correlation at most {found.main_largest:.2f}); a foldover clears them"
    )


def _settings(args: argparse.Namespace, given: DesignSettings) -> DesignSettings:
    """Let the command line overrule the file."""
    if args.kind is not None and args.kind != given.kind:
        # The file's number of runs, resolution and columns were meant for the file's kind.
        given = replace(given, kind=args.kind, runs=None, resolution=None, columns=DesignSettings().columns)
    if args.resolution is not None or args.runs is not None:
        # Each says the size; what the command line says replaces what the file says.
        given = replace(given, runs=None, resolution=None)
    keys = ("runs", "resolution", "foldover", "replicates", "center_points", "blocks", "columns", "order")
    chosen = {key: getattr(args, key) for key in keys}
    return replace(given, **{key: value for key, value in chosen.items() if value is not None})


def _named(names: str) -> tuple[Factor, ...]:
    """Return factors with levels -1 and 1; a name with a comma is written in double quotes."""
    return tuple(Factor(name.strip(), -1, 1) for name in split_names(names, "--names"))


def _free_response(design: Design) -> str:
    """Name the empty column when the file does not."""
    taken = set(design.coded.columns)
    return next(name for name in ("response", "y", *(f"y{i}" for i in range(2, design.n + 200))) if name not in taken)


def _document(design: Design, metadata: dict[str, Any], found: Aliasing, measured: DesignProperties) -> dict[str, Any]:
    """Return the design with its rows, aliases and properties, for programs."""
    return {
        **metadata,
        "trials": design.n,
        "warnings": list(design.warnings),
        "aliasing": {
            "main_largest": found.main_largest,
            "main_whole": list(found.main_whole),
            "spare_whole": list(found.spare_whole),
            "pairs_whole": found.pairs_whole,
        },
        "properties": measured.to_dict(),
        "rows": design.natural().astype(object).to_dict("records"),
    }
