"""The designs worth comparing for a number of factors, and what each can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.design import Design, default_runs, foldover, full_factorial, plackett_burman, replicate
from qim_stats.design.hadamard import MAX_ORDER
from qim_stats.factors import Factor
from qim_stats.power.detectable import effect_covariance
from qim_stats.power.error_plan import ErrorPlan, plan_error
from qim_stats.power.significance import Significance, detectable_shift, significance

Array = npt.NDArray[np.float64]
_MOST_FULL = 512
_MOST_TRIALS = 100_000


@dataclass(frozen=True)
class Sight:
    """What a design can see.

    Parameters
    ----------
    trials : int
        n.
    spread : float
        The largest standard error of an effect over the k factors, in SDs of a trial.
    error : ErrorPlan
        Where its error estimate comes from.
    test : Significance or None
        The test of an effect; None where there is no error estimate.
    """

    trials: int
    spread: float
    error: ErrorPlan
    test: Significance | None

    def detectable(self, power: float) -> float | None:
        """Return the smallest effect claimed with that power, in SDs of a trial; None without an error estimate."""
        return None if self.test is None else self.spread * detectable_shift(self.test, power)

    def power(self, effect_sd: float) -> float | None:
        """Return the chance of claiming an effect of that many SDs of a trial."""
        return None if self.test is None else self.test.power(effect_sd / self.spread)


def coded_design(design: Design) -> tuple[Array, list[str], list[int] | None]:
    """Return the factors' coded columns, their names, and the blocks where there are several."""
    names = [factor.name for factor in design.factors]
    blocks = design.coded["block"].tolist()
    return design.coded[names].to_numpy(dtype=np.float64), names, blocks if len(set(blocks)) > 1 else None


def sight(design: Design, *, confidence: float = 0.95, seed: int = 0) -> Sight:
    """Foresee what a design can see.

    Parameters
    ----------
    design : Design
        n trials of k factors.
    confidence : float
        1 - the chance of any false claim over the k factors.
    seed : int
        Of Lenth's method, if the design needs it.

    Returns
    -------
    Sight

    Raises
    ------
    DesignError
        If the design cannot tell its factors apart.
    """
    x, names, blocks = coded_design(design)
    spread = 2.0 * float(np.sqrt(np.diag(effect_covariance(x, names, blocks)).max().round(15)))
    error = plan_error(x, blocks)
    return Sight(design.n, spread, error, _test(error, len(names), confidence, seed))


def repeated(seen: Sight, times: int, k: int, *, confidence: float) -> Sight:
    """Foresee what the same design sees when each trial is done several times, each time with a new seed."""
    error = ErrorPlan("pure", float(seen.trials * (times - 1)))
    return Sight(seen.trials * times, seen.spread / times**0.5, error, _test(error, k, confidence, 0))


def fewest_repeats(seen: Sight, effect_sd: float, k: int, *, power: float, confidence: float) -> Sight | None:
    """Find how often a design must be replicated to see an effect.

    Parameters
    ----------
    seen : Sight
        The design, unreplicated.
    effect_sd : float
        The effect, in SDs of a trial.
    k : int
        The number of factors.
    power, confidence : float
        As of ``detectable_effects``.

    Returns
    -------
    Sight or None
        With the fewest replicates, at least 2, that do; None when more than 100,000 trials would be needed.
    """
    few, many = 1, 2
    while not _sees(repeated(seen, many, k, confidence=confidence), effect_sd, power):
        few, many = many, 2 * many
        if many * seen.trials > 2 * _MOST_TRIALS:
            return None
    # What more replicates see is always smaller, so halving finds the fewest.
    while many - few > 1:
        middle = (few + many) // 2
        if _sees(repeated(seen, middle, k, confidence=confidence), effect_sd, power):
            many = middle
        else:
            few = middle
    return repeated(seen, many, k, confidence=confidence) if many * seen.trials <= _MOST_TRIALS else None


def candidates(factors: Sequence[Factor]) -> dict[str, Design]:
    """Return the designs to compare, by label.

    Parameters
    ----------
    factors : sequence of Factor
        k factors.

    Returns
    -------
    dict of str to Design
        The default Plackett-Burman design; the same with its foldover; twice; folded and twice; the Plackett-Burman
        design of as many runs as the foldover; the full factorial up to 512 runs.

    Raises
    ------
    QimError
        If there is no design of these factors.
    """
    base = plackett_burman(factors, default_runs(len(factors)))
    folded = foldover(base)
    designs = [base, folded, replicate(base, 2), replicate(folded, 2)]
    if 2 * base.n <= MAX_ORDER:
        designs.append(plackett_burman(factors, 2 * base.n))
    if 2 ** len(factors) <= _MOST_FULL:
        designs.append(full_factorial(factors))
    return {label(design): design for design in sorted(designs, key=lambda design: design.n)}


def label(design: Design) -> str:
    """Name a design in a few characters, such as ``PB12+foldover x2``."""
    if design.kind == "plackett-burman":
        name = f"PB{design.base_runs}"
    elif design.kind == "full-factorial":
        name = f"full 2^{len(design.factors)}"
    else:
        name = f"{design.kind} {design.base_runs}"
    name += "+foldover" if design.folded else ""
    return f"{name} x{design.replicates}" if design.replicates > 1 else name


def _test(error: ErrorPlan, k: int, confidence: float, seed: int) -> Significance | None:
    if error.source == "none":
        return None
    return significance(error.df, error.contrasts, k, confidence=confidence, seed=seed)


def _sees(seen: Sight, effect_sd: float, power: float) -> bool:
    reached = seen.power(effect_sd)
    return reached is not None and reached >= power
