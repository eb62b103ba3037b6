"""The page docs/peers.md: what was compared, trials to truth, the shares by budget, and whether screening pays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from peers import figure, tuning_page
from peers.answers import fingerprint
from peers.cache import versions_of
from peers.comparison import budgets_of, ceiling
from peers.method import BUDGETS, Method
from peers.methods import METHODS, OURS
from peers.tables import ANALYSIS, PeerTable
from peers.trials_to_truth import SHARE, trials_to_truth

DOCS = ANALYSIS.parent / "docs"
HEAD = """# Side by side with what people use

Made by `make peers`; numbers in full, with Monte Carlo errors, in
[comparison.csv](../analysis/peers/comparison.csv). Virtual studies on recorded full factorials: every method sees the
response of the settings it asks for and nothing else; a setting asked for again has fresh noise. Each answers with an
order of all factors, held against the order of |main effects| over the whole table. Factors closer together than 1.5
standard errors of their difference in the full table count as tied. Ties in a method's own scores are broken at
random.

| method | version | used as | source |
|---|---|---|---|
{methods}
{earlier}
Some of them aim at another target than |main effect|. fANOVA's share of variance orders balanced two-level factors as
|main effect| does. PED-ANOVA asks what it takes to be among the best tenth of trials, Morris's mu* takes interactions
in, one factor at a time and ablation ask about changes from one setting (and ablation says nothing of a factor that the
default has at its better level already); on random rows a forest's permutation importance takes interactions in as
well. They are scored by the same measure all the same: it is the question that a screening answers, not a judgement on
what else they are good for.

Two choices were made after looking at some of these tables, both before the numbers below: permutation importance on
the rows of the fit, which on two tables ranked no worse than on held-out ones; and to follow the chosen trials beyond
64, where noise had left them undecided.

## Trials to truth

Budgets: {budgets}. The fewest trials at which the first three factors are right as a set
in 85 % of the studies, and stay so at all larger budgets tried; a fixed design that two budgets allow counts once, with
all its studies. `> n`: not within the n trials of the largest budget;
`~`: within two Monte Carlo errors of the other answer; `-`: not computed. Where a method cannot use all of a budget,
the number is what it used. `noise ceiling`: the first of these budgets at which it would be, were every interaction
known and the noise of trials alone in the way.

{truth}

{ratio}

![First three right, by trials](peers.svg)

## First three right, by budget

Per cent of studies; `tau` and `capture` at a budget of {shown}: Kendall's tau-b over all factors, and the summed
|effect| of the chosen three as a share of the largest possible, in per cent. `error`: the largest Monte Carlo error of
the shares, from {least} to {most} studies, fewest where a method takes long. Empty: more trials are needed.
"""
EARLIER = """
The ranks of this project are marked by what they answer, now `{mark}`. On {tables} some of their rows here have
another mark: they are of an earlier version, kept until they are asked for (`--stale`).
"""
SHOWN = 32  # trials at which tau and capture are told
NEITHER = "neither gets there"
RAW = ("PB, raw contrasts (QIM)", "PB + foldover, raw")
WANTED = 1 / 3  # trials to truth, of those of the best of what people use


def write(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> str:
    """Write the page and its figure.

    Parameters
    ----------
    rows : DataFrame
        Of ``cache.read``; those of tables that have changed since are left out.
    tables : sequence of PeerTable
        Those to tell of.

    Returns
    -------
    str
        The page.
    """
    current = {table.name: table.fingerprint for table in tables}
    rows = rows[rows["fingerprint"] == rows["table"].map(current)]
    shown = [table for table in tables if (rows["table"] == table.name).any()]
    parts = [_head(rows, shown)]
    parts += [_by_budget(rows[rows["table"] == table.name], table) for table in shown]
    parts.append(tuning_page.section())
    page = "\n".join(part for part in parts if part)
    (DOCS / "peers.md").write_text(page, encoding="utf-8")
    (DOCS / "peers.svg").write_text(figure.drawn(rows, shown), encoding="utf-8")
    return page


def _head(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> str:
    return HEAD.format(
        methods="\n".join(_described(rows, method) for method in METHODS),
        earlier=_earlier(rows),
        budgets=", ".join(map(str, BUDGETS)),
        truth=_truth(rows, tables),
        ratio=_ratio(rows, tables),
        shown=SHOWN,
        least=int(rows["studies"].min()),
        most=int(rows["studies"].max()),
    )


def _described(rows: pd.DataFrame, method: Method) -> str:
    versions = ", ".join(sorted(set(rows.loc[rows["method"] == method.name, "version"]))) or "not computed"
    page = method.source
    link = f"[page]({page.removeprefix('docs/')})" if page.startswith("docs/") else f"[page]({page})"
    return f"| {method.name} | {versions} | {method.advice} | {link} |"


def _earlier(rows: pd.DataFrame) -> str:
    """Return on which tables rows of this project's methods are of a version that answered otherwise, if on any."""
    stale = [
        name
        for method in METHODS
        if method.changes
        for name in rows.loc[(rows["method"] == method.name) & (rows["version"] != versions_of(method)), "table"]
    ]
    return EARLIER.format(mark=fingerprint(), tables=", ".join(sorted(set(stale)))) if stale else ""


def _of(rows: pd.DataFrame, table: PeerTable, method: Method) -> pd.DataFrame:
    return rows[(rows["table"] == table.name) & (rows["method"] == method.name)]


def _truth(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> str:
    lines = ["| method | " + " | ".join(table.name for table in tables) + " |", "|" + (1 + len(tables)) * "---|"]
    lines.append("| *noise ceiling* | " + " | ".join(map(_allowed, tables)) + " |")
    for method in METHODS:
        cells = [str(trials_to_truth(_of(rows, table, method)) or "-") for table in tables]
        lines.append(f"| {method.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _allowed(table: PeerTable) -> str:
    trials = _ceiling_at(table)
    return f"{trials:.0f}" if math.isfinite(trials) else f"> {budgets_of(table)[-1]}"


def _ceiling_at(table: PeerTable) -> float:
    """Return the first budget at which noise alone allows the share asked for, infinite where none does."""
    found = ceiling(table, budgets_of(table))
    enough = found.loc[found["p_top3"] >= SHARE, "trials"]
    return float(enough.iloc[0]) if len(enough) else math.inf


def _ratio(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> str:
    """Say on each table what the best method of others needs against the best adaptive one of ours."""
    lines: list[str] = []
    ratios: list[tuple[float, bool]] = []
    barred = early = 0
    ours = {method.name for method in OURS} | set(RAW)
    for table in tables:
        own = trials_to_truth(_of(rows, table, OURS[0]))
        found = {
            method.name: trials_to_truth(_of(rows, table, method)) for method in METHODS if method.name not in ours
        }
        best = min(((t.trials, name) for name, t in found.items() if t and t.trials), default=None)
        most = max((t.most for t in found.values() if t), default=0.0)
        peer = f"{best[0]:.0f} ({best[1]})" if best else f"more than {most:.0f} (none of them)"
        if best is not None:
            barred += _ceiling_at(table) > WANTED * best[0]
            early += _ceiling_at(table) <= WANTED * best[0] < _of(rows, table, OURS[0])["trials"].min()
        if own is not None and own.trials is None and best is not None:
            ratios.append((math.inf, True))
        if own is None or own.trials is None or not most:
            lines.append(f"- {table.name}: {OURS[0].name} {own or '-'}; the best of what people use {peer}.")
            continue
        ratio = own.trials / (best[0] if best else most)
        ratios.append((ratio, best is not None))
        least = f"{ratio:.2f}" if best else f"less than {ratio:.2f}"
        lines.append(
            f"- {table.name}: {OURS[0].name} {own.trials:.0f}; the best of what people use {peer}: ratio {least}."
        )
    beside = _beside_raw(rows, tables)
    return "\n".join([*lines, "", _wanted(ratios, barred, early, len(tables)), *([""] if beside else []), *beside])


def _beside_raw(rows: pd.DataFrame, tables: Sequence[PeerTable]) -> list[str]:
    """Say how the better of the raw rankings of PB designs, not counted among the others, does beside ours."""
    kinds: dict[str, list[str]] = {"fewer": [], "as many": [], "more": [], NEITHER: []}
    for table in tables:
        needs = [_needed(rows, table, name) for name in (OURS[0].name, *RAW)]
        if None not in needs:
            own, *raw = (need for need in needs if need is not None)
            kinds[_compared(min(raw), own)].append(table.name)
    if not any(kinds.values()):
        return []
    return [
        "Raw contrasts of a PB design (as in QIM) or of its foldover are not counted among these others. Of them the\n"
        "better needs, against the chosen fours:\n",
        *(f"- {kind}, on {len(names)}: {', '.join(names)}" for kind, names in kinds.items() if names),
    ]


def _needed(rows: pd.DataFrame, table: PeerTable, name: str) -> float | None:
    """Return the trials to truth, infinite where no budget will do, None where there are no rows."""
    found = trials_to_truth(rows[(rows["table"] == table.name) & (rows["method"] == name)])
    return None if found is None else found.trials or math.inf


def _compared(one: float, other: float) -> str:
    if math.isinf(min(one, other)):
        return NEITHER
    return "as many" if one == other else "fewer" if one < other else "more"


def _wanted(ratios: Sequence[tuple[float, bool]], barred: int, early: int, tables: int) -> str:
    """Say on how many tables the goal is met, from ratios and whether each is known or but bounded from above.

    On ``barred`` of them a third of the best peer's trials is less than noise alone asks for, on ``early`` others less
    than the design that ours starts with.
    """
    met = sum(ratio <= WANTED for ratio, _ in ratios)
    missed = sum(ratio > WANTED and known for ratio, known in ratios)
    return (
        f"Wanted: a ratio of at most 1/3 on every table. Of {tables} tables it is met on {met}, missed on {missed},\n"
        f"and not told on {tables - met - missed}. On {barred} of them a third of the best peer's trials is less than "
        "the noise ceiling:\nfewer than a balanced design would need were every interaction known"
        + (f"; on {early} more it is less than the\ndesign that the chosen fours start with" if early else "")
        + ". What was tried where neither binds:\n[validation.md](validation.md#what-was-tried-for-what-is-missed). "
        "Methods that were not computed on a table cannot\nbe its best."
    )


def _by_budget(rows: pd.DataFrame, table: PeerTable) -> str:
    budgets = budgets_of(table)
    head = (
        f"\n### {table.name}\n\n{table.full.k} factors, {table.full.response} ({table.full.direction}). SD of a trial "
        f"{table.noise.sd:.3g} ({_short(table)}); tied within {table.truth.margin:.3g}.\n"
    )
    lines = [
        "| method | " + " | ".join(map(str, budgets)) + " | error | tau | capture |",
        "|" + (4 + len(budgets)) * "---|",
    ]
    lines.append(_ceiling_line(table, budgets))
    for method in METHODS:
        own = _of(rows, table, method).set_index("budget")
        if own.empty:
            continue
        cells = [f"{100 * own['top3'].loc[b]:.0f}" if b in own.index else "" for b in budgets]
        at = own.loc[SHOWN] if SHOWN in own.index else None
        last = ["", ""] if at is None else [f"{at['kendall_tau']:.2f}", f"{100 * at['top3_capture']:.1f}"]
        error = f"{100 * own['top3_error'].max():.1f}"
        lines.append(f"| {method.name} | " + " | ".join([*cells, error, *last]) + " |")
    return head + "\n" + "\n".join(lines) + "\n"


def _ceiling_line(table: PeerTable, budgets: Sequence[int]) -> str:
    found = ceiling(table, budgets)
    cells = [f"{100 * share:.0f}" for share in found["p_top3"]]
    at = found.set_index("trials").loc[SHOWN] if SHOWN in budgets else None
    last = ["", ""] if at is None else [f"{at['kendall_tau']:.2f}", f"{100 * at['top3_capture']:.1f}"]
    return "| *noise ceiling* | " + " | ".join([*cells, "", *last]) + " |"


def _short(table: PeerTable) -> str:
    """Say where the noise comes from, without the paths of this machine."""
    return "replicates" if table.noise.source.startswith("replicates") else table.noise.source
