"""The tables of docs/ranges.md, each between two comments that name it; the words around them are written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

Row = Mapping[str, Any]


def write_tables(page: Path, agreement: pd.DataFrame, effects: pd.DataFrame) -> None:
    """Put every table in the place of the one that the page has.

    Parameters
    ----------
    page : Path
        The page; it has a pair of comments for each table of `tables`.
    agreement, effects : DataFrame
        As agreement.csv and effects.csv have them.

    Raises
    ------
    ValueError
        If the page has no place for a table.
    """
    text = page.read_text(encoding="utf-8")
    for name, table in tables(agreement, effects).items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{page} has no place for the table {name}")
        text = f"{head}{begin}\n{table}\n{end}{tail}"
    page.write_text(text, encoding="utf-8")


def tables(agreement: pd.DataFrame, effects: pd.DataFrame) -> dict[str, str]:
    """Return the page's tables by name, as markdown."""
    groups = {str(name): rows.to_dict("records") for name, rows in agreement.groupby("group", sort=False)}
    made = {
        name: _table(BUDGET, sorted(groups[name], key=lambda row: (row["reference"], row["cost"])))
        for name in ("epochs", "images", "lenet")
    }
    made["moved"] = _table(LEVELS, [row for row in groups["levels"] if "wide" not in str(row["other"])])
    made["widened"] = _table(LEVELS, [row for row in groups["levels"] if "wide" in str(row["other"])])
    left_out = ("perceptron, 2 epochs", "perceptron, 10 epochs")
    shown = [row for row in groups["responses"] if not str(row["reference"]).startswith(left_out)]
    made["responses"] = _table(RESPONSES, shown)
    return {**made, "epoch effects": _epoch_effects(effects)}


def _table(columns: Mapping[str, Callable[[Row], str]], rows: list[dict[Any, Any]]) -> str:
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    lines += [f"| {' | '.join(cell(row) for cell in columns.values())} |" for row in rows]
    return "\n".join(lines) + "\n"


def _tau(row: Row) -> str:
    return f"{row['tau']:.2f} ({row['tau_low']:.2f} to {row['tau_high']:.2f})"


def _again(row: Row) -> str:
    return f"{row['again']:.2f} ({row['again_low']:.2f})"


def _turned(row: Row) -> str:
    return f"{row['turned']} of {row['known']}"


def _top(row: Row) -> str:
    return "same" if row["same_top"] else f"{100 * row['capture']:.0f} %"


def _moved(row: Row) -> str:
    if pd.isna(row["rank_before"]):
        return ""
    return f"{row['rank_before']:.0f} to {row['rank_after']:.0f}"


def _effects(row: Row) -> str:
    if pd.isna(row["rank_before"]):
        return ""
    return f"{row['effect_before']:+.3f} to {row['effect_after']:+.3f}"


def _signals(row: Row) -> str:
    return f"{row['signal']:.1f} ({row['signal_reference']:.1f})"


_SHARED: dict[str, Callable[[Row], str]] = {
    "tau": _tau,
    "turned": _turned,
    "top three": _top,
    "signs": lambda row: str(row["signs"]),
}
BUDGET: dict[str, Callable[[Row], str]] = {
    "of": lambda row: str(row["other"]),
    "against": lambda row: str(row["reference"]),
    "cost": lambda row: f"{100 * row['cost']:.0f} %",
    **_SHARED,
    "again": _again,
    "signal": _signals,
}
LEVELS: dict[str, Callable[[Row], str]] = {
    "levels": lambda row: str(row["other"]),
    "its rank": _moved,
    "its effect": _effects,
    **_SHARED,
    "again": _again,
}
RESPONSES: dict[str, Callable[[Row], str]] = {
    "trials: response": lambda row: str(row["reference"]),
    "against": lambda row: str(row["other"]),
    **_SHARED,
}


def _epoch_effects(effects: pd.DataFrame) -> str:
    names = {f"{n} epochs": f"{n}" for n in (2, 5, 10, 40)} | {"base": "20"}
    order = sorted(names, key=lambda case: int(names[case]))
    rows = effects[(effects["response"] == "log_loss") & effects["case"].isin(order)]
    wide = rows.pivot_table(index="factor", columns="case", values="effect", sort=False)[order]
    lines = [f"| factor | {' | '.join(names[case] for case in order)} |", "|---|" + "---|" * len(order)]
    lines += [
        f"| `{factor}` | {' | '.join(f'{value:+.3f}' for value in values)} |" for factor, *values in wide.itertuples()
    ]
    errors = rows.groupby("case")["std_error"].first()
    lines.append(f"| standard error | {' | '.join(f'{errors[case]:.3f}' for case in order)} |")
    return "\n".join(lines) + "\n"
