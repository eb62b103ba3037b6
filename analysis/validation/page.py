"""The page docs/validation.md: the goals, what each table says of them, the locked tables, and all numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from validation import figure
from validation.artificial import FACTORS, KINDS
from validation.claims import pairs_told
from validation.goals import GOALS, Finding, Goal, Verdict, find, noise_alone_at, overall, share_above
from validation.results import Results
from validation.tables import ANALYSIS, ARTIFICIAL, LOCKED, TableList
from validation.work import AWARE, CEILING, STOPPED

DOCS = ANALYSIS.parent / "docs"
NAME = "validation"
HEAD = """# The method held against its goals

Virtual studies ([replays.md](replays.md)) on every full factorial recorded in `analysis/`, made by `make validate`, and
on artificial ones that break what the alias-aware model assumes, made by `make calibrate`. What counts as right, the
noise ceiling, coverage and calibration are defined there; factors closer together than the full table can order count
as tied, and no noise is added to what a table shows. A trial's noise is that of the table's replicates; a diverged
trial counts as guessing.
Every number has its Monte Carlo error after ±. **met** and **not met** are said where value and goal differ by more
than two of these; `?` is between: more studies would tell. A table listed as *development* may have been used in
making the method; one listed as *locked* was trained after that. One listed as *unlocked* was so for an
earlier version, and may have been used in making this one.
"""
UNKNOWN = """## Results

None are recorded for the method as it is now. `make validate` computes them (up to twenty minutes on two cores) and
writes them here.
"""
GOALS_HEAD = """## Goals

Rows 1 to 3 and 6 are about studies that start with PB12 and choose their further trials by the posterior, in fours.
Rows 4, 5 and 7 to 9 take the worst of all designs, fixed ones too, and of both `alias-aware` and the intervals and
probabilities that `analyze` prints: not met where one of them clearly misses (of so many some do so by chance), met
where none falls short and all together are clearly beyond the goal. Rows 10 and 11: the same studies, stopped at
the first look, from 16 trials on, that gives the first three {settled};
at most 48 trials. Calibration is held against the order of the table's own numbers; with few studies some error is
chance, which for the first three is told below and never counts as a miss. Row 8 counts a set as right that is that of
the table's own numbers, which where several factors compete for the third place no claim can foresee; row 9, claims
above the share that contradicts nothing known. Artificial tables are asked about rows 4, 5 and 7 to 9 alone.
Trials to truth, against what people use: [peers.md](peers.md). Rows 5 and 7 under other priors:
[caution.md](caution.md). Where studies start, how they go on and stop: [ways-on.md](ways-on.md).

| | goal | wanted | tables | met | ? | not met | comes to |
|---|---|---|---|---|---|---|---|
{lines}

First three right at 32 trials more often than the noise ceiling of a balanced design (wanted: on half of the tables):
by these few studies on {above} of {real} real tables, by [hundreds](pairs.md#against-the-noise-ceiling), which tell of
rows 1 and 2 as well, on five, clearly so on four.

## Table by table

Numbers of the columns are the rows above; the cell of the worst design where there are several.

{matrix}

![First three right, by trials](validation.svg)

The line: trials chosen by the posterior. Marks: fixed designs, by the raw contrast and by the alias-aware posterior.
Dotted: what noise alone allows.

![Coverage of intervals and calibration of claims](validation-claims.svg)

Left: share of studies in which one order that contradicts nothing known lies in all intervals, each mark a design;
the line is at .95. Right: how often claims came true on the real tables, from 24 trials on, all designs together.

{pairs}
{worst}
"""
LOCKED_HEAD = """## Locked until a freeze

| table | response | waited for freeze | recorded |
|---|---|---|---|
{lines}

These are for judging a version of the method, not for making it. A freeze is a commit, named here and in
[tables.toml](../analysis/validation/tables.toml) once it is made, after which nothing that an answer depends on is
changed until the next. Only then are the trials run of the tables that wait for it, as the README of each says, and
their results computed, once, by `make validate`: it refuses to look at one that is recorded before its freeze, and
keeps what it once found of one after that. On 2026-11-30 all were replayed once more, for the error of the share of
settled studies and for what chance makes of overclaims; no other digit changed.

{state}
"""
MISSES = """Clear misses, each with the design that misses most, and what it comes to with every interaction known and
noise alone in the way ([noise-alone.md](noise-alone.md)):"""
TRIED = """## What was tried for what is missed

- **Settled trials, near-ties.** On lenet_fashion and forest_fashion three factors compete for the third place, on
  gradients_cifar10 two, less than one standard error of a difference apart in the full table itself: no study of it can
  say which set is its own. Row 11 waits for one set to have a probability of 0.9; `run --until` can end such a study as
  a tie ([ways-on.md](ways-on.md#stopping)). One who knows every interaction needs 43.9 to 45.8 trials there too, and 32
  or fewer on mnist_pipeline, residual_cifar10 and neighbours_mnist alone
  ([noise-alone.md](noise-alone.md#trials-until-settled)).
- **First three, mnist_pipeline.** Four interacting factors lie within a fifth of the largest. Other scales of the
  response shrink what interacts most, and the first three are right less often with them than without
  ([numbers](caution.md#what-other-scales-gain-and-cost)), and after a foldover more seldom still under the prior of the
  first version. They are kept for what they gain elsewhere, most on sdae_mnist, digits_mlp and autoencoder_mnist;
  firmer belief in the response as given, and a correction by what the model leaves of the trials, gain there and lose
  elsewhere. With chosen trials the three are right in half of [many more studies](pairs.md#the-first-three) at 24 and
  in two of three at 32, here in three of four at 48.
  Nothing compared comes near the ceiling there: at 24 trials the best, raw contrasts after a foldover, are right in
  68 % of studies, at 32 the best, a fraction of least aberration, in 80 % ([peers.md](peers.md)).
- **First three, elsewhere.** In [many more studies](pairs.md#against-the-noise-ceiling) rows 1 and 2 are clearly missed
  on three more tables: diabetes_boosting, right in 46 % of studies at 24 chosen trials of the 62 % that noise allows,
  digits_mlp, 47 of 63 %, and mlp_mnist, 32 of 42 % at 32. On the first noise is loud; on the others third and fourth
  place are a twentieth of the largest effect apart or less. Raw contrasts after a foldover, by a thousand studies, are
  right in 53 % and 34 % on the first two, and in 34 % at 32 on mlp_mnist ([peers.md](peers.md)).
- **Width and capture.** On diabetes_boosting, cifar10_quick, sdae_mnist, batchnorm_fashion and inception_fashion a
  trial's standard deviation is 0.44 to 0.89 of the largest effect, on gradients_cifar10, which has three pairs of
  near-ties, 0.29, elsewhere at most 0.25. Other priors make the intervals on diabetes_boosting half a rank narrower
  at best; on that, cifar10_quick, batchnorm_fashion and inception_fashion noise alone leaves more than 4
  ([noise-alone.md](noise-alone.md#width-of-the-simultaneous-intervals)).
- **P(first three).** The same near-ties come back in every study of a table, so even with every interaction known the
  error is more than .05 on all but two ([noise-alone.md](noise-alone.md#claims)). What chance makes of a few dozen
  studies comes on top: in [many more](pairs.md#the-first-three) no design says clearly more than .05 too much on any
  table but mlp_mnist, of eleven factors: .12 too much at 32 chosen trials, .44 for .32; one
  who knows every interaction says .14 too much there. On mnist_pipeline, where row 9 is clearly missed by 16 studies,
  200 others say .52 for .51 at 24 chosen trials.
- **Settled, and right.** Row 10 has few such studies. Of all claims of 0.9 or more in [many more
  studies](pairs.md#claims-of-09-or-more), fixed designs among them, 98 % come true on the real tables, but three in
  five of these claims are made on two tables where little is in doubt; on six tables together 85 of 119 did (35 of 49
  on diabetes_boosting, where a trial's noise is half of the largest effect), and 20 of 37 at 32 chosen trials (532 of
  552 on all tables). On these six such a claim is rare, and too sure. One who knows every interaction is too sure on
  two of them: at 32 trials 10 of 21 such claims come true on mlp_mnist, 154 of 173 on digits_mlp, in 1000 studies each.
- **Coverage, no heredity.** In a fraction of 32 runs an interaction aliased outright with a main effect is taken for it
  under every usable prior; four more trials show it ([numbers](caution.md#why-too-short-in-a-fraction)).
- **Pairs.** In [many more studies](pairs.md) of four designs the error is at most .05 in every design there on all
  real tables but batchnorm_fashion, where a trial's noise is nearly the largest effect, claims are somewhat too
  sure, and the error at 24 chosen trials is .052; on loud noise too it is at most .034, so that much of what row 7
  finds in a few dozen studies is chance. On no heredity claims near to even come true more often than they say; no
  prior tried brings their error to .05 ([numbers](caution.md)). On all zero no claim can come true but by chance;
  after a foldover or in 32 runs three in four there are between .50 and .65.
"""
VERSIONS = """## The versions of the method

What each version came to, on the tables that more than one was replayed on; rows as above, the cell of the worst design
where there are several. A version had not seen the tables that waited for its freeze; later ones were made with these
too. All numbers of earlier versions: {files}.

{matrix}
"""
_COMPARED = (0, 1, 4, 5, 6, 9, 10)  # places of goals
NEXT = (
    "**Answers are not those of a next version yet**: no table that waits for one is recorded here, nor what it gave."
)
ARTIFICIAL_HEAD = f"""## The artificial tables

{FACTORS} factors, 2^{FACTORS} cells, made by [artificial.py](../analysis/validation/artificial.py) from a seed.

| table | assumed, and what holds instead |
|---|---|
"""
_PARTS = (
    ("first 3", "p_top3", True),
    ("capture", "top3_capture", True),
    ("tau", "kendall_tau", True),
    ("marginal", "coverage_marginal", True),
    ("simultaneous", "coverage_simultaneous", True),
    ("width", "width_simultaneous", True),
    ("pairs", "calibration_error", True),
    ("P(first 3)", "calibration_error_top3", True),
    ("by chance", "chance_top3", False),
    ("over", "overclaim_top3", True),
    ("over by chance", "chance_over_top3", False),
    ("settled", "settled", True),
    ("and right", "settled_right", True),
)


def text(results: Results, listed: TableList, earlier: Mapping[str, pd.DataFrame], alone: pd.DataFrame) -> str:
    """Return the page.

    Parameters
    ----------
    results : Results
        Those to tell of; none where nothing is known.
    listed : TableList
        The recorded tables, and the freezes of the method.
    earlier : mapping of str to DataFrame
        Rows of ``Results`` as earlier versions of the method gave them, by file, from the first version on.
    alone : DataFrame
        What noise alone comes to, of ``noise_alone``.
    """
    rows = results.rows
    parts = [HEAD, UNKNOWN if rows.empty else goals_section(results, alone)]
    if not rows.empty and listed.version > 1:
        parts.append(TRIED)
    parts.append(_locked(listed, rows))
    if not rows.empty and listed.version > 1:
        parts.append(_versions(rows, earlier, listed.version))
    parts.append(ARTIFICIAL_HEAD + "\n".join(f"| {kind.name} | {kind.breaks} |" for kind in KINDS) + "\n")
    if not rows.empty:
        parts.append(_numbers(rows))
    return "\n".join(parts)


def write(
    results: Results, listed: TableList, earlier: Mapping[str, pd.DataFrame], alone: pd.DataFrame, docs: Path = DOCS
) -> str:
    """Write the page, and its figures where there are results.

    Parameters
    ----------
    results, listed, earlier, alone
        As of ``text``.
    docs : Path
        Where.

    Returns
    -------
    str
        The page.
    """
    page = text(results, listed, earlier, alone)
    (docs / f"{NAME}.md").write_text(page, encoding="utf-8")
    if not results.rows.empty:
        (docs / f"{NAME}.svg").write_text(figure.right(results.rows), encoding="utf-8")
        (docs / f"{NAME}-claims.svg").write_text(figure.claims(results), encoding="utf-8")
    return page


def goals_section(results: Results, alone: pd.DataFrame) -> str:
    """Return the goals with what they come to, and table by table.

    Parameters
    ----------
    results : Results
        Of all tables.
    alone : DataFrame
        What noise alone comes to, of ``noise_alone``.
    """
    rows = results.rows
    tables = list(dict.fromkeys(rows["table"]))
    found = {name: [find(goal, rows[rows["table"] == name]) for goal in GOALS] for name in tables}
    lines = [_line(place, [found[name][place] for name in tables]) for place in range(len(GOALS))]
    above, real = share_above(rows, 32)
    return GOALS_HEAD.format(
        settled=f"a probability of {STOPPED.rpartition('@')[2]} or more",
        lines="\n".join(lines),
        above=above,
        real=real,
        matrix=_matrix(rows, found),
        pairs=pairs_told(results),
        worst=_worst(found, pd.concat([rows, alone])),
    )


def _line(place: int, found: list[Finding]) -> str:
    counts = {verdict: sum(one.verdict is verdict for one in found) for verdict in Verdict}
    judged = len(found) - counts[Verdict.NONE]
    goal, told = GOALS[place], (counts[Verdict.MET], counts[Verdict.UNSURE], counts[Verdict.NOT_MET])
    cells = [str(place + 1), goal.name, goal.wanted, str(judged), *map(str, told), overall(found).value]
    return f"| {' | '.join(cells)} |"


def _matrix(rows: pd.DataFrame, found: dict[str, list[Finding]]) -> str:
    lines = [
        f"| table | role | {' | '.join(str(place + 1) for place in range(len(GOALS)))} |",
        "|" + (2 + len(GOALS)) * "---|",
    ]
    roles = rows.groupby("table")["role"].first()
    lines += [f"| {name} | {roles[name]} | {' | '.join(map(str, cells))} |" for name, cells in found.items()]
    return "\n".join(lines)


def _worst(found: dict[str, list[Finding]], rows: pd.DataFrame) -> str:
    """Name the design of each clear miss of a goal that is about the worst of several, and what noise allows there."""
    lines = [
        f"- {GOALS[place].name}, {name}: {one.where}, {one.value:.3g} ± {one.error:.2g}"
        f"{_ceiling(GOALS[place], rows[rows['table'] == name])}."
        for name, cells in found.items()
        for place, one in enumerate(cells)
        if one.verdict is Verdict.NOT_MET
    ]
    return f"{MISSES}\n\n" + "\n".join(lines) if lines else "No clear miss."


def _ceiling(goal: Goal, rows: pd.DataFrame) -> str:
    ceiling = noise_alone_at(goal, rows)
    return "" if math.isnan(ceiling) else f" (noise alone: {ceiling:.3g})"


def _locked(listed: TableList, rows: pd.DataFrame) -> str:
    known = set(rows["table"])
    lines = [
        f"| `{table.name}` | {table.response} ({table.direction}) | {table.freeze} | "
        f"{'yes' if table.name in known else 'no'} |"
        for table in listed.tables
        if table.role == LOCKED
    ]
    frozen = [
        f"Version {place} of the method was frozen on {freeze.day}, at commit `{freeze.commit}`."
        for place, freeze in enumerate(listed.freezes, start=1)
        if freeze.commit
    ]
    state = "\n".join([*frozen, *([NEXT] if len(frozen) < len(listed.freezes) else [])])
    return LOCKED_HEAD.format(lines="\n".join(lines), state=state)


def _versions(rows: pd.DataFrame, earlier: Mapping[str, pd.DataFrame], version: int) -> str:
    """Hold all versions against some goals, table by table."""
    before = dict(list(earlier.items())[: version - 1])
    known = {str(place): own for place, own in enumerate(before.values(), start=1)} | {str(version): rows}
    lines = [
        f"| table | version | {' | '.join(str(place + 1) for place in _COMPARED)} |",
        "|" + (2 + len(_COMPARED)) * "---|",
    ]
    for name in dict.fromkeys(rows["table"]):
        own = {which: part[part["table"] == name] for which, part in known.items() if name in set(part["table"])}
        if len(own) > 1:
            for which, part in own.items():
                cells = " | ".join(str(find(GOALS[place], part)) for place in _COMPARED)
                lines.append(f"| {name} | {which} | {cells} |")
    files = ", ".join(f"[{file}](../analysis/validation/{file})" for file in before)
    return VERSIONS.format(files=files, matrix="\n".join(lines))


def _numbers(rows: pd.DataFrame) -> str:
    """Return everything that was measured, table by table."""
    codes = ", ".join(f"`{one}`" for one in dict.fromkeys(rows["code"]))
    parts = [
        "## All numbers\n",
        "`pairs`, `P(first 3)`: calibration errors; `by chance`: up to what as many claims of the first three show,\n"
        "39 times in 40, if they come true as often as they say; `over`: their overclaim, with the same of it.\n"
        "`width`: of the simultaneous intervals, ranks. In full, with every look, in\n"
        "[results.csv](../analysis/validation/results.csv); claims by size in\n"
        f"[calibration.csv](../analysis/validation/calibration.csv). Digits of the code: {codes}.\n",
    ]
    for name in dict.fromkeys(rows["table"]):
        own = rows[(rows["table"] == name) & ~rows["design"].map(_between)]
        role = "artificial" if own["role"].iloc[0] == ARTIFICIAL else f"{own['role'].iloc[0]} table"
        lines = [
            f"### {name}\n",
            f"{own['factors'].iloc[0]} factors; {role}.\n",
            "| design | estimator | studies | trials | " + " | ".join(part for part, _, _ in _PARTS) + " |",
            "|" + (4 + len(_PARTS)) * "---|",
            *(_numbers_line(row) for _, row in own.iterrows()),
            "",
        ]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _between(design: str) -> bool:
    """Whether a row is a look that no goal is about."""
    _, _, end = design.partition("..")
    return end.isdigit() and int(end) not in (24, 32, 48)


def _numbers_line(row: pd.Series) -> str:
    cells = [str(row["design"]), str(row["estimator"])]
    cells.append("" if row["design"] == CEILING else f"{row['replays']:.0f}")
    cells.append(
        f"{row['trials']:.1f}" if row["design"] == STOPPED and row["estimator"] == AWARE else f"{row['trials']:.0f}"
    )
    for _, column, has_error in _PARTS:
        value = row[column]
        error = row[f"{column}_error"] if has_error else float("nan")
        cells.append("" if pd.isna(value) else f"{value:.2f}" if pd.isna(error) else f"{value:.2f} ± {error:.2f}")
    return f"| {' | '.join(cells)} |"
