"""From measures of single studies to a table: means, Monte Carlo errors, calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.replays.measures import PAIR_BINS, SETTLED, TOP_BINS

Array = npt.NDArray[np.float64]
_RESAMPLES = 200  # for the error of a calibration error
MEANS = {
    "trials": "trials",
    "seconds": "seconds",
    "kendall_tau": "kendall_tau",
    "known_pairs_right": "known_pairs_right",
    "p_top1": "top1",
    "p_top3": "top3",
    "p_top5": "top5",
    "p_top3_exact": "top3_exact",
    "top3_capture": "top3_capture",
    "signs_right": "signs_right",
    "coverage_marginal": "coverage_marginal",
    "coverage_simultaneous": "coverage_simultaneous",
    "width_marginal": "width_marginal",
    "width_simultaneous": "width_simultaneous",
    "pairs_resolved": "pairs_resolved",
    "pairs_right": "pairs_right",
    "brier": "brier",
    "claimed_top3": "claimed_top3",
    "settled": "settled",
}
"""Columns of the table that are means over studies, and the measure that each is the mean of."""
_SHARES = ("p_top1", "p_top3", "p_top5")


def summarize(measures: Mapping[str, Array], seed: int) -> dict[str, object]:
    """Summarize the studies of one design and estimator.

    Parameters
    ----------
    measures : mapping of str to ndarray
        As of ``score_studies``, with ``trials`` and ``seconds``.
    seed : int
        Of the resampled errors.

    Returns
    -------
    dict
        A value for each of ``MEANS``; ``settled_right``, ``calibration_error``, ``calibration_error_top3``,
        ``overclaim``, ``overclaim_top3``; their standard errors as ``errors``; ``monte_carlo_error``, the largest of
        those of the shares of studies with the first one, three or five right. NaN for what cannot be had.
    """
    settled = np.where(np.isnan(measures["claimed_top3"]), np.nan, measures["claimed_top3"] >= SETTLED)
    known = {**measures, "settled": settled}
    found = {name: _mean(known[measure]) for name, measure in MEANS.items()}
    found["settled_right"] = _mean(measures["top3"][settled == 1.0])
    rng = np.random.Generator(np.random.PCG64([seed, 3]))
    for name, bins in (("calibration_error", "pair_bins"), ("calibration_error_top3", "top_bins")):
        found[name] = _resampled(_absolute, measures[bins], rng)
        found[name.replace("calibration_error", "overclaim")] = _resampled(_over, measures[bins], rng)
    shares = [found[name][1] for name in _SHARES if not np.isnan(found[name][1])]
    return {
        **{name: value for name, (value, _) in found.items()},
        "errors": {name: error for name, (_, error) in found.items()},
        "monte_carlo_error": max(shares, default=float("nan")),
    }


def calibration_table(measures: Mapping[str, Array]) -> pd.DataFrame:
    """Tell how often claims of each size were right.

    Parameters
    ----------
    measures : mapping of str to ndarray
        As of ``score_studies``.

    Returns
    -------
    DataFrame
        ``about`` ("pair" or "top3"), ``low`` and ``high`` edges of the bin, ``claims`` in it, ``claimed`` (their mean),
        ``right`` (share of them that agree with the table's own order) and ``allowed`` (share of them that contradict
        nothing that the table knows); bins without a claim are left out.
    """
    rows = []
    for about, name, edges in (("pair", "pair_bins", PAIR_BINS), ("top3", "top_bins", TOP_BINS)):
        sums = measures[name].sum(axis=0)
        for low, high, (count, *of) in zip(edges[:-1], edges[1:], sums, strict=True):
            if count:
                rows.append((about, float(low), float(high), int(count), *(total / count for total in of)))
    return pd.DataFrame(rows, columns=["about", "low", "high", "claims", "claimed", "right", "allowed"])


def _mean(values: Array) -> tuple[float, float]:
    """Return the mean over the studies that have a value, and its standard error."""
    there = values[~np.isnan(values)]
    if not len(there):
        return float("nan"), float("nan")
    error = float(there.std(ddof=1) / np.sqrt(len(there))) if len(there) > 1 else float("nan")
    return float(there.mean()), error


def _resampled(measure: Callable[[Array], float], bins: Array, rng: np.random.Generator) -> tuple[float, float]:
    """Return a measure of the bins of all studies, and its standard deviation over resampled studies (bootstrap)."""
    bins = bins[bins[:, :, 0].any(axis=1)]
    if not len(bins):
        return float("nan"), float("nan")
    s = len(bins)
    weights = rng.multinomial(s, np.full(s, 1.0 / s), size=_RESAMPLES).astype(np.float64)
    resampled = np.tensordot(weights, bins, axes=1)
    return measure(bins.sum(axis=0)), float(np.std([measure(one) for one in resampled], ddof=1))


def _absolute(sums: Array) -> float:
    """Return the mean absolute difference of claimed and right over bins, weighted by claims."""
    return float(np.abs(sums[:, 1] - sums[:, 2]).sum() / sums[:, 0].sum())


def _over(sums: Array) -> float:
    """Return by how much claims exceed the share that contradicts nothing known, weighted by claims."""
    return float(np.maximum(sums[:, 1] - sums[:, 3], 0.0).sum() / sums[:, 0].sum())
