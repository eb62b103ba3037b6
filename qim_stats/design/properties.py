"""What a design is good for: resolution, aliases, efficiency, degrees of freedom, and what drift does to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qim_stats.design.aliasing import aliasing
from qim_stats.design.design import DEFINITIVE, Design
from qim_stats.design.drift import trend_correlations
from qim_stats.design.resolution import FULL, Resolution, resolution

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DesignProperties:
    """The properties of a design.

    Parameters
    ----------
    resolution : str
        ``"III"``, ``"IV"``, ...; with a star where aliases are partial; ``"full factorial"``.
    generalized_resolution : float or None
        Deng and Tang's; None where it does not apply or was not computed. See `qim_stats.design.resolution`.
    word_length_pattern : tuple of int or None
        A3, A4, ...: how many defining words of 3, 4, ... factors a regular design has; None for other designs.
    defining_words : tuple of str
        The defining relation of a regular design without its I, shortest words first.
    alias_chains : tuple of str
        The main effects and two-factor interactions that a regular design cannot tell apart, a group an entry.
    largest_alias : float
        The largest absolute correlation of a main effect with a two-factor interaction of other factors.
    confounded_with_blocks : tuple of str
        Sentences.
    d_efficiency, a_efficiency : float
        Of the model of main effects, in percent of an orthogonal two-level design of as many trials.
    interactions_estimable : bool
        Whether the model of all main effects and two-factor interactions (and blocks) can be estimated.
    df_error : int
        Degrees of freedom for error beside main effects and blocks.
    df_pure_error : int
        Those of them between trials of the same setting and block.
    linear_trend, quadratic_trend : float
        The largest absolute correlation of a main effect with a trend over the run order.
    """

    resolution: str
    generalized_resolution: float | None
    word_length_pattern: tuple[int, ...] | None
    defining_words: tuple[str, ...]
    alias_chains: tuple[str, ...]
    largest_alias: float
    confounded_with_blocks: tuple[str, ...]
    d_efficiency: float
    a_efficiency: float
    interactions_estimable: bool
    df_error: int
    df_pure_error: int
    linear_trend: float
    quadratic_trend: float

    def to_dict(self) -> dict[str, Any]:
        """Return the properties as plain values, tuples as lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def properties(design: Design) -> DesignProperties:
    """Measure a design.

    Parameters
    ----------
    design : Design
        Any design.

    Returns
    -------
    DesignProperties
        Resolution, aliases, efficiency, degrees of freedom, trends.

    Notes
    -----
    With X the intercept and the p - 1 coded factors over n trials, the D-efficiency is 100 |X'X|^(1/p) / n and the
    A-efficiency 100 p / (n tr (X'X)^-1): Mitchell, T. J. (1974), An algorithm for the construction of "D-optimal"
    experimental designs, Technometrics 16, 203-210. The blocks are orthogonal to the factors and change neither.
    """
    coded = design.coded
    factors = coded[design.names].to_numpy(dtype=np.float64)
    blocks = (coded["block"].to_numpy()[:, None] == np.unique(coded["block"])).astype(np.float64)
    x = np.column_stack([np.ones(design.n), factors])
    information = x.T @ x / design.n
    p = x.shape[1]
    groups = len(coded[["block", *design.names]].drop_duplicates())
    found = _resolution(design)
    # All products of a full factorial's columns are orthogonal; with 2^16 runs that need not be computed.
    full = found.text == FULL and design.blocks == 1
    linear, quadratic = trend_correlations(design)
    return DesignProperties(
        resolution=found.text,
        generalized_resolution=found.generalized,
        word_length_pattern=found.word_lengths,
        defining_words=found.defining_words,
        alias_chains=found.alias_chains,
        largest_alias=aliasing(coded, design.names, ()).main_largest,
        confounded_with_blocks=design.confounded,
        d_efficiency=100 * float(np.exp(np.linalg.slogdet(information)[1] / p)),
        a_efficiency=100 * p / float(np.trace(np.linalg.inv(information))),
        interactions_estimable=full or _interactions_estimable(factors, blocks),
        df_error=design.n - _rank(np.column_stack([blocks, factors])),
        df_pure_error=design.n - groups,
        linear_trend=linear,
        quadratic_trend=quadratic,
    )


def _resolution(design: Design) -> Resolution:
    """Find the resolution of the runs that are no center points."""
    if design.kind == DEFINITIVE:
        text = "main effects clear of two-factor interactions and squares"
        return Resolution(text, None, None, (), ())
    once = design.coded.loc[(design.coded["replicate"] == 1) & ~design.at_center, design.names]
    return resolution(once.to_numpy(dtype=np.int64), design.names)


def _interactions_estimable(factors: FloatArray, blocks: FloatArray) -> bool:
    """Whether main effects, two-factor interactions and blocks are linearly independent."""
    n, k = factors.shape
    first, second = np.triu_indices(k, 1)
    wanted = blocks.shape[1] + k + len(first)
    if wanted > n:
        return False
    interactions = factors[:, first] * factors[:, second]
    estimable: bool = _rank(np.column_stack([blocks, factors, interactions])) == wanted
    return estimable


def _rank(x: FloatArray) -> int:
    """Return the rank of a model matrix with entries of the order of 1, by its cross products, which are few."""
    rank: np.intp = np.linalg.matrix_rank(x.T @ x / len(x), tol=1e-9, hermitian=True)
    return int(rank)
