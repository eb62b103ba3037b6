"""How far Box and Meyer's probabilities depend on their priors p and g."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.screening.box_meyer import FactorPosteriors, is_constant, posteriors
from qim_stats.screening.box_meyer_evidence import evidence
from qim_stats.screening.box_meyer_options import MAX_G, BoxMeyerOptions

Array = npt.NDArray[np.float64]
PS = (0.1, 0.25, 0.4)
STEPS = (0.5, 0.5**0.5, 1.0, 2.0**0.5, 2.0)
LIKELY_GS = tuple(2.0 ** (i / 2) for i in range(-4, 9))


@dataclass(frozen=True)
class PriorSensitivity:
    """Posterior probabilities over a grid of priors.

    Parameters
    ----------
    table : DataFrame, shape (k * ps * gs, 4)
        ``factor, p, g, posterior``.
    none : DataFrame, shape (ps * gs, 3)
        ``p, g, none``: the probability that no factor is active.
    ranges : DataFrame, shape (k, 3)
        ``factor, low, high``: the smallest and the largest probability of each factor.
    """

    table: pd.DataFrame = field(repr=False)
    none: pd.DataFrame = field(repr=False)
    ranges: pd.DataFrame


@dataclass(frozen=True)
class LikelyG:
    """How well each prior spread g of active effects fits the data.

    Parameters
    ----------
    g : float
        The best of the grid.
    table : DataFrame, shape (gs, 3)
        ``g, none, log_marginal``: the probability that no factor is active, and the log of the evidence averaged over
        all models, its largest value set to zero.
    at_edge : bool
        Whether the best is the first or last of the grid, so that the data hardly bound g.
    """

    g: float
    table: pd.DataFrame = field(repr=False)
    at_edge: bool


def prior_sensitivity(
    x: Array,
    y: Array,
    names: Sequence[str],
    options: BoxMeyerOptions | None = None,
    *,
    blocks: Array | None = None,
    ps: Sequence[float] | None = None,
    gs: Sequence[float] | None = None,
) -> PriorSensitivity | str:
    """Repeat Box and Meyer's analysis over a grid of priors.

    Parameters
    ----------
    x, y, names, options, blocks
        As of ``box_meyer``.
    ps : sequence of float, optional
        Values of p; by default 0.1, 0.25 and 0.4, from sparse to crowded,
        and the p of the options.
    gs : sequence of float, optional
        Values of g; by default the g of the options times 1/2, 0.71, 1, 1.41 and 2: effects half and twice as large.

    Returns
    -------
    PriorSensitivity or str
        The reason, as a clause, when the response is constant. Columns are multiplied once for the whole grid.

    Raises
    ------
    QimError
        As of ``box_meyer``, and for values of p or g out of their range.
    """
    options = BoxMeyerOptions() if options is None else options
    ps = sorted({*PS, options.p}) if ps is None else ps
    gs = [min(options.g * step, MAX_G) for step in STEPS] if gs is None else gs
    for p, g in ((p, g) for p in ps for g in gs):
        BoxMeyerOptions(p=p, g=g)
    found = _over_grid(x, y, len(names), options, blocks, ps, gs)
    if isinstance(found, str):
        return found
    table = pd.DataFrame(
        [(name, p, g, float(result.factors[i])) for i, name in enumerate(names) for (p, g), result in found.items()],
        columns=["factor", "p", "g", "posterior"],
    )
    stacked = np.array([result.factors for result in found.values()])
    return PriorSensitivity(
        table=table,
        none=pd.DataFrame([(p, g, result.none) for (p, g), result in found.items()], columns=["p", "g", "none"]),
        ranges=pd.DataFrame({"factor": list(names), "low": stacked.min(axis=0), "high": stacked.max(axis=0)}),
    )


def likely_g(
    x: Array,
    y: Array,
    names: Sequence[str],
    options: BoxMeyerOptions | None = None,
    *,
    blocks: Array | None = None,
    gs: Sequence[float] = LIKELY_GS,
) -> LikelyG | str:
    """Let the data choose g: the value with the largest evidence, averaged over all models.

    Parameters
    ----------
    x, y, names, options, blocks
        As of ``box_meyer``; the g of the options is not used.
    gs : sequence of float
        Ascending values to choose from; by default 0.25 to 16 in steps of a factor 1.41.

    Returns
    -------
    LikelyG or str
        The reason, as a clause, when the response is constant.

    Raises
    ------
    QimError
        As of ``box_meyer``, and for values of g out of their range.

    Notes
    -----
    Without blocks the evidence of the empty model does not depend on g, so this g also makes the posterior
    probability that no factor is active smallest (empirical Bayes; one choice from the data, not a further claim).
    """
    options = BoxMeyerOptions() if options is None else options
    for g in gs:
        BoxMeyerOptions(g=g)
    found = _over_grid(x, y, len(names), options, blocks, [options.p], gs)
    if isinstance(found, str):
        return found
    logs = np.array([result.log_marginal for result in found.values()])
    best = int(np.argmax(logs))
    return LikelyG(
        g=float(gs[best]),
        table=pd.DataFrame(
            {"g": list(gs), "none": [result.none for result in found.values()], "log_marginal": logs - logs.max()}
        ),
        at_edge=best in (0, len(gs) - 1),
    )


def _over_grid(
    x: Array,
    y: Array,
    k: int,
    options: BoxMeyerOptions,
    blocks: Array | None,
    ps: Sequence[float],
    gs: Sequence[float],
) -> dict[tuple[float, float], FactorPosteriors] | str:
    max_factors, max_order = options.for_factors(k)
    if is_constant(y):
        return "the response is constant"
    columns = np.empty((len(y), 0)) if blocks is None else blocks
    classes = evidence(x, y, columns, max_factors=max_factors, max_order=max_order, gs=tuple(gs))
    return {(p, g): posteriors(classes, k, p, at) for p in ps for at, g in enumerate(gs)}
