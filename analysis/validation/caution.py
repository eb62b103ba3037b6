"""What a more or a less cautious prior would do: python analysis/validation/caution.py [--studies 40] [--page].

Replays two fixed designs under several priors, on recorded tables that the method was made with and on three artificial
ones, one of them on tables without part of their interactions, the other apart by what it aliases; two small designs
by how probable orphans are; and both on every table that the method was made with, by what is believed of scales.
Writes docs/caution.md, caution.csv, and caution_worlds.csv, caution_alias.csv, caution_orphans.csv and
caution_scales.csv. No locked table is looked at, and nothing here changes the method.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

# One thread a process: the matrices are small.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import pandas as pd

from qim_stats.errors import QimError
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.estimators import Estimator
from qim_stats.screening.walsh_prior import WalshPrior
from validation import caution_scales
from validation.caution_alias import ALIASED, APART, by_alias, largest_interaction
from validation.caution_scales import AS_IS, CORRECTED, FIRMER, ONE_SCALE, SCALES_ALIKE, corrected, made_with
from validation.caution_worlds import AS_RECORDED, ORDERS, stripped
from validation.goals import GOALS
from validation.results import FOLDER, check_folders
from validation.tables import ANALYSIS, ARTIFICIAL, Validated, all_tables, read_list
from validation.work import AWARE, measured_rows, replayed

ALIKE = "all alike"
FIRST, SECOND, THIRD = "first version", "second version", "third version"
NO_ORPHANS, NO_DOUBT = "no orphans", "no doubt"
_BEFORE = WalshPrior(p_orphans=0.1, p_none=0.02, p_given=0.1)  # ten scales, all alike
PRIORS = {
    AS_IS: WalshPrior(),
    FIRST: replace(
        _BEFORE, p_active=0.4, inactive=0.5, eta=(0.1, 0.3), lam=(0.03, 0.3, 3.0, 30.0), p_lam=(), p_none=0.05
    ),
    SECOND: _BEFORE,
    THIRD: WalshPrior(p_orphans=0.05, p_none=0.02),
    NO_DOUBT: WalshPrior(doubt_orphans=0.0, doubt_none=0.0),
    NO_ORPHANS: WalshPrior(orphans=()),
    "orphans 0.1": WalshPrior(p_orphans=0.1),
    "orphans 0.3": WalshPrior(p_orphans=0.3),
    "orphans 0.6": WalshPrior(p_orphans=0.6),
    "weak triples": WalshPrior(eta=(0.1,)),
    "strong triples": WalshPrior(eta=(0.3, 0.9)),
    "little noise": WalshPrior(lam=(0.02, 0.06, 0.2, 0.6, 2.0), p_lam=()),
    "more noise": WalshPrior(p_lam=()),
    "fewer active": WalshPrior(p_active=0.4, inactive=0.5),
    "no effect 0.1": WalshPrior(p_none=0.1),
    SCALES_ALIKE: WalshPrior(p_given=0.1),
    ONE_SCALE: WalshPrior(curved=False),
    ALIKE: WalshPrior(p_orphans=1.0, orphans=(0.99,), inactive=0.99),
}
"""By name, as the page says."""
FOLDED, FRACTION = "pb12+foldover", "frac32"
SMALL = ("frac16", "noconf16")
_TIMES = 10  # as many studies of these: an answer to 16 runs takes little, and what is at stake is a hundredth
STRAY, LOUD = "no heredity", "loud noise"
TABLES = ("lenet_fashion", "autoencoder_mnist", "diabetes_boosting", "mnist_pipeline", STRAY, "dense", LOUD)
FILES = ("", "_worlds", "_alias", "_orphans", "_scales")
LOOKS = ("frac32..36", "frac32..40", "frac32..48")
LEAST = 4  # studies
MEASURES = ("calibration_error", "coverage_marginal", "coverage_simultaneous", "width_simultaneous", "p_top3")
_CLAIMS = ("calibration_error", "calibration_error_error")
DOCS = ANALYSIS.parent / "docs"
HEAD = """# More caution, or less

Made by `python analysis/validation/caution.py`; numbers in [caution.csv](../analysis/validation/caution.csv). What the
prior of the [alias-aware ranks](ranks.md) does to their calibration and their intervals, and why it is as it is. The
first version of the method was too cautious after a foldover of PB12, where probabilities of order were nearer to even
than they had to be; and in a regular fraction of 32 runs the intervals of any version are too short on the artificial
table "no heredity": there each main effect is aliased outright with interactions of three and more factors, large ones
among them although their factors have no main effects.

Virtual studies as in [replays.md](replays.md), {studies} a cell, by prior: `{first}`, `{second}` and `{third}` are
those of earlier versions, `orphans` is the probability that interactions do not ask whether their factors have main
effects (0.02 as it is), `triples` is the scale eta of interactions of three factors and more (0.2 as it is; 0.1 when
weak, 0.3 or 0.9 when strong), `little noise` knows no trial variance lam above 2, `more noise` takes all values of
lam for equally probable, `fewer active` has a factor active with probability 0.4 and 0.5 for the others as the first
version had, `no effect` is the probability that nothing has an effect (0.005 as it is), `{scales_alike}` takes each
scale of the response for equally probable (as given 0.95 as it is), `one scale` takes the response as given, and
under `{alike}` an interaction may be as large as a main effect, of however many factors. In intervals orphans have
0.05 and no effect 0.02 at least, but under `{no_doubt}`, where both are what they are in probabilities. Tables that
the method was made with and artificial ones only.

{sections}## All together

{reading}
Nearest to its word on these nets: {best}. All this was computed after the fourth freeze, so the prior stays as it was
frozen: another one would have to be judged on tables that neither it nor this page has seen.

## What orphans are for

They are in the model so that designs of 16 runs are not believed where interactions come without main effects: without
them, or with no more of them in intervals than in probabilities (`{no_doubt}`), the marginal intervals (90 %) of
`frac16` are a tenth too short, and with `{no_doubt}` the simultaneous ones (95 %) too. As it is the marginal ones are
a hundredth too short there, hardly more than in the third version. The more probable orphans are, the more cautious
are claims on nets without such interactions (above). So intervals weigh them, and draws without effects, as the third
version did, and probabilities less. On "{name}", {small} studies a cell,

{orphans}

## What other scales gain, and cost

{scales}

## What makes claims cautious after a foldover

The same claims (`{folded}`), as the method makes them now, on the recorded tables and on tables made of them: main
effects and what interactions are left as they are, and fresh noise of the same SD. Interactions of two factors are not
aliased with main effects after a foldover, but they are with one another, and what they do looks like noise in part,
and like another scale of the response.

{worlds}

## Why too short in a fraction

{stray}
"""
STRAY_TEXT = """The largest interaction of three factors and more on "{name}" is {interaction}: a half effect of
{size:.2f}, where the largest main effect has {main:.2f}. The fraction of 32 runs aliases it outright with a main effect
in {aliased} of the {studies} studies. In these no trial tells the two apart, and the intervals take it for a main
effect under every prior above but `{alike}`, which doubts every effect of every table instead: its intervals are
{width:.2f} ranks wide at least. Four trials more, chosen by the posterior as it is, are enough to see that something is
wrong.

{cells}"""
SECTION = """## {title}

{cells}

"""


def main(words: Sequence[str] | None = None) -> int:
    """Compute, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=40, help="of each design, on each table, under each prior")
    parser.add_argument("--page", action="store_true", help="compute nothing: write the page from what is there")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=FOLDER, help="where caution.csv is")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page goes")
    options = parser.parse_args(words)
    try:
        check_folders({"--results": options.results, "--docs": options.docs})
        if options.studies < LEAST:
            raise QimError(
                f"{options.studies} studies tell no share", where="--studies", remedy=f"give {LEAST} or more"
            )
        listed = read_list()
        tables = all_tables(listed, TABLES)
    except QimError as error:
        print(f"caution: {error}", file=sys.stderr)
        return 2
    path, worlds, alias, orphans, scales = (options.results / f"caution{name}.csv" for name in FILES)
    if not options.page:
        designs = (FOLDED, FRACTION)
        parts = {table.name: _measured(table, designs, _under(PRIORS), options) for table in tables}
        _written(pd.concat(parts.values(), ignore_index=True), path)
        real = [table for table in tables if table.role != ARTIFICIAL]
        _written(pd.concat([_by_world(table, options) for table in real], ignore_index=True), worlds)
        stray = next(table for table in tables if table.name == STRAY)
        _written(by_alias(stray, FRACTION, LOOKS, options.studies, options.seed, options.jobs), alias)
        _written(small_designs(stray, _TIMES * options.studies, options), orphans)
        own = [_by_scale(table, designs, parts, options) for table in made_with(all_tables(listed))]
        _written(pd.concat(own, ignore_index=True), scales)
    told = text(*(pd.read_csv(file) for file in (path, worlds, alias, orphans, scales)))
    (options.docs / "caution.md").write_text(told, encoding="utf-8")
    print(told)
    return 0


def _under(priors: Mapping[str, WalshPrior]) -> dict[str, Estimator]:
    return {name: partial(alias_aware, prior=prior) for name, prior in priors.items()}


def small_designs(stray: Validated, studies: int, options: argparse.Namespace) -> pd.DataFrame:
    """Return a row per small design and belief in orphans."""
    few = {name: PRIORS[name] for name in (AS_IS, THIRD, NO_DOUBT, NO_ORPHANS, "orphans 0.1")}
    return _measured(stray, SMALL, _under(few), argparse.Namespace(**{**vars(options), "studies": studies}))


def _by_scale(
    table: Validated, designs: Sequence[str], parts: Mapping[str, pd.DataFrame], options: argparse.Namespace
) -> pd.DataFrame:
    """Return a row per belief in the response as given and design, those of ``parts`` among them."""
    both = {name: prior for name, prior in PRIORS.items() if name in caution_scales.COMPARED}
    if table.name in parts:
        known = parts[table.name]
        known = known[known["prior"].isin(list(both))]
    else:
        known = _measured(table, designs, _under(both), options)
    others = _measured(table, designs, {**_under(FIRMER), CORRECTED: corrected}, options)
    return pd.concat([known, others], ignore_index=True)


def _measured(
    table: Validated, designs: Sequence[str], estimators: Mapping[str, Estimator], options: argparse.Namespace
) -> pd.DataFrame:
    """Return a row per estimator, by the name of its prior, and design."""
    found = replayed(table, designs, estimators, options.studies, options.seed, options.jobs)
    kept = ["design", "estimator", *(column for name in MEASURES for column in (name, f"{name}_error"))]
    rows = measured_rows(found, options.seed)[kept].rename(columns={"estimator": "prior"})
    print(f"{table.name}: {options.studies} studies", file=sys.stderr, flush=True)
    return rows.assign(table=table.name, artificial=table.role == ARTIFICIAL, studies=options.studies)


def _by_world(table: Validated, options: argparse.Namespace) -> pd.DataFrame:
    """Return a row per world that is made of a table, its own first."""
    worlds = {AS_RECORDED: table} | {name: stripped(table, order, options.seed) for name, order in ORDERS.items()}
    rows = []
    for name, world in worlds.items():
        found = replayed(world, (FOLDED,), {AWARE: alias_aware}, options.studies, options.seed, options.jobs)
        row = measured_rows(found, options.seed).iloc[0]
        rows.append({"table": table.name, "world": name} | {key: row[key] for key in _CLAIMS})
    print(f"{table.name}: with and without interactions", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _written(found: pd.DataFrame, path: Path) -> None:
    found.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def text(
    rows: pd.DataFrame, worlds: pd.DataFrame, alias: pd.DataFrame, orphans: pd.DataFrame, scales: pd.DataFrame
) -> str:
    """Return the page.

    Parameters
    ----------
    rows : DataFrame
        ``table, artificial, studies, design, prior`` and ``MEASURES``, each with its ``_error``.
    worlds : DataFrame
        ``table, world, calibration_error, calibration_error_error``.
    alias : DataFrame
        As of ``by_alias``.
    orphans : DataFrame
        As ``rows``, of 16-run designs on one table.
    scales : DataFrame
        As of ``caution_scales.told``.
    """
    sections = "".join(
        SECTION.format(title=f"{title}: `{design}`", cells=_cells(rows[rows["design"] == design], measure))
        for design in (FOLDED, FRACTION)
        for title, measure in (
            ("Calibration error of P(i before j)", "calibration_error"),
            ("Coverage of the 95 % simultaneous intervals", "coverage_simultaneous"),
            ("Their width in ranks", "width_simultaneous"),
            ("First three right", "p_top3"),
        )
    )
    return HEAD.format(
        studies=int(rows["studies"].iloc[0]),
        first=FIRST,
        second=SECOND,
        third=THIRD,
        no_doubt=NO_DOUBT,
        scales_alike=SCALES_ALIKE,
        alike=ALIKE,
        sections=sections,
        reading=_reading(rows),
        best=min(PRIORS, key=lambda prior: _claims_off(rows[rows["prior"] == prior])),
        name=STRAY,
        small=int(orphans["studies"].iloc[0]),
        orphans=_orphans(orphans),
        scales=caution_scales.told(scales),
        folded=FOLDED,
        worlds=_cells(worlds, "calibration_error", "world"),
        stray=_stray(alias, rows),
    )


def _orphans(rows: pd.DataFrame) -> str:
    """Return what orphans do to the intervals of small designs."""
    lines = ["| design | prior | marginal | simultaneous | width |", "|---|---|---|---|---|"]
    for row in rows.to_dict("records"):
        cells = [f"{row[name]:.3f} ± {row[f'{name}_error']:.3f}" for name in MEASURES[1:4]]
        lines.append(f"| {row['design']} | {row['prior']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _stray(rows: pd.DataFrame, by_prior: pd.DataFrame) -> str:
    """Return what becomes of intervals where the largest interaction is a main effect's alias, and where it is not."""
    table = all_tables(read_list(), (STRAY,))[0]
    members = largest_interaction(table)
    own = rows.set_index(["design", "largest"])
    lines = [f"| design | coverage, {ALIASED} | width | coverage, {APART} | width |", "|---|---|---|---|---|"]
    for design in rows["design"].unique():
        cells = [f"{own[name][design, kind]:.2f}" for kind in (ALIASED, APART) for name in ("coverage", "width")]
        lines.append(f"| {design} | " + " | ".join(cells) + " |")
    studies = own["studies"][FRACTION]
    return STRAY_TEXT.format(
        name=STRAY,
        interaction=":".join(table.full.names[i] for i in members),
        size=abs(table.full.half_effects[sum(1 << i for i in members)]),
        main=table.truth.size.max() / 2.0,
        aliased=studies[ALIASED],
        studies=studies.sum(),
        alike=ALIKE,
        width=by_prior.loc[by_prior["prior"] == ALIKE, "width_simultaneous"].min(),
        cells="\n".join(lines),
    )


def _cells(rows: pd.DataFrame, measure: str, by: str = "prior") -> str:
    names = list(rows["table"].unique())
    lines = [f"| {by} | " + " | ".join(names) + " |", "|" + (1 + len(names)) * "---|"]
    for one in rows[by].unique():
        own = rows[rows[by] == one].set_index("table")
        cells = [f"{own[measure][name]:.2f} ± {own[f'{measure}_error'][name]:.2f}" for name in names]
        lines.append(f"| {one} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _reading(rows: pd.DataFrame) -> str:
    """Return a table of how each prior does on what the goals turn on."""
    calibrated, held = _limit("calibration_error"), _limit("coverage_simultaneous")
    lines = [
        "| prior | calibration error, worst recorded table, foldover | fraction | coverage, loud noise, lowest "
        "| coverage, no heredity, fraction | all met |",
        "|" + 6 * "---|",
    ]
    for prior in PRIORS:
        own = rows[rows["prior"] == prior]
        errors = _worst(own, FOLDED), _worst(own, FRACTION)
        loud = own[own["table"] == LOUD]["coverage_simultaneous"].min()
        stray = own[(own["design"] == FRACTION) & (own["table"] == STRAY)]["coverage_simultaneous"].iloc[0]
        met = "yes" if max(errors) <= calibrated and min(loud, stray) >= held else "no"
        lines.append(f"| {prior} | {errors[0]:.3f} | {errors[1]:.3f} | {loud:.2f} | {stray:.2f} | {met} |")
    return "\n".join(lines) + "\n"


def _worst(rows: pd.DataFrame, design: str) -> float:
    """Return the largest calibration error of a design on a recorded table."""
    return float(rows[(rows["design"] == design) & ~rows["artificial"]]["calibration_error"].max())


def _claims_off(rows: pd.DataFrame) -> float:
    """Return the largest calibration error on a recorded table."""
    return max(_worst(rows, FOLDED), _worst(rows, FRACTION))


def _limit(measure: str) -> float:
    """Return what docs/validation.md wants of a measure."""
    names = {
        "calibration_error": "calibration error of P(i before j), largest",
        "coverage_simultaneous": "simultaneous coverage, lowest",
    }
    return next(goal.limit for goal in GOALS if goal.name == names[measure])


if __name__ == "__main__":
    sys.exit(main())
