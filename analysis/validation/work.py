"""What is replayed on each table, how often, and what is kept of it.

Three kinds of work: fixed designs by the raw ranking; fixed designs with the claims of the posterior and of
``analyze``; and studies that choose their further trials, looked at after every four. The budget of each is set so that
the recorded tables that were never locked take some eleven minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from factorial.diverged import GUESSING

import qim_stats as qs
from qim_stats.factors import Factor
from qim_stats.replays.analyzed import analyzed
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.ceiling import noise_ceiling
from qim_stats.replays.estimators import Estimates, Estimator, raw
from qim_stats.replays.measures import SETTLED, TOP_BINS
from validation.tables import ARTIFICIAL, Validated, factors_of

Array = npt.NDArray[np.float64]
RAW = ("pb12", "pb12+foldover", "frac16", "frac32")
CLAIMED = ("pb12", "pb12+foldover", "frac16", "frac32")
PRINTED = ("pb12", "pb12+foldover", "frac16")
START, BATCH = 12, 4
AWARE, ANALYZE = "alias-aware", "analyze"
PRINTED_AT = (24, 32)  # trials at which `analyze` is asked in a study that goes on
CEILING = "noise ceiling"
CEILING_AT = (12, 16, 24, 32, 48)
STOPPED = f"pb12..48@{SETTLED:g}"
MEASURES = (
    "trials",
    "p_top1",
    "p_top3",
    "p_top3_exact",
    "top3_capture",
    "kendall_tau",
    "coverage_marginal",
    "coverage_simultaneous",
    "width_marginal",
    "width_simultaneous",
    "calibration_error",
    "overclaim",
    "claimed_top3",
    "calibration_error_top3",
    "overclaim_top3",
    "settled",
    "settled_right",
)
"""Columns that are kept, as docs/replays.md defines them, each with its Monte Carlo error."""
WHOLE = ("p_top1", "p_top3", "p_top3_exact", "coverage_marginal", "coverage_simultaneous", "settled", "settled_right")
CHANCE = ("chance_top3", "chance_over_top3")
"""Columns with what chance alone makes of ``calibration_error_top3`` and ``overclaim_top3``."""
_USUAL = 8  # factors of most tables
_LARGE = 10  # factors from which an answer takes several times as long
_SIMULATED = 400  # sets of outcomes, for what calibration error chance alone makes
_HIGH = 0.975  # quantile of it


@dataclass(frozen=True)
class Budget:
    """Studies of each kind, and the trials at which those that go on end.

    Parameters
    ----------
    raw, claimed, printed : int
        Studies of each fixed design: raw, with the posterior's claims, with what ``analyze`` prints.
    chosen : int
        Studies that choose their trials.
    last : int
        Trials at which these end.
    """

    raw: int
    claimed: int
    printed: int
    chosen: int
    last: int

    def times(self, share: float) -> Budget:
        """Return a share of it, two studies at least."""
        parts = (self.raw, self.claimed, self.printed, self.chosen)
        raw, claimed, printed, chosen = (max(2, round(share * part)) for part in parts)
        return Budget(raw, claimed, printed, chosen, self.last)


def budget_of(table: Validated) -> Budget:
    """Return the budget of a table: less where an answer takes longer, or where only intervals are asked about."""
    if table.full.k >= _LARGE:
        return Budget(2000, 12, 4, 8, 48)
    if table.role == ARTIFICIAL:
        return Budget(2000, 60, 40, 12, 32)
    if table.full.k > _USUAL:
        return Budget(2000, 35, 10, 16, 48)
    return Budget(2000, 50, 16, 24, 48)


@dataclass(frozen=True)
class AtTrials:
    """An estimator that is asked at some numbers of trials alone, and says nothing at others.

    Parameters
    ----------
    estimator : Estimator
        Which.
    trials : tuple of int
        When.
    """

    estimator: Estimator
    trials: tuple[int, ...]

    def __call__(self, x: Array, y: Array) -> Estimates:
        """Return what the estimator says."""
        s, n, k = x.shape
        return self.estimator(x, y) if n in self.trials else Estimates(np.full((s, k), np.nan))


@dataclass(frozen=True)
class Measured:
    """What is kept of a table.

    Parameters
    ----------
    rows : DataFrame
        A row per design and estimator: ``design, estimator, replays`` and ``MEASURES``, each with ``_error``, and
        ``chance_top3`` and ``chance_over_top3``, the calibration error and the overclaim of the first three that claims
        which keep their word show in so few studies at most, 39 times in 40.
    calibration : DataFrame
        As of ``Replays``.
    """

    rows: pd.DataFrame
    calibration: pd.DataFrame


def measure(table: Validated, budget: Budget, seed: int, jobs: int) -> Measured:
    """Replay one table.

    Parameters
    ----------
    table : Validated
        Which.
    budget : Budget
        How often.
    seed : int
        Of everything drawn.
    jobs : int
        Processes; the answer does not depend on it.

    Returns
    -------
    Measured
        Ceiling first, then fixed designs, then those that choose their trials.
    """
    found = [
        replayed(table, RAW, {"raw": raw}, budget.raw, seed, jobs),
        replayed(table, CLAIMED, {AWARE: alias_aware}, budget.claimed, seed, jobs),
        replayed(table, PRINTED, {ANALYZE: analyzed}, budget.printed, seed, jobs),
        replayed(table, looks(budget.last), CHOSEN, budget.chosen, seed, jobs),
    ]
    parts = [_ceiling(table, seed)] + [measured_rows(one, seed) for one in found]
    if budget.last >= max(CEILING_AT):
        studies = found[-1].studies
        row = stopped(studies[studies["estimator"] == AWARE]) | {"design": STOPPED, "estimator": AWARE}
        parts.append(pd.DataFrame([row]))
    rows = pd.concat(parts, ignore_index=True)
    asked = (rows["estimator"] != ANALYZE) | ~rows["design"].isin(_not_asked(budget.last))
    claims = pd.concat([one.calibration for one in found], ignore_index=True)
    return Measured(rows[asked].reset_index(drop=True), claims)


def looks(last: int) -> list[str]:
    """Return the words of one study that goes on to ``last`` trials, looked at after every batch."""
    return [f"pb{START}..{n}" for n in range(START + BATCH, last + 1, BATCH)]


def stopped(studies: pd.DataFrame) -> dict[str, object]:
    """Return the row of the studies that stop at the first look that is sure enough.

    Parameters
    ----------
    studies : DataFrame
        ``Replays.studies`` of all looks by one estimator. The rule of the word pb12..48@0.9, but that the first look is
        at 16 trials.

    Returns
    -------
    dict
        As a row of ``Measured``, which design and estimator it is of left out.
    """
    own = studies.sort_values(["study", "trials"])
    sure = own[own["claimed_top3"] >= SETTLED].groupby("study").head(1)
    rest = own[~own["study"].isin(sure["study"])].groupby("study").tail(1)
    ends = pd.concat([sure, rest]).assign(settled=[1.0] * len(sure) + [0.0] * len(rest))
    row: dict[str, object] = {"replays": len(ends)}
    values = {name: ends[measure] for name, measure in _AT_THE_END.items()} | {"settled_right": sure["top3"]}
    for name, column in values.items():
        row[name] = float(column.mean())
        spread = float(column.std(ddof=1)) / np.sqrt(max(len(column), 1))
        row[f"{name}_error"] = share_error(spread, len(column), name)
    return row


_AT_THE_END = {
    "trials": "trials",
    "p_top1": "top1",
    "p_top3": "top3",
    "p_top3_exact": "top3_exact",
    "top3_capture": "top3_capture",
    "kendall_tau": "kendall_tau",
    "coverage_marginal": "coverage_marginal",
    "coverage_simultaneous": "coverage_simultaneous",
    "width_marginal": "width_marginal",
    "width_simultaneous": "width_simultaneous",
    "claimed_top3": "claimed_top3",
    "settled": "settled",
}


def chance_errors(claims: Array, seed: int) -> tuple[float, float]:
    """Return what calibration error as many claims would show at most, 39 times in 40, if each kept its word.

    Parameters
    ----------
    claims : ndarray of float64, shape (s,)
        Claimed probabilities; NaN where there is none.
    seed : int
        Of the simulated outcomes.

    Returns
    -------
    error, over : float
        Over the bins of docs/replays.md: the whole error, and that of claims above what came true alone; NaN without
        claims. With few studies both are well above 0.
    """
    claims = claims[~np.isnan(claims)]
    if not len(claims):
        return float("nan"), float("nan")
    rng = np.random.Generator(np.random.PCG64([seed, 6]))
    wrong_by = (rng.random((_SIMULATED, len(claims))) < claims) - claims
    bins = np.clip(np.searchsorted(TOP_BINS, claims, side="right") - 1, 0, len(TOP_BINS) - 2)
    sums = np.stack([wrong_by[:, bins == one].sum(axis=1) for one in np.unique(bins)])
    error, over = (
        float(np.quantile(part.sum(axis=0), _HIGH, method="inverted_cdf") / len(claims))
        for part in (np.abs(sums), np.maximum(-sums, 0.0))
    )
    return error, over


def replayed(
    table: Validated, designs: Sequence[str], estimators: Mapping[str, Estimator], replays: int, seed: int, jobs: int
) -> qs.Replays:
    """Replay designs on a table.

    Parameters
    ----------
    table : Validated
        Which; its replicates tell the noise.
    designs, estimators, replays, seed, jobs
        As of ``qs.replay``.

    Returns
    -------
    Replays
        Of all designs and estimators.
    """
    factors: list[str | Factor] | None = None
    if isinstance(table.source, pd.DataFrame):
        factors = list(factors_of(table.source))
    return qs.replay(
        table.source,
        replays=replays,
        designs=designs,
        estimators=estimators,
        response=table.full.response,
        direction=table.full.direction,
        factors=factors,
        diverged_as=GUESSING.get(table.full.response),
        replicates=table.replicates,
        seed=seed,
        jobs=jobs,
    )


def _ceiling(table: Validated, seed: int) -> pd.DataFrame:
    trials = [n for n in CEILING_AT if n < table.full.cells]
    found = noise_ceiling(table.world, table.truth, trials, seed)
    kept = found[["trials", "p_top1", "p_top3", "top3_capture", "kendall_tau"]]
    return kept.assign(design=CEILING, estimator="")


def measured_rows(found: qs.Replays, seed: int) -> pd.DataFrame:
    """Return what is kept of replays.

    Parameters
    ----------
    found : Replays
        Of ``replayed``.
    seed : int
        Of what is simulated for ``chance_top3`` and ``chance_over_top3``.

    Returns
    -------
    DataFrame
        As of ``Measured.rows``; the error of a share of 0 or 1 is that of one study more or less.
    """
    replays = int(found.method["replays"])
    rows = found.designs[["design", "estimator", *MEASURES]].assign(replays=replays)
    for name in MEASURES:
        counts = [studies_behind(name, replays, settled) for settled in rows["settled"]]
        pairs = zip(found.designs["errors"], counts, strict=True)
        rows[f"{name}_error"] = np.where(
            rows[name].isna(), np.nan, [share_error(row[name], count, name) for row, count in pairs]
        )
    claims = found.studies.groupby(["design", "estimator"])["claimed_top3"]
    chance = {key: chance_errors(own.to_numpy(dtype=np.float64), seed) for key, own in claims}
    asked = list(zip(rows["design"], rows["estimator"], strict=True))
    return rows.assign(**{name: [chance[key][place] for key in asked] for place, name in enumerate(CHANCE)})


def studies_behind(name: str, studies: int, settled: float) -> int:
    """Return of how many studies a measure is.

    Parameters
    ----------
    name : str
        Of the measure, of ``MEASURES``.
    studies : int
        All of them.
    settled : float
        Share of them that are sure of their first three; NaN where nothing is claimed.
    """
    if name != "settled_right":
        return studies
    return 0 if np.isnan(settled) else round(settled * studies)


def share_error(error: float, count: int, name: str) -> float:
    """Return a Monte Carlo error; of a share of 0 or 1 that of one study more or less.

    Parameters
    ----------
    error : float
        As estimated from the studies; NaN where that cannot be done.
    count : int
        Number of studies that the measure is of: all of them, or those that settled.
    name : str
        Of the measure, of ``MEASURES``.
    """
    if name not in WHOLE or not count:
        return error
    return max(0.0 if np.isnan(error) else error, 1.0 / count)


def _not_asked(last: int) -> list[str]:
    return [word for word in looks(last) if int(word.partition("..")[2]) not in PRINTED_AT]


CHOSEN: dict[str, Estimator] = {AWARE: alias_aware, ANALYZE: AtTrials(analyzed, PRINTED_AT)}
