"""The ranking: a row per factor, what each layer of evidence knows of the order, and the probability of each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from qim_stats.alerts import listed
from qim_stats.analysis import Analysis
from qim_stats.factors import find_factor
from qim_stats.report.bars import effect_bars, rank_bars
from qim_stats.report.numbers import (
    EN_DASH,
    MISSING,
    column,
    interval,
    is_missing,
    level_of_confidence,
    levels,
    p_value,
    percent,
    probability,
)

View = dict[str, Any]
Row = Mapping[Any, Any]
MAX_PAIRED = 20  # factors beyond which a table of pairs has too many columns to be read
_FEW_TIES = 3
_SHADES = ((0.95, 4), (0.8, 3), (0.6, 2), (0.4, 1))  # probabilities from which the shade of their class begins


def ranking_view(analysis: Analysis) -> View:
    """Return the ranking, the two layers behind it and the pairs; without rows where too many trials failed."""
    rows = analysis.ranking().to_dict("records")
    return {
        "known": analysis.error_source != "none" and bool(rows),
        "confidence": level_of_confidence(analysis.confidence),
        "scale": analysis.modelled,
        "simpler": None if analysis.ranked.scale is None else analysis.ranked.scale.words(analysis.modelled),
        "sensitivity": _sensitivity(analysis),
        "rows": _rows(analysis, rows),
        "layers": _layers(rows),
        "aware": bool(rows) and rows[0]["alias_aware"] is not None,
        "alias_reason": analysis.ranked.alias_reason,
        "pairs": _pairs(analysis, [str(row["factor"]) for row in rows]),
        "max_paired": MAX_PAIRED,
    }


def _rows(analysis: Analysis, rows: Sequence[Row]) -> list[View]:
    known = analysis.error_source != "none"
    place = {str(row["factor"]): i for i, row in enumerate(rows)}
    limits = [(r["effect"], r["conf_low"], r["conf_high"]) for r in rows]
    texts = column([value for row in limits for value in row], 4)
    bars = zip(
        rank_bars([(_rank(r), int(r["rank_low"]), int(r["rank_high"])) for r in rows]), effect_bars(limits), strict=True
    )
    return [
        {
            "factor": row["factor"],
            "stands_out": row["factor"] in analysis.verdict.significant,
            "rank": _shown_rank(row["rank"]),
            "interval": interval(row["rank_low"], row["rank_high"]),
            "rank_bar": rank_bar,
            "effect": texts[3 * i],
            "limits": f"{texts[3 * i + 1]} to {texts[3 * i + 2]}" if known else "cannot tell",
            "effect_bar": effect_bar,
            "importance": percent(row["importance"]),
            "p_adjusted": p_value(row["p_adjusted"]) if known else "cannot tell",
            "tied_with": _ties(row["tied_with"], rows, place),
            "better": _better_level(analysis, row["factor"], row["effect"]),
        }
        for i, (row, (rank_bar, effect_bar)) in enumerate(zip(rows, bars, strict=True))
    ]


def _rank(row: Row) -> int | None:
    return None if is_missing(row["rank"]) else int(row["rank"])


def _shown_rank(value: Any) -> str:
    return MISSING if is_missing(value) else str(int(value))


def _ties(names: Sequence[str], rows: Sequence[Row], place: Mapping[str, int]) -> str:
    """Name the factors that one is tied with, by rank; many of them by their ranks alone."""
    if not names:
        return "none"
    if len(rows) > 2 and len(names) == len(rows) - 1:
        return "all others"
    ranks = [_rank(rows[place[name]]) for name in names]
    known = [rank for rank in ranks if rank is not None]
    if len(names) <= _FEW_TIES or len(known) < len(ranks):
        return listed(sorted(names, key=place.__getitem__))
    return f"{len(names)} of ranks {min(known)}{EN_DASH}{max(known)}"


def _better_level(analysis: Analysis, name: str, effect: float) -> str:
    if is_missing(effect):
        return "cannot tell"
    if effect == 0.0:
        return "neither"
    low, high = levels(find_factor(name, analysis.trials.factors))
    return high if (effect > 0) == (analysis.direction == "maximize") else low


def _layers(rows: Sequence[Row]) -> list[View]:
    """Return, for each factor, what the noise of trials leaves open, and what is left open with interactions too."""
    aware = [row["alias_aware"] for row in rows]
    noise_bars = rank_bars([(_rank(r), r["sampling"]["rank_low"], r["sampling"]["rank_high"]) for r in rows])
    texts = column([v for a in aware for v in ((None,) * 3 if a is None else (a["effect"], a["sd"], a["size"]))])
    sums = column([row["raw_effect"] for row in rows])
    return [
        {
            "factor": row["factor"],
            "rank": _shown_rank(row["rank"]),
            "noise": interval(row["sampling"]["rank_low"], row["sampling"]["rank_high"]),
            "noise_bar": noise_bars[i],
            "marginal": None if found is None else interval(found["marginal_low"], found["marginal_high"]),
            "first": probability(row["p_top"]["1"]),
            "top3": probability(row["p_top"]["3"]),
            "sign": probability(row["p_sign"]),
            "effect": texts[3 * i],
            "sd": texts[3 * i + 1],
            "size": texts[3 * i + 2],
            "raw_rank": _shown_rank(row["raw_rank"]),
            "raw_effect": sums[i],
        }
        for i, (row, found) in enumerate(zip(rows, aware, strict=True))
    ]


def _pairs(analysis: Analysis, names: Sequence[str]) -> View | None:
    """Return a square of probabilities that the row's factor has the larger effect; None where there are none."""
    pairs = analysis.pairs()
    probabilities = "p_larger" if pairs["p_larger"].notna().all() else "p_larger_sampling"
    if not len(pairs) or pairs[probabilities].isna().any():
        return None
    if len(names) > MAX_PAIRED:
        return {"rows": [], "total": len(pairs), "claimed": int(pairs["ordered"].sum())}
    return {
        "rows": _square(pairs, probabilities, names),
        "total": len(pairs),
        "claimed": int(pairs["ordered"].sum()),
        "noise_only": probabilities == "p_larger_sampling",
    }


def _square(pairs: pd.DataFrame, probabilities: str, names: Sequence[str]) -> list[View]:
    cells: dict[tuple[str, str], View] = {}
    for factor, other, share, ordered in zip(
        pairs["factor"], pairs["other"], pairs[probabilities], pairs["ordered"], strict=True
    ):
        cells[factor, other] = _cell(float(share), claimed=bool(ordered))
        cells[other, factor] = _cell(1.0 - float(share), claimed=False)
    return [
        {"place": i + 1, "factor": row, "cells": [cells.get((row, name)) for name in names]}
        for i, row in enumerate(names)
    ]


def _cell(share: float, *, claimed: bool) -> View:
    shade = next((shade for least, shade in _SHADES if share >= least), 0)
    return {"text": probability(share), "shade": shade, "claimed": claimed}


def _sensitivity(analysis: Analysis) -> View | None:
    """Return which answers would be others under another prior of the alias-aware layer."""
    found = analysis.ranked.sensitivity
    if found is None:
        return None
    firsts = [found.p_first, *(under.p_first[found.first] for under in found.priors)]
    return {
        "names": listed([under.name for under in found.priors]),
        "first": found.first,
        "p_first": probability(found.p_first),
        "range": f"{probability(min(firsts))} to {probability(max(firsts))}",
        "claimed": found.claimed,
        "differs": bool(found.differing),
        "rows": [
            {
                "name": under.name,
                "first": under.first,
                "p_first": probability(under.p_first[under.first]),
                "p_known": probability(under.p_first[found.first]),
                "differs": under.first_differs,
                "lost": listed([f"{row.factor} before {row.other}" for row in under.orders_lost.itertuples()])
                or "none",
            }
            for under in found.priors
        ],
    }
