"""Simulated studies of known truth, and how often rank intervals hold all of their ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

import qim_stats as qs
from qim_stats.many import analyze_many
from qim_stats.ranks.bounds import RankBounds, closed_claims, joint_bounds, marginal_bounds, ordered_pairs
from qim_stats.ranks.intervals import EffectUncertainty, rank_intervals
from qim_stats.ranks.ranking import ranks
from qim_stats.screening.walsh_mixture import WalshDesign, walsh_design
from qim_stats.trials import Trials

Array = npt.NDArray[np.float64]
FACTORS = 8
CONFIDENCE = 0.95
DRAWS = 4000  # of each posterior; the package takes 10,000


@dataclass(frozen=True)
class Scenario:
    """How the truth of a study is drawn, in units of an active half effect's standard deviation.

    Parameters
    ----------
    name : str
        As in the tables.
    noise : float
        Standard deviation of a trial.
    active : int
        How many of the 8 factors have a main effect, a normal one; the others have exactly none.
    pairs, triples : float
        Standard deviations of the interactions of two and of three active factors.
    stray : int
        Number of interactions of any two factors, active or not, of standard deviation 1: no heredity.
    heavy : bool
        Whether the noise is t with 3 degrees of freedom instead of normal.
    """

    name: str
    noise: float
    active: int = 3
    pairs: float = 0.0
    triples: float = 0.0
    stray: int = 0
    heavy: bool = False


SCENARIOS = (
    Scenario("no effects", 1.0, active=0),
    Scenario("main effects", 0.1),
    Scenario("main effects", 0.5),
    Scenario("interactions", 0.1, pairs=0.5, triples=0.25),
    Scenario("interactions", 0.5, pairs=0.5, triples=0.25),
    Scenario("large interactions", 0.1, pairs=1.0, triples=0.5),
    Scenario("dense", 0.5, active=8, pairs=0.15),
    Scenario("stray, heavy tails", 0.3, stray=3, heavy=True),
)


@dataclass(frozen=True)
class Study:
    """A design as trials, its coded levels, covariance and alias-aware posterior, ready for many responses."""

    name: str
    trials: Trials
    x: Array
    unscaled: Array
    walsh: WalshDesign


def designs() -> list[Study]:
    """Return PB12, PB12 with its foldover as a second block, and PB24, each for 8 factors."""
    small, large = _plackett_burman(12), _plackett_burman(24)
    block = np.repeat([0.0, 1.0], 12)[:, None]
    return [
        _study("PB12", small, None),
        _study("PB12 + foldover", np.vstack([small, -small]), block),
        _study("PB24", large, None),
    ]


def coverage(study: Study, scenario: Scenario, numbers: Sequence[int], seed: int) -> pd.DataFrame:
    """Simulate studies and look whether their rank intervals hold the true ranks.

    Parameters
    ----------
    study : Study
        The design.
    scenario : Scenario
        The truth.
    numbers : sequence of int
        Which studies; each has its own random numbers.
    seed : int
        Of the truths, the noise and the simulations of the intervals.

    Returns
    -------
    DataFrame
        A row per study: whether the intervals of the sampling layer and the reported ones, the alias-aware, hold all
        true ranks (``split``: zero effects ranked at random behind the others); share of ranks, so split, in
        the alias-aware marginal intervals; mean widths in ranks; whether any order is claimed, and the share of claimed
        orders that is right (NaN if none is).
    """
    drawn = [_draw(study, scenario, number, seed) for number in numbers]
    found = analyze_many(study.trials, np.array([one.y for one in drawn]), confidence=CONFIDENCE, seed=seed)
    if np.isnan(found.df):
        raise ValueError(found.reason)
    rows = []
    for i, (number, one) in enumerate(zip(numbers, drawn, strict=True)):
        # The error estimate is the one that analyze takes by default in this design.
        covariance = 4.0 * float(found.sigma[i]) ** 2 * study.unscaled
        known = EffectUncertainty(found.effects[i], covariance, found.df)
        rows.append(_judge(study, one, known, seed, number))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Drawn:
    """A simulated study: half effects, their ranks (zeros tied; zeros ranked at random), response."""

    half: Array
    true: npt.NDArray[np.int64]
    split: npt.NDArray[np.int64]
    y: Array


def _draw(study: Study, scenario: Scenario, number: int, seed: int) -> Drawn:
    rng = np.random.Generator(np.random.PCG64([seed, SCENARIOS.index(scenario), len(study.x), number]))
    half, signal = _truth(scenario, study.x, rng)
    noise = rng.standard_t(3, len(signal)) / np.sqrt(3.0) if scenario.heavy else rng.standard_normal(len(signal))
    split = ranks(np.where(half == 0.0, 1e-6 * rng.standard_normal(FACTORS), half))
    return Drawn(half, ranks(half), split, signal + scenario.noise * noise)


def _judge(study: Study, one: Drawn, known: EffectUncertainty, seed: int, number: int) -> dict[str, float]:
    true, split = one.true, one.split
    claims = closed_claims(rank_intervals(known, confidence=CONFIDENCE, seed=seed))
    posterior = study.walsh.posterior(one.y, seed + number, draws=DRAWS)
    if isinstance(posterior, str):
        raise ValueError(posterior)
    sampling = RankBounds(claims.low, claims.high)
    reported = joint_bounds(posterior.shared_ranks, CONFIDENCE, posterior.doubt)
    marginal = marginal_bounds(posterior.shared_ranks, CONFIDENCE, posterior.doubt)
    larger = ordered_pairs(claims.larger, posterior.p_larger, reported, CONFIDENCE)
    size = np.abs(one.half)
    right = (size[:, None] > size[None, :])[larger]
    return {
        "sampling": float(sampling.holds(true).all()),
        "reported": float(reported.holds(true).all()),
        "split": float(reported.holds(split).all()),
        "marginal": float(marginal.holds(split).mean()),
        "width_sampling": _width(sampling),
        "width_reported": _width(reported),
        "width_marginal": _width(marginal),
        "ordered": float(larger.any()),
        "orders_right": float(right.mean()) if right.size else np.nan,
    }


def _truth(scenario: Scenario, x: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw half effects, shape (8,), and the response without noise, shape (n,)."""
    active = rng.permutation(FACTORS)[: scenario.active]
    half = np.zeros(FACTORS)
    half[active] = rng.standard_normal(len(active))
    signal = x @ half
    for size, sd in ((2, scenario.pairs), (3, scenario.triples)):
        for members in combinations(active.tolist(), size) if sd else ():
            signal = signal + sd * rng.standard_normal() * x[:, list(members)].prod(axis=1)
    every = list(combinations(range(FACTORS), 2))
    for i in rng.permutation(len(every))[: scenario.stray]:
        signal = signal + rng.standard_normal() * x[:, list(every[i])].prod(axis=1)
    return half, signal


def _study(name: str, x: Array, block: Array | None) -> Study:
    names = [f"f{i}" for i in range(FACTORS)]
    table = pd.DataFrame(x, columns=names).assign(y=np.arange(len(x)) % 3)
    if block is not None:
        table["block"] = block[:, 0].astype(int) + 1
    model = np.column_stack([np.ones(len(x)), *([] if block is None else [block]), x])
    walsh = walsh_design(x, block)
    if isinstance(walsh, str):
        raise ValueError(walsh)
    unscaled = np.linalg.inv(model.T @ model)[-FACTORS:, -FACTORS:]
    trials = qs.read_trials(table, response="y", direction="maximize", factors=names)
    return Study(name, trials, x, unscaled, walsh.prepared())


def _plackett_burman(runs: int) -> Array:
    names = [f"f{i}" for i in range(FACTORS)]
    design = qs.plackett_burman([qs.Factor(name, -1, 1) for name in names], runs=runs, seed=0)
    return design.coded[names].to_numpy(dtype=np.float64)


def _width(bounds: RankBounds) -> float:
    return float((bounds.high - bounds.low + 1).mean())
