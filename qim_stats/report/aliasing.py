"""Aliasing: which interactions go into the effects, and how large one must be to overturn what was found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from qim_stats.analysis import Analysis
from qim_stats.model.alias_matrix import ZERO
from qim_stats.model.aliasing import CLEAR, NOT_ESTIMABLE
from qim_stats.plots import alias_map, tipping_sizes
from qim_stats.report.figure import Picture
from qim_stats.report.numbers import MINUS, MISSING, number

View = dict[str, Any]
_KINDS = ("cancel", "noise", "rank")
_WORST = 2


def aliasing_view(analysis: Analysis) -> View:
    """Return the map of the alias matrix, a row per effect, and the tipping points in a figure and in words."""
    tipping = analysis.tipping_points()
    matrix = analysis.evidence.aliases
    shares = matrix.coefficients.loc[list(matrix.effects)]
    mixed = bool((np.abs(np.nan_to_num(shares.to_numpy(dtype=np.float64))) > ZERO).any())
    sized = bool((tipping["relative_size"] > 0.0).any())
    claimed = [name for name in analysis.verdict.significant if name in set(tipping["term"])]
    others = [str(term) for term in dict.fromkeys(tipping["term"]) if term not in claimed]
    rows = _rows(analysis.aliases(), tipping, [*claimed, *others], analysis.verdict.significant)
    return {
        "interactions": shares.shape[1],
        "all_clear": all(row["status"] == CLEAR for row in rows),
        "map": _map(shares) if mixed else None,
        "rows": rows,
        "tipping": _tipping_picture(tipping) if sized else None,
        "claimed": _words(tipping, claimed),
        "others": _words(tipping, others),
    }


def _map(shares: pd.DataFrame) -> Picture:
    return Picture(
        alias_map(shares),
        "Share of each two-factor interaction outside the model in each effect",
        "Rows are the model's effects, columns interactions that it leaves out; the darker, the more of the "
        "interaction is added to the effect.",
    )


def _tipping_picture(tipping: pd.DataFrame) -> Picture:
    return Picture(
        tipping_sizes(tipping),
        "Size of the smallest single interaction that would overturn each effect or rank",
        "Right of the dashed line an interaction would have to be larger than the largest main effect. The farther to "
        "the left, the less it takes.",
    )


def _rows(table: pd.DataFrame, tipping: pd.DataFrame, order: list[str], claimed: tuple[str, ...]) -> list[View]:
    """Return the effects, the claimed ones first, then by size, those that cannot be estimated last."""
    place = {term: i for i, term in enumerate(order)}
    sizes = {(row["term"], row["kind"]): row["relative_size"] for row in tipping.to_dict("records")}
    rows = [_row(row, sizes) | {"stands_out": row["term"] in claimed} for row in table.to_dict("records")]
    return sorted(rows, key=lambda row: place.get(row["term"], len(place)))


def _row(row: dict[Any, Any], sizes: dict[tuple[str, str], float]) -> View:
    worst = [f"{_signed(share)} {name}" for name, share in row["aliased_with"][:_WORST]]
    more = row["count"] - len(worst)
    known = row["status"] != NOT_ESTIMABLE
    return {
        "term": row["term"],
        "status": row["status"],
        "count": str(row["count"]) if known else MISSING,
        "largest": number(row["largest"], 3),
        "worst": ", ".join(worst) + (f" and {more} more" if more > 0 and worst else "") if worst else MISSING,
        **{kind: _size(sizes.get((row["term"], kind))) for kind in _KINDS},
    }


def _signed(share: float) -> str:
    return f"{share:+.2f}".replace("-", MINUS)


def _size(value: float | None) -> str:
    return MISSING if value is None or math.isnan(value) else number(value, 2)


def _words(tipping: pd.DataFrame, terms: list[str]) -> list[View]:
    rows = tipping[tipping["kind"].isin([*_KINDS, "clear"])]
    said: dict[str, list[str]] = {}
    for term, words in zip(rows["term"], rows["words"], strict=True):
        said.setdefault(str(term), []).append(str(words))
    return [{"term": term, "words": said[term]} for term in terms if term in said]
