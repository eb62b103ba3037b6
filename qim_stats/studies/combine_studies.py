"""From several trials tables to a Combination: analyze each, then ranks, pooled effects and agreement."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.alerts import Alert, listed
from qim_stats.analysis import Analysis
from qim_stats.analyze_trials import analyze
from qim_stats.errors import QimError, TrialsError
from qim_stats.factors import same_level
from qim_stats.model.multiplicity import adjust_p_values
from qim_stats.studies.combination import Combination
from qim_stats.studies.concordance import PERMUTATIONS, Concordance, kendall_w
from qim_stats.studies.meta_analysis import pool_effects
from qim_stats.studies.words import combination_words
from qim_stats.validation import check_same_factors
from qim_stats.waiting import Progress, unheard

Array = npt.NDArray[np.float64]
Scale = Literal["response", "share"]
KEEPS_WITHIN = 2
"""A factor keeps its rank when the rank intervals of all studies together lie within so many neighbouring places."""

_POOLED = ("effect", "std_error", "conf_low", "conf_high", "p_value", "p_adjusted", "q", "q_p_value", "i2", "tau")


def combine(
    trials: Sequence[str | os.PathLike[str]] | Mapping[str, str | os.PathLike[str] | pd.DataFrame],
    *,
    scale: Scale = "response",
    confidence: float = 0.95,
    seed: int = 0,
    progress: Progress = unheard,
    **options: Any,
) -> Combination:
    """Combine studies of the same factors on different data sets, networks or devices.

    Parameters
    ----------
    trials : sequence of paths, or mapping of study name to path or DataFrame
        m tables, at least two, with the same factors; levels may differ, and an alert says so.
    scale : {"response", "share"}
        The unit in which effects are pooled: the response's own, or each study's effects divided by the root of their
        sum of squares, for responses that cannot be compared. Ranks do not depend on it.
    confidence : float
        Of limits and intervals.
    seed : int
        Of everything simulated.
    progress : callable, optional
        Told which study is being analyzed and the share of them that is done.
    **options
        As of ``analyze``, the same for every study.

    Returns
    -------
    Combination

    Raises
    ------
    QimError
        If there are fewer than two studies, their factors or directions differ, or one cannot be analyzed or gives no
        ranking.

    Notes
    -----
    Sum of ranks over benchmarks: Yi, J. J., Lilja, D. J. and Hawkins, D. M. (2003), HPCA-9, 281-291.
    """
    if scale not in get_args(Scale):
        raise QimError(f"{scale!r} is not a choice", where="--scale", remedy="one of " + ", ".join(get_args(Scale)))
    named = dict(trials) if isinstance(trials, Mapping) else study_names([Path(path) for path in trials])
    if len(named) < 2:
        raise QimError("one study cannot be combined", where="combine", remedy="name at least two tables")
    analyses = {}
    for done, (name, table) in enumerate(named.items()):
        progress("studies", done / len(named))
        analyses[name] = analyze(table, confidence=confidence, seed=seed, **options)
    _check_ranked(analyses)
    factors = _common_factors(analyses)
    table = _table(analyses, factors, scale, confidence)
    agreement = _agreement(analyses, factors, seed)
    method = {"scale": scale, "confidence": confidence, "seed": seed, "permutations": PERMUTATIONS, **options}
    return Combination(
        analyses=analyses,
        table=table,
        agreement=agreement,
        text=combination_words(table, agreement, len(analyses), confidence),
        alerts=_alerts(analyses, factors),
        method=method,
    )


def study_names(paths: Sequence[Path]) -> dict[str, str | os.PathLike[str] | pd.DataFrame]:
    """Name studies after their files, with as many parent folders as it takes to tell them apart.

    Parameters
    ----------
    paths : sequence of Path
        The tables.

    Returns
    -------
    dict of str to Path

    Raises
    ------
    QimError
        If a table is named twice.
    """
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise QimError("is named twice", where=str(path), remedy="name each study once")
        seen.add(path.resolve())
    parts = [(*path.resolve().parent.parts[1:], path.stem) for path in paths]
    depth = next(d for d in range(1, 200) if len({p[-d:] for p in parts}) == len(parts) or d == 199)
    return {"/".join(part[-depth:]): path for part, path in zip(parts, paths, strict=True)}


def _check_ranked(analyses: Mapping[str, Analysis]) -> None:
    """Refuse a study without the rank of some factor: a sum of ranks over fewer factors is another quantity."""
    for name, analysis in analyses.items():
        ranked = set(analysis.ranks["factor"])
        missing = [factor for factor in analysis.trials.factor_names if factor not in ranked]
        if not missing:
            continue
        failures = analysis.evidence.failures
        if failures is not None and failures.refuse_ranking:
            problem, remedy = "too many of its trials failed for a ranking", "run them again, or leave the study out"
        else:
            problem, remedy = f"its ranking has no {listed(missing)}", "name the others with --factors"
        raise TrialsError(problem, where=name, remedy=remedy)


def _common_factors(analyses: Mapping[str, Analysis]) -> list[str]:
    """Return the factors, by the order of the first study; refuse studies of different ones."""
    (first_name, first), *others = analyses.items()
    names = list(first.trials.factor_names)
    for name, other in others:
        if set(names) != set(other.trials.factor_names):
            try:
                check_same_factors(names, other.trials.factor_names)
            except TrialsError as error:
                problem = error.problem.replace("the screen", first_name).replace("the full table", name)
                raise TrialsError(problem, where=name, remedy=error.remedy) from None
        if (first.response, first.direction) != (other.response, other.direction):
            raise TrialsError(
                f"{first_name} is about {first.response!r} ({first.direction}) and {name} about {other.response!r} "
                f"({other.direction})",
                where=name,
                remedy="name one response and direction for all",
            )
    return names


def _table(analyses: Mapping[str, Analysis], factors: list[str], scale: Scale, confidence: float) -> pd.DataFrame:
    ranked = [a.ranking().set_index("factor").loc[factors] for a in analyses.values()]
    rank = np.array([r["rank"].to_numpy(np.float64) for r in ranked])
    low = np.array([r["rank_low"].to_numpy(np.int64) for r in ranked])
    high = np.array([r["rank_high"].to_numpy(np.int64) for r in ranked])
    effects = np.array([r["effect"].to_numpy(np.float64) for r in ranked])
    sums = _average_ranks(effects).sum(axis=0)
    moves = low.max(axis=0) > high.min(axis=0)
    keeps = high.max(axis=0) - low.min(axis=0) < KEEPS_WITHIN
    table = pd.DataFrame(
        {
            "factor": factors,
            "combined_rank": pd.Series(sums).rank(method="min").astype(int),
            "rank_sum": sums,
            "rank_best": rank.min(axis=0).astype(int),
            "rank_worst": rank.max(axis=0).astype(int),
            "status": np.where(moves, "moves", np.where(keeps, "keeps", "open")),
            "same_sign": np.abs(np.sign(effects).sum(axis=0)) == len(effects),
        }
    )
    pooled = _pooled(ranked, factors, scale, confidence)
    joined = pd.concat([table, pooled], axis=1)
    return joined.sort_values(["combined_rank", "factor"], kind="stable").reset_index(drop=True)


def _average_ranks(effects: Array) -> Array:
    """Rank the factors of each study by |effect|, tied ones at the mean of their places."""
    return np.array([pd.Series(-np.abs(row)).rank(method="average").to_numpy() for row in effects])


def _pooled(ranked: list[pd.DataFrame], factors: list[str], scale: Scale, confidence: float) -> pd.DataFrame:
    """Pool each factor's effect over the studies that know its standard error."""
    effects = np.array([r["effect"].to_numpy(np.float64) for r in ranked])
    errors = np.array([r["std_error"].to_numpy(np.float64) for r in ranked])
    unit = np.sqrt((effects**2).sum(axis=1, keepdims=True)) if scale == "share" else np.ones((len(ranked), 1))
    rows = []
    for i in range(len(factors)):
        known = (unit[:, 0] > 0.0) & np.isfinite(errors[:, i]) & (errors[:, i] > 0.0)
        if known.sum() < 2:
            rows.append(dict.fromkeys(_POOLED, math.nan))
            continue
        pooled = pool_effects((effects / unit)[known, i], (errors / unit)[known, i], confidence)
        rows.append({key: getattr(pooled, key, math.nan) for key in _POOLED})
    frame = pd.DataFrame(rows, columns=list(_POOLED))
    tested = frame["p_value"].notna().to_numpy()
    adjusted = np.full(len(frame), math.nan)
    adjusted[tested] = adjust_p_values(frame["p_value"].to_numpy(np.float64)[tested], "holm")
    frame["p_adjusted"] = adjusted
    return frame


def _agreement(analyses: Mapping[str, Analysis], factors: list[str], seed: int) -> Concordance | None:
    effects = np.array([a.ranking().set_index("factor").loc[factors, "effect"].to_numpy() for a in analyses.values()])
    ranks = _average_ranks(effects)
    if len(factors) < 2 or not np.ptp(ranks, axis=1).any():
        return None
    return kendall_w(ranks, seed)


def _alerts(analyses: Mapping[str, Analysis], factors: list[str]) -> tuple[Alert, ...]:
    alerts = []
    blind = [name for name, a in analyses.items() if a.error_source == "none"]
    if blind:
        text = f"Without an error estimate, and so not in the pooled effects: {listed(blind)}."
        alerts.append(Alert("study_without_error", "warning", text))
    first_name, *rest = analyses
    first = {f.name: f for f in analyses[first_name].trials.factors}
    for name in rest:
        other = {f.name: f for f in analyses[name].trials.factors}
        differ = [
            f
            for f in factors
            if not (same_level(first[f].low, other[f].low) and same_level(first[f].high, other[f].high))
        ]
        if differ:
            text = (
                f"The levels of {listed(differ)} differ between {first_name} and {name}: effects are over other ranges."
            )
            alerts.append(Alert("levels_differ", "warning", text))
    for name, a in analyses.items():
        told = [x for x in a.alerts if x.severity != "info"]
        alerts += [Alert(x.code, x.severity, f"{name}: {x.message}") for x in told]
    if len(analyses) < 5:
        text = (
            f"With {len(analyses)} studies tau and I² are known roughly at best, and limits (t with "
            f"{len(analyses) - 1} degrees of freedom) are wide."
        )
        alerts.append(Alert("few_studies", "info", text))
    return tuple(alerts)
