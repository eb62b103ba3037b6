"""Designs side by side before any trial is run: trials, hours, what each can see, how often its top three is right."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from qim_stats import __version__
from qim_stats.design import Design, DesignSettings, build_design
from qim_stats.errors import QimError
from qim_stats.factors import Factor
from qim_stats.output import write_text
from qim_stats.plain import plain, to_json
from qim_stats.power.cost import Price
from qim_stats.power.options import Sight, candidates, coded_design, fewest_repeats, label, sight
from qim_stats.power.pilot import Noise
from qim_stats.power.significance import check_levels
from qim_stats.power.top_k import STUDIES, Assumptions, describe, top_probabilities

SCHEMA = 1
_POINTS = 41
_WIDEST = 1.25


@dataclass(frozen=True)
class Question:
    """What is asked of the designs.

    Parameters
    ----------
    effect : float or None
        The smallest effect that shall be seen (high - low), in the response's unit.
    power : float
        The chance of claiming it.
    confidence : float
        1 - the chance of any false claim over the factors.
    noise : Noise or None
        The standard deviation of a trial; without it everything is told in units of it.
    price : Price or None
        What a trial takes.
    assumptions : Assumptions
        Behind the chances of a right top three.
    studies : int
        How many studies are simulated for each design.
    seed : int
        Of everything simulated.

    Raises
    ------
    QimError
        If an option means nothing, or an effect is asked for without any noise to compare it with.
    """

    effect: float | None = None
    power: float = 0.8
    confidence: float = 0.95
    noise: Noise | None = None
    price: Price | None = None
    assumptions: Assumptions = field(default_factory=Assumptions)
    studies: int = STUDIES
    seed: int = 0

    def __post_init__(self) -> None:
        check_levels(self.power, self.confidence)
        if self.seed < 0:
            raise QimError(f"{self.seed!r} is negative", where="--seed", remedy="give 0 or a positive whole number")
        if self.effect is None:
            return
        if not 0.0 < self.effect < float("inf"):
            raise QimError(f"{self.effect!r} is not a positive number", where="--effect", remedy="give a size")
        if self.noise is None:
            problem = "an effect cannot be judged without the noise of a trial"
            raise QimError(problem, where="--effect", remedy="add --sd, or --pilot with a table of replicates")

    @property
    def effect_sd(self) -> float | None:
        """The effect asked for, in SDs of a trial."""
        return None if self.effect is None or self.noise is None else self.effect / self.noise.sd


@dataclass(frozen=True)
class Comparison:
    """Designs side by side; made by ``compare_designs``.

    Parameters
    ----------
    designs : DataFrame
        A row per design, fewest trials first: ``design, asked, trials, error, df, critical, std_error_sd,
        detectable_sd, detectable, detectable_careful, power, p_top1, p_top3, monte_carlo_error, device_hours,
        clock_hours``. ``asked`` marks the design of the file; sizes ending in ``_sd`` are in SDs of a trial, the others
        in the response's unit, ``detectable_careful`` with the upper limit of the SD; ``power`` is that for the effect
        asked for. NaN where something cannot be had.
    curves : DataFrame
        ``design, effect_sd, effect, power``.
    cheapest : str or None
        The design of fewest trials in the table that sees the effect asked for; of several, the one whose top three is
        right oftenest.
    enough : tuple of (str, int) or None
        Where none of them does: the design whose replicates would, and how many trials that takes.
    question : Question
        What was asked.
    factors : tuple of str
        The k factors.
    """

    designs: pd.DataFrame
    curves: pd.DataFrame
    cheapest: str | None
    enough: tuple[str, int] | None
    question: Question
    factors: tuple[str, ...]

    def method(self) -> Mapping[str, Any]:
        """Return every option used."""
        asked = self.question
        return {
            "factors": list(self.factors),
            "power": asked.power,
            "confidence": asked.confidence,
            "adjust": "holm, first step: p < (1 - confidence) / k",
            "effect": asked.effect,
            "assumptions": describe(asked.assumptions, len(self.factors)),
            "seed": asked.seed,
            "version": __version__,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values, with None for what cannot be had.

        Returns
        -------
        dict
            Keys ``schema, noise, price, designs, curves, cheapest, enough, method, alerts``.
        """
        noise, price, enough = self.question.noise, self.question.price, self.enough
        answer = {
            "schema": SCHEMA,
            "noise": None if noise is None else noise_record(noise),
            "price": None if price is None else {key: getattr(price, key) for key in Price.__dataclass_fields__},
            "designs": self.designs,
            "curves": self.curves,
            "cheapest": self.cheapest,
            "enough": None if enough is None else {"design": enough[0], "trials": enough[1]},
            "method": self.method(),
            "alerts": [] if noise is None else alert_records(noise),
        }
        return {key: plain(value) for key, value in answer.items()}

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the comparison as JSON.

        Parameters
        ----------
        path : path
            Replaced atomically.

        Raises
        ------
        QimError
            If it cannot be written.
        """
        write_text(path, to_json(self.to_dict()))


def noise_record(noise: Noise) -> dict[str, Any]:
    """Return the noise as plain values, without its alerts."""
    keys = ("sd", "df", "low", "high", "confidence", "trials", "groups", "seconds")
    return {("conf_" + key if key in ("low", "high") else key): getattr(noise, key) for key in keys}


def alert_records(noise: Noise) -> list[dict[str, str]]:
    """Return what was noticed about the pilot."""
    return [{"code": a.code, "severity": a.severity, "message": a.message} for a in noise.alerts]


def compare_designs(
    factors: Sequence[Factor], question: Question | None = None, settings: DesignSettings | None = None
) -> Comparison:
    """Put the designs for some factors side by side.

    Parameters
    ----------
    factors : sequence of Factor
        k factors; their levels do not matter.
    question : Question, optional
        What the designs shall see, how noisy and how dear a trial is.
    settings : DesignSettings, optional
        A design of one's own to add to the usual ones.

    Returns
    -------
    Comparison

    Raises
    ------
    QimError
        If there is no design of these factors.
    """
    asked = question or Question()
    designs = candidates(factors)
    own = None
    if settings is not None:
        design = build_design(settings, factors)
        own = label(design)
        designs[own] = design
    designs = dict(sorted(designs.items(), key=lambda item: item[1].n))
    seen = {name: sight(design, confidence=asked.confidence, seed=asked.seed) for name, design in designs.items()}
    table = pd.DataFrame([{"asked": name == own, **_row(name, designs[name], seen[name], asked)} for name in designs])
    table.insert(0, "design", table.pop("design"))
    cheapest = _cheapest(table, asked)
    enough = None if asked.effect is None or cheapest is not None else _enough(designs, seen, asked)
    return Comparison(table, _curves(seen, asked), cheapest, enough, asked, tuple(f.name for f in factors))


def _row(name: str, design: Design, seen: Sight, asked: Question) -> dict[str, Any]:
    noise, price, nan = asked.noise, asked.price, float("nan")
    smallest = seen.detectable(asked.power)
    size = nan if smallest is None else smallest
    x, names, blocks = coded_design(design)
    tops = top_probabilities(x, names, blocks, asked.assumptions, studies=asked.studies, seed=asked.seed)
    reached = None if asked.effect_sd is None else seen.power(asked.effect_sd)
    return {
        "design": name,
        "trials": design.n,
        "error": seen.error.source,
        "df": nan if seen.test is None else seen.test.df,
        "critical": nan if seen.test is None else seen.test.critical,
        "std_error_sd": seen.spread,
        "detectable_sd": size,
        "detectable": nan if noise is None else size * noise.sd,
        "detectable_careful": nan if noise is None or noise.high is None else size * noise.high,
        "power": nan if reached is None else reached,
        "p_top1": nan if tops.top1 is None else tops.top1,
        "p_top3": nan if tops.top3 is None else tops.top3,
        "monte_carlo_error": tops.monte_carlo_error,
        "device_hours": nan if price is None else price.device_hours(design.n),
        "clock_hours": nan if price is None else price.clock_hours(design.n),
    }


def _cheapest(table: pd.DataFrame, asked: Question) -> str | None:
    """Return the design of fewest trials that sees the effect; of several, the one best at the top three."""
    able = table[table["power"] >= asked.power]
    if able.empty:
        return None
    return str(able.sort_values(["trials", "p_top3"], ascending=[True, False], kind="stable")["design"].iloc[0])


def _enough(designs: Mapping[str, Design], seen: Mapping[str, Sight], asked: Question) -> tuple[str, int] | None:
    """Return the design whose replicates see the effect with the fewest trials, and their number."""
    found: list[tuple[int, str]] = []
    for name, design in designs.items():
        if design.replicates == 1 and asked.effect_sd is not None:
            k = len(design.factors)
            more = fewest_repeats(seen[name], asked.effect_sd, k, power=asked.power, confidence=asked.confidence)
            if more is not None:
                found.append((more.trials, f"{name} x{more.trials // design.n}"))
    return (min(found)[1], min(found)[0]) if found else None


def _curves(seen: Mapping[str, Sight], asked: Question) -> pd.DataFrame:
    """Return the power of every design on a common grid of sizes, up to beyond what half of them see."""
    limits = sorted(size for one in seen.values() if (size := one.detectable(max(asked.power, 0.9))) is not None)
    if not limits:
        return pd.DataFrame(columns=["design", "effect_sd", "effect", "power"])
    # The weakest design may need sizes that dwarf all others.
    top = _WIDEST * limits[len(limits) // 2]
    sizes = np.linspace(0.0, max(top, _WIDEST * (asked.effect_sd or 0.0)), _POINTS)
    scale = float("nan") if asked.noise is None else asked.noise.sd
    rows = [
        {"design": name, "effect_sd": float(size), "effect": float(size) * scale, "power": one.power(float(size))}
        for name, one in seen.items()
        if one.test is not None
        for size in sizes
    ]
    return pd.DataFrame(rows)
