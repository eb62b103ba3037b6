"""What noise alone leaves open: python analysis/validation/noise_alone.py [--studies 1000] [--page].

Follows one who knows every interaction of a table through virtual studies (``knower``), and holds beside it what the
method came to (``run``). Writes docs/noise-alone.md with its figures, and noise_alone.csv. Nothing here changes the
method or depends on it.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd

from qim_stats.errors import QimError
from validation import noise_figure
from validation.goals import GOALS, SETTLED_AT, WIDE_FACTORS, find, noise_alone_at
from validation.knower import ALONE, ALONE_STOPPED, noise_alone
from validation.page import DOCS
from validation.results import FOLDER, check_folders, read, read_alone, write_alone
from validation.tables import ARTIFICIAL, all_tables, read_list
from validation.work import ANALYZE, AWARE, STOPPED

NAME = "noise-alone"
LEAST = 2  # studies
_WIDTH, _PAIRS, _FIRST, _OVER, _TRIALS = (
    next(goal for goal in GOALS if goal.name.startswith(name))
    for name in ("simultaneous width", "calibration error of P(i", "calibration error of P(f", "overclaim", "trials")
)
HEAD = """# What noise alone leaves open

Made by `make validate`, by `python analysis/validation/noise_alone.py` in it; numbers in
[noise_alone.csv](../analysis/validation/noise_alone.csv). How sure could anyone be after so many trials? Someone who
knows every interaction of a table and the noise of a trial, and nothing of its main effects, has noise alone in the
way. Such a one finds each main effect with independent normal noise of variance 4 sd^2 (1/n - 1/N), that of a balanced
design of n trials of a table of N, whose own noise is part of the truth; held all sizes for equally likely beforehand;
and tells ranks, 95 % simultaneous intervals and probabilities by the posterior: {studies} virtual studies a table, each
of them followed from {first} to {last} trials.
*As it is*: the method, which has to learn the interactions from the same trials ([validation.md](validation.md), and
its rows). Noise alone is no hard bound: a prior that fits a table, and trials where they tell most, can do better, as
some tables below show; but where it leaves much open, much more cannot be asked of a method that knows less.

## Width of the simultaneous intervals

Mean width in ranks at {at} trials (row 6; at most {limit:g} were wanted, of eight factors). Last column: the fewest
trials, of those looked at from {first} on, at which noise alone leaves no more than that.

{widths}

{widths_read}

![Width of the simultaneous intervals, by trials](noise-alone-width.svg)

The line: trials chosen by the posterior. Dotted: noise alone. Dashed: what was wanted.

## Trials until settled

Studies stopped at the first look, from 16 trials on and every four, that gives its first three a probability of 0.9 or
more; at most 48 trials (rows 10 and 11). `settled`: share of them so stopped; `right`: share of these whose three
contradict nothing known.

{settled}

{settled_read}

![Share of studies that are sure of their first three, by trials](noise-alone-settled.svg)

Share of studies that give their first three 0.9 or more after so many trials. The line: trials chosen by the posterior.
Dotted: noise alone.

## Claims

Calibration errors at 24 to 48 trials, the worst look or design (rows 7, 8 and 9). As it is, they come from a few dozen
studies a design, and some of each is chance ([many more studies](pairs.md)).

{claims}

{claims_read}
"""
CLAIMS_READ = """Claims of one who knows all but the main effects come true as often as they say over all tables that
were likely beforehand. One table is one truth, with the same near-tie in every study of it: where two factors compete
for the third place both sets are given a half, and one of them is always the table's own. With noise alone in the way
the error of P(first three) is at most {limit:g} on {met} of {tables} tables: on the others row 8 asks for more than to
know every interaction would give."""


def main(words: Sequence[str] | None = None) -> int:
    """Compute, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000, help="of each table")
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=FOLDER, help="where noise_alone.csv and results.csv are")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes")
    options = parser.parse_args(words)
    try:
        check_folders({"--results": options.results, "--docs": options.docs})
        if options.studies < LEAST:
            raise QimError(
                f"{options.studies} studies tell no share", where="--studies", remedy=f"give {LEAST} or more"
            )
        tables = all_tables(read_list())
    except QimError as error:
        print(f"noise_alone: {error}", file=sys.stderr)
        return 2
    if not options.page:
        measured = partial(noise_alone, studies=options.studies, seed=options.seed)
        with ProcessPoolExecutor(max_workers=options.jobs) as pool:
            write_alone(pd.concat(pool.map(measured, tables), ignore_index=True), options.results)
    # What is told is what was written, to its last digit.
    alone, rows = read_alone(tables, options.results), read(options.results).current(tables).rows
    lacking = sorted(set(rows["table"]) - set(alone["table"]))
    if lacking or rows.empty:
        what = f"noise_alone.csv lacks {', '.join(lacking)}" if lacking else "results.csv tells of no table"
        print(f"noise_alone: {what}; the page is as it was: run `make validate`", file=sys.stderr)
        return 2 if options.page else 0
    told = text(rows, alone)
    (options.docs / f"{NAME}.md").write_text(told, encoding="utf-8")
    for name, drawn in figures(rows, alone).items():
        (options.docs / f"{NAME}-{name}.svg").write_text(drawn, encoding="utf-8")
    print(told)
    return 0


def figures(rows: pd.DataFrame, alone: pd.DataFrame) -> dict[str, str]:
    """Return both figures by the end of their names, whole SVG files of the real tables.

    Parameters
    ----------
    rows, alone
        As of ``text``.
    """
    real = rows[rows["role"] != ARTIFICIAL]
    return {
        "width": noise_figure.by_trials(real, alone, "width_simultaneous", "ranks wide", _WIDTH.limit),
        "settled": noise_figure.by_trials(real, alone, "settled", "sure of the first three"),
    }


def text(rows: pd.DataFrame, alone: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    rows : DataFrame
        Of ``Results``: what the method came to.
    alone : DataFrame
        Of ``noise_alone``, all tables.
    """
    looks = alone[alone["design"] == ALONE]
    by_table = {str(name): own for name, own in rows.groupby("table", sort=False)}
    noise = {str(name): own for name, own in alone.groupby("table", sort=False)}
    real = [name for name, own in by_table.items() if (own["role"] != ARTIFICIAL).all()]
    return HEAD.format(
        studies=int(alone["studies"].iloc[0]),
        first=int(looks["trials"].min()),
        last=int(looks["trials"].max()),
        at=SETTLED_AT,
        limit=_WIDTH.limit,
        widths=_table(
            ["table", "factors", "as it is", ALONE, f"{ALONE}: {_WIDTH.limit:g} from"],
            [_width_cells(name, by_table[name], noise[name]) for name in real],
        ),
        widths_read=_widths_read(rows[rows["table"].isin(real)], alone),
        settled=_table(
            ["table", "trials, as it is", "settled", "right", f"trials, {ALONE}", "settled", "right"],
            [_settled_cells(name, by_table[name], noise[name]) for name in real],
        ),
        settled_read=_settled_read({name: noise[name] for name in real}),
        claims=_table(
            ["table", "role", *(f"{what}, {who}" for what in _CLAIMED for who in ("as it is", ALONE))],
            [_claims_cells(name, by_table[name], noise[name]) for name in by_table],
        ),
        claims_read=_claims_read(noise),
    )


_CLAIMED = {"P(i before j)": _PAIRS, "P(first three)": _FIRST, "over": _OVER}


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = "|" + len(head) * "---|"
    first, *rest = (f"| {' | '.join(cells)} |" for cells in (head, *lines))
    return "\n".join([first, rule, *rest])


def _number(row: pd.Series, name: str, digits: int = 2) -> str:
    return "-" if pd.isna(row[name]) else f"{row[name]:.{digits}f} ± {row[f'{name}_error']:.{digits}f}"


def _at(rows: pd.DataFrame, design: str, estimator: str = "", trials: float | None = None) -> pd.Series:
    """Return the one row of a design."""
    own = rows[rows["design"] == design]
    own = own if not estimator else own[own["estimator"] == estimator]
    return (own if trials is None else own[own["trials"] == trials]).iloc[0]


def _width_cells(name: str, rows: pd.DataFrame, alone: pd.DataFrame) -> list[str]:
    looks = alone[alone["design"] == ALONE].sort_values("trials")
    narrow = looks[looks["width_simultaneous"] <= _WIDTH.limit]["trials"]
    ours = _at(rows, f"pb12..{SETTLED_AT}", ANALYZE)
    return [
        name,
        str(ours["factors"]),
        _number(ours, "width_simultaneous"),
        _number(_at(alone, ALONE, trials=SETTLED_AT), "width_simultaneous"),
        f"{narrow.iloc[0]:.0f}" if len(narrow) else f"> {looks['trials'].iloc[-1]:.0f}",
    ]


def _widths_read(rows: pd.DataFrame, alone: pd.DataFrame) -> str:
    eight = rows[(rows["factors"] == WIDE_FACTORS) & (rows["design"] == f"pb12..{SETTLED_AT}")]
    ours = eight[eight["estimator"] == ANALYZE].set_index("table")["width_simultaneous"]
    looks = alone[(alone["design"] == ALONE) & (alone["trials"] == SETTLED_AT)].set_index("table")
    least = looks["width_simultaneous"].reindex(ours.index)
    wide = ours.index[ours > _WIDTH.limit]
    bound = [name for name in wide if least[name] > _WIDTH.limit]
    return _wrapped(
        f"Of the {len(wide)} tables of eight factors whose intervals are wider than {_WIDTH.limit:g} ranks, noise "
        f"alone leaves more than that on {_named(bound)}. The method's are {(ours - least).min():.1f} to "
        f"{(ours - least).max():.1f} ranks wider: it has to learn the interactions too, and makes its intervals hold "
        "in a larger share of the draws than it promises of studies ([ranks.md](ranks.md))."
    )


def _settled_cells(name: str, rows: pd.DataFrame, alone: pd.DataFrame) -> list[str]:
    both = _at(rows, STOPPED, AWARE), _at(alone, ALONE_STOPPED)
    return [name, *(cell for row in both for cell in (_number(row, "trials", 1), *_shares(row)))]


def _shares(row: pd.Series) -> list[str]:
    return [_number(row, name) for name in ("settled", "settled_right")]


def _settled_read(noise: dict[str, pd.DataFrame]) -> str:
    trials = {name: float(_at(own, ALONE_STOPPED)["trials"]) for name, own in noise.items()}
    soon = [name for name, mean in trials.items() if mean <= _TRIALS.limit]
    least = min(mean for mean in trials.values() if mean > _TRIALS.limit)
    return _wrapped(
        f"Where noise is alone in the way, {_TRIALS.limit:g} trials or fewer settle a study on {_named(soon)}. "
        f"On all others it takes {least:.1f} on average or more of the 48, though every interaction is known."
    )


def _claims_cells(name: str, rows: pd.DataFrame, alone: pd.DataFrame) -> list[str]:
    cells = [name, str(rows["role"].iloc[0])]
    for goal in _CLAIMED.values():
        found = find(goal, rows)
        cells += [f"{found.value:.3f} ± {found.error:.3f}", f"{noise_alone_at(goal, alone):.3f}"]
    return cells


def _claims_read(noise: dict[str, pd.DataFrame]) -> str:
    least = [noise_alone_at(_FIRST, own) for own in noise.values()]
    met = sum(value <= _FIRST.limit for value in least)
    return CLAIMS_READ.format(limit=_FIRST.limit, met=met, tables=len(least))


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, 120, break_long_words=False, break_on_hyphens=False)


def _named(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(names)})" if names else "none"


if __name__ == "__main__":
    sys.exit(main())
