"""Which interactions outside a model an effect is mixed up with: clear, partly confounded or confounded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from qim_stats.model.alias_matrix import ZERO, AliasMatrix, alias_matrix
from qim_stats.model.fit import Fit

CLEAR = "clear"
PARTLY = "partly confounded"
CONFOUNDED = "confounded"
NOT_ESTIMABLE = "not estimable"


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
    The alias matrix is (X'WX)^-1 X'WZ with Z the interaction columns (Box and Wilson 1951, JRSS B 13, 1-45).
    """
    mains = [t for t in fit.model.terms if t.coded and len(t.variables) == 1]
    names = [t.name for t in mains]
    at = [t.start for t in mains]
    columns = fit.model.matrix[:, at]
    low, high = columns.min(axis=0), columns.max(axis=0)
    # In coded units this changes nothing; in others it makes an interaction of the factors, not of their units.
    coded = pd.DataFrame((2.0 * columns - low - high) / (high - low), columns=names)
    aliases = alias_matrix(fit.model, coded, weights=fit.weights).coefficients.iloc[at].to_numpy()
    rows = np.abs(aliases) * ((high - low) / 2.0)[:, None]
    biased = np.asarray(rows > ZERO, dtype=np.bool_)
    if not biased.any():
        return None
    return MainEffectAliases(
        largest=float(np.nanmax(rows)),
        interactions=int(biased.any(axis=0).sum()),
        affected=tuple(name for name, hit in zip(names, np.any(biased, axis=1), strict=True) if hit),
    )


def fit_aliases(fit: Fit, coded: pd.DataFrame, *, order: int = 2) -> AliasMatrix:
    """Compute the alias matrix of a fitted model, with rows for what was dropped from it.

    Parameters
    ----------
    fit : Fit
        A model of n trials in coded units; it may be weighted, and terms may have been dropped.
    coded : DataFrame, shape (n, k)
        The factors whose interactions may act, -1/+1, in the rows of the model.
    order : int
        As of ``alias_matrix``.

    Returns
    -------
    AliasMatrix
        As of ``alias_matrix``, the dropped coefficients in their places with NaN. An interaction that was dropped
        counts as outside the model.

    Raises
    ------
    FormulaError
        If ``order`` is below 2.
    """
    found = alias_matrix(fit.model, coded, order=order, weights=fit.weights)
    if not fit.dropped:
        return found
    rows = list(fit.all_names)
    lost = {t.name for t in fit.dropped if t.name in found.factors or set(t.name.split(":")) <= set(found.factors)}
    effects = tuple(name for name in rows if name in found.effects or name in lost)
    return replace(found, coefficients=found.coefficients.reindex(rows), effects=effects)


def alias_status(aliases: AliasMatrix, *, limit: int | None = None) -> pd.DataFrame:
    """Say of each effect in a model whether it is clear of the interactions outside the model.

    Parameters
    ----------
    aliases : AliasMatrix
        Of the model; its effects may be main effects and interactions.
    limit : int, optional
        List no more than so many interactions per effect.

    Returns
    -------
    DataFrame
        A row per effect, ``term, status, largest, count, aliased_with``. Status is ``clear`` (no interaction adds to
        it), ``partly confounded`` (each adds less than itself), ``confounded`` (at least one adds the whole of itself,
        or more, as can happen where runs are missing) or ``not estimable``. ``largest`` is the largest |alias
        coefficient|, NaN for an effect that cannot be estimated; ``count`` says how many interactions add to it;
        ``aliased_with`` lists them as pairs of a name and a coefficient, the largest first.
    """
    names = list(aliases.coefficients.columns)
    place = {name: i for i, name in enumerate(aliases.coefficients.index)}
    values = aliases.coefficients.to_numpy()
    rows: list[tuple[str, str, float, int, list[tuple[str, float]]]] = []
    for term in aliases.effects:
        row = values[place[term]]
        if np.isnan(row).any():
            rows.append((term, NOT_ESTIMABLE, np.nan, 0, []))
            continue
        size = np.abs(row)
        # Sizes equal up to rounding keep the order of the interactions.
        order = np.argsort(-np.round(size / ZERO), kind="stable")[: int((size > ZERO).sum())]
        largest = float(size.max(initial=0.0))
        listed = [(names[j], float(row[j])) for j in order[:limit]]
        rows.append((term, _status(largest), largest, len(order), listed))
    return pd.DataFrame(rows, columns=["term", "status", "largest", "count", "aliased_with"])


def new_aliases(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Find what losing runs has aliased more than the complete design did.

    Parameters
    ----------
    before, after : DataFrame, shape (p, m)
        The coefficients of the alias matrices of the same model in the complete design and in what is left of it.

    Returns
    -------
    DataFrame
        A row for each pair whose |coefficient| grew, ``term, interaction, before, after, new``, the largest first;
        ``new`` tells that there was none before. Terms that can no longer be estimated, and interactions that are not
        in both, are left out.
    """
    terms = [term for term in before.index if term in after.index]
    interactions = [name for name in before.columns if name in after.columns]
    old = before.loc[terms, interactions].to_numpy(dtype=np.float64)
    now = after.loc[terms, interactions].to_numpy(dtype=np.float64)
    grown = np.argwhere(np.abs(now) > np.abs(old) + ZERO)
    at, to = grown[:, 0], grown[:, 1]
    table = pd.DataFrame(
        {
            "term": [terms[i] for i in at],
            "interaction": [interactions[j] for j in to],
            "before": old[at, to],
            "after": now[at, to],
            "new": np.abs(old[at, to]) <= ZERO,
        }
    )
    order = np.argsort(-np.round(np.abs(now[at, to]) / ZERO), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _status(largest: float) -> str:
    if largest <= ZERO:
        return CLEAR
    return PARTLY if largest < 1.0 - ZERO else CONFOUNDED
