"""Which two-factor interactions a main effect is mixed up with in a design."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from qim_stats.model.fit import Fit

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class MainEffectAliases:
    """How the main effects of a model are aliased with two-factor interactions outside it.

    Parameters
    ----------
    largest : float
        The largest absolute alias coefficient: how much of an interaction adds to a main effect; 1 is complete.
    interactions : int
        How many two-factor interactions add to at least one main effect.
    affected : tuple of str
        The main effects concerned.
    """

    largest: float
    interactions: int
    affected: tuple[str, ...]


def main_effect_aliases(fit: Fit) -> MainEffectAliases | None:
    """Find the two-factor interactions that bias main effects.

    Parameters
    ----------
    fit : Fit
        A model; only interactions of its factors that it does not hold count.

    Returns
    -------
    MainEffectAliases or None
        None when every main effect is free of them. An interaction that itself is constant over the trials
        biases only the intercept and does not count.

    Notes
    -----
    The alias matrix is (X'X)^-1 X'Z with Z the interaction columns (Box and Wilson 1951, JRSS B 13, 1-45).
    """
    mains = [t for t in fit.model.terms if t.coded and len(t.variables) == 1]
    held = {frozenset(t.variables) for t in fit.model.terms}
    pairs = [(a, b) for a, b in combinations(mains, 2) if frozenset(a.variables + b.variables) not in held]
    if not pairs:
        return None
    x = fit.model.matrix
    rows = [t.start for t in mains]
    projector = (fit.unscaled @ x.T)[rows]
    first = x[:, [a.start for a, _ in pairs]]
    aliases = np.abs(projector @ (first * x[:, [b.start for _, b in pairs]]))
    biased = np.asarray(aliases > _TOLERANCE, dtype=np.bool_)
    if not biased.any():
        return None
    return MainEffectAliases(
        largest=float(aliases.max()),
        interactions=int(biased.any(axis=0).sum()),
        affected=tuple(t.name for t, hit in zip(mains, np.any(biased, axis=1), strict=True) if hit),
    )
