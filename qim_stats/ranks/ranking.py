"""The ranking of factors by the size of their main effects, with what is known and not known of the order.

Where interactions are allowed for, the size is the posterior mean of |effect|: an estimate takes over the interactions
that are aliased with it, and so would its rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.model.error_estimate import ErrorEstimate
from qim_stats.model.fit import Fit
from qim_stats.ranks.bounds import ordered_pairs
from qim_stats.ranks.evidence import (
    TOPS,
    AliasAwareLayer,
    SamplingLayer,
    alias_aware_layer,
    coded_levels,
    design_of,
    sampling_layer,
)
from qim_stats.ranks.prior_sensitivity import AliasAwareStudy, RankSensitivity, rank_sensitivity
from qim_stats.ranks.response_scale import ResponseScale, response_scale
from qim_stats.screening.walsh_sets import Progress
from qim_stats.waiting import Progress as Watched

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_ZERO = 1e-12  # effects below this share of the response's SD are rounding error
_SIMULATED = 3.0  # standard errors by which simulation must tell two sizes apart
_TIE = 1e-10  # differences of |effect| below this share of the largest are rounding error


@dataclass(frozen=True)
class Ranking:
    """Factors by rank.

    Parameters
    ----------
    table : DataFrame, shape (k, 18)
        A row per factor, sorted by rank: ``factor, rank, rank_low, rank_high, tied_with, effect, std_error, conf_low,
        conf_high, importance, p_value, p_adjusted, p_top, raw_effect, raw_rank, p_sign, sampling, alias_aware``.
    pairs : DataFrame, shape (k (k - 1) / 2, 5)
        A row per pair, the factor of the better rank first: ``factor, other, p_larger, p_larger_sampling, ordered``.
    alias_reason : str
        Why there is no alias-aware layer, as a clause; empty if there is one.
    study : AliasAwareStudy or None
        What the alias-aware layer was made from.
    scale : ResponseScale or None
        On which scale the response is simpler, as that layer has it.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    alias_reason: str
    study: AliasAwareStudy | None = None
    scale: ResponseScale | None = None

    @cached_property
    def sensitivity(self) -> RankSensitivity | None:
        """How far the alias-aware answers depend on the prior; takes a few times as long as the ranking."""
        if self.study is None:
            return None
        return rank_sensitivity(self.study, self.table["factor"].tolist(), self.pairs)

    def gather(self, progress: Watched) -> None:
        """Make what ``sensitivity`` needs, telling how much of it is there."""
        if self.study is None:
            return
        names = list(self.study.others)
        for done, name in enumerate(names):
            self.study.under(name, _part(progress, done, len(names)))


def rank_study(
    fit: Fit,
    error: ErrorEstimate,
    terms: pd.DataFrame,
    factors: list[str],
    *,
    confidence: float,
    seed: int,
    coded: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Ranking:
    """Rank the factors of a model by the size of their main effects.

    Parameters
    ----------
    fit : Fit
        The model.
    error : ErrorEstimate
        Behind the standard errors.
    terms : DataFrame
        As of ``term_table``.
    factors : list of str
        The k factors whose main effects were asked for.
    confidence : float
        Of the effects' limits, of all rank intervals together, and of each order that is claimed.
    seed : int
        Of the simulations.
    coded : DataFrame, shape (n, at least k), optional
        Coded levels of the usable trials; without it those of the model matrix.
    progress : callable, optional
        Called with the steps done and their number, for studies of many factors.

    Returns
    -------
    Ranking
        Rank 1 has the largest posterior mean of |effect|, or |effect| where there is no alias-aware layer; equal ones
        share the better rank. ``rank_low`` and ``rank_high`` are that layer's joint intervals, or those of the sampling
        layer; a pair is not in ``tied_with`` only if it is ordered, as ``ordered_pairs`` has it.
        Without an error estimate the intervals are 1..k and what needs one is NaN or None. A factor whose main effect
        the trials do not determine has the rank None, comes last, and may have any rank. ``raw_effect`` is the signed
        sum of the responses, coded level times response, which the QIM method ranks (``raw_rank``).
    """
    rows = terms.set_index("term").reindex(factors)
    effects = rows["effect"].to_numpy(dtype=np.float64)
    effects = np.where(np.abs(effects) <= _ZERO * np.std(fit.y), 0.0, effects)
    steps = _steps(rows)
    sampling = sampling_layer(fit, error, factors, effects, steps, confidence=confidence, seed=seed)
    levels = coded_levels(fit, factors, coded)
    aware = _alias_aware(fit, error, factors, levels, effects, confidence=confidence, seed=seed, progress=progress)
    found = None if isinstance(aware, str) else aware.layer
    bounds, larger = sampling.bounds, sampling.claims.larger
    if found is not None:
        # A factor that the trials do not determine may have any rank, whatever the prior says of it.
        bounds = found.bounds.hull(bounds) if np.isnan(effects).any() else found.bounds
        larger = ordered_pairs(larger, found.p_larger, bounds, confidence)
    table = _effect_columns(factors, rows, effects, steps).assign(
        rank=_ranks(effects, found),
        rank_low=bounds.low,
        rank_high=bounds.high,
        tied_with=pd.Series(_ties(larger, factors), dtype=object),
        p_top=pd.Series(_top_records(sampling.p_top if found is None else found.p_top, len(factors)), dtype=object),
    )
    table = _with_layers(table, sampling, found, None if isinstance(levels, str) else levels.T @ fit.y)
    order = sorted(range(len(factors)), key=lambda i: (np.isnan(effects[i]), table["rank"].iloc[i] or 0))
    return Ranking(
        table=table.iloc[order].reset_index(drop=True),
        pairs=_pairs(factors, order, larger, sampling.p_larger, found),
        alias_reason=aware if isinstance(aware, str) else "",
        study=None if isinstance(aware, str) else aware,
        scale=None if found is None else response_scale(found.p_scale, fit.y, fit.model.transform.name),
    )


def _part(progress: Watched, done: int, parts: int) -> Progress:
    """Turn the progress of one part of several into that of the whole."""
    return lambda step, steps: progress("ranks under other priors", (done + step / steps) / parts)


def ranks(effects: Array) -> npt.NDArray[np.int64]:
    """Rank effects by size.

    Parameters
    ----------
    effects : ndarray of float64, shape (k,)
        In any unit.

    Returns
    -------
    ndarray of int64, shape (k,)
        1 for the largest |effect|; effects equal up to rounding share the better rank.
    """
    magnitude = np.abs(effects)
    order = np.argsort(-magnitude, kind="stable")
    answer = np.empty(len(effects), dtype=np.int64)
    tolerance = _TIE * float(magnitude.max(initial=0.0))
    for place, i in enumerate(order):
        before = order[place - 1]
        tie = place > 0 and magnitude[before] - magnitude[i] <= tolerance
        answer[i] = answer[before] if tie else place + 1
    return answer


def _ranks(effects: Array, aware: AliasAwareLayer | None) -> pd.Series:
    """Rank by the alias-aware sizes where there are any; factors without an effect have no rank.

    Sizes that simulation cannot tell apart, a chain of them included, are in the order of |effect|.
    """
    if aware is None:
        return _ranks_or_none(effects)
    known = np.flatnonzero(~np.isnan(effects))
    order = known[np.argsort(-aware.size[known], kind="stable")]
    # The group of each size, from the smallest: a gap begins another.
    gaps = -np.diff(aware.size[order], prepend=np.inf) > _SIMULATED * aware.size_error
    groups = np.full(len(effects), np.nan)
    groups[order] = len(order) - gaps.cumsum()
    largest = float(np.abs(effects[known]).max(initial=0.0)) or 1.0
    return _ranks_or_none(groups + 0.5 * np.abs(effects) / largest)


def _ranks_or_none(effects: Array) -> pd.Series:
    """Rank the numbers that there are by size; None, and objects instead of integers, where one is missing."""
    known = ~np.isnan(effects)
    if known.all():
        return pd.Series(ranks(effects))
    answer: list[int | None] = [None] * len(effects)
    for i, rank in zip(np.flatnonzero(known), ranks(effects[known]).tolist(), strict=True):
        answer[i] = rank
    return pd.Series(answer, dtype=object)


def _steps(rows: pd.DataFrame) -> Array:
    """Return what an effect is beside its coefficient: 2 for a coded factor."""
    estimate, effect = rows["estimate"].to_numpy(np.float64), rows["effect"].to_numpy(np.float64)
    steps = np.full(len(rows), 2.0)
    told = (estimate != 0.0) & ~np.isnan(estimate)
    steps[told] = effect[told] / estimate[told]
    return steps


def _effect_columns(factors: list[str], rows: pd.DataFrame, effects: Array, steps: Array) -> pd.DataFrame:
    limits = np.sort(steps[:, None] * rows[["conf_low", "conf_high"]].to_numpy(np.float64), axis=1)
    total = float(np.nansum(effects**2))
    return pd.DataFrame(
        {
            "factor": factors,
            "rank": None,
            "rank_low": 1,
            "rank_high": len(factors),
            "tied_with": None,
            "effect": effects,
            "std_error": np.abs(steps) * rows["std_error"].to_numpy(np.float64),
            "conf_low": limits[:, 0],
            "conf_high": limits[:, 1],
            "importance": effects**2 / total if total > 0.0 else np.nan,
            "p_value": rows["p_value"].to_numpy(),
            "p_adjusted": rows["p_adjusted"].to_numpy(),
        }
    )


def _with_layers(
    table: pd.DataFrame, sampling: SamplingLayer, aware: AliasAwareLayer | None, raw: Array | None
) -> pd.DataFrame:
    sums = np.full(len(table), np.nan) if raw is None else raw
    return table.assign(
        raw_effect=sums,
        raw_rank=_ranks_or_none(sums),
        p_sign=np.nan if aware is None else aware.p_sign,
        sampling=pd.Series(_sampling_records(sampling, table["factor"].tolist()), dtype=object),
        alias_aware=pd.Series(_alias_aware_records(aware, len(table)), dtype=object),
    )


def _alias_aware(
    fit: Fit,
    error: ErrorEstimate,
    factors: Sequence[str],
    levels: Array | str,
    effects: Array,
    *,
    confidence: float,
    seed: int,
    progress: Progress | None,
) -> AliasAwareStudy | str:
    if error.sigma is None:
        return "there is no error estimate"
    if len(factors) < 2:
        return "there is one factor only"
    if isinstance(levels, str):
        return levels
    design = design_of(fit, factors, levels)
    if isinstance(design, str):
        return design
    layer = alias_aware_layer(design, fit.y, effects, confidence=confidence, seed=seed, progress=progress)
    return layer if isinstance(layer, str) else AliasAwareStudy(design, fit.y, tuple(factors), layer, confidence, seed)


def _ties(larger: Flags, factors: list[str]) -> list[list[str]]:
    apart = larger | larger.T
    return [[b for j, b in enumerate(factors) if j != i and not apart[i, j]] for i in range(len(factors))]


def _top_records(p_top: dict[int, Array] | None, k: int) -> list[dict[str, float | None]]:
    return [{str(top): None if p_top is None else float(p_top[top][i]) for top in TOPS} for i in range(k)]


def _sampling_records(layer: SamplingLayer, factors: list[str]) -> list[dict[str, Any]]:
    bounds, tied = layer.bounds, _ties(layer.claims.larger, factors)
    tops = _top_records(layer.p_top, len(factors))
    return [
        {"rank_low": int(low), "rank_high": int(high), "tied_with": ties, "p_top": top}
        for low, high, ties, top in zip(bounds.low, bounds.high, tied, tops, strict=True)
    ]


def _alias_aware_records(layer: AliasAwareLayer | None, k: int) -> list[dict[str, Any] | None]:
    if layer is None:
        return [None] * k
    tops = _top_records(layer.p_top, k)
    return [
        {
            "rank_low": int(layer.bounds.low[i]),
            "rank_high": int(layer.bounds.high[i]),
            "marginal_low": int(layer.marginal.low[i]),
            "marginal_high": int(layer.marginal.high[i]),
            "p_top": tops[i],
            "effect": float(layer.effect[i]),
            "sd": float(layer.sd[i]),
            "size": float(layer.size[i]),
        }
        for i in range(k)
    ]


def _pairs(
    factors: list[str], order: list[int], larger: Flags, p_sampling: Array | None, aware: AliasAwareLayer | None
) -> pd.DataFrame:
    rows = [
        (
            factors[i],
            factors[j],
            np.nan if aware is None else float(aware.p_larger[i, j]),
            np.nan if p_sampling is None else float(p_sampling[i, j]),
            bool(larger[i, j]),
        )
        for place, i in enumerate(order)
        for j in order[place + 1 :]
    ]
    return pd.DataFrame(rows, columns=["factor", "other", "p_larger", "p_larger_sampling", "ordered"])
