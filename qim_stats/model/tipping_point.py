"""How large an interaction outside the model would have to be to overturn what was found: the tipping points.

Noise estimates know nothing of aliased interactions. A tipping point needs no assumption about them: it tells the
smallest single one with which a claim would fall, and leaves it to the reader whether that one is believable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.model.alias_matrix import ZERO, AliasMatrix

Array = npt.NDArray[np.float64]
_COLUMNS = ["term", "kind", "interaction", "size", "relative_size", "plausible", "other", "words"]
_TIE = 1e-9  # sizes that differ by less than this share of the smallest are equal
_ROUNDING = 1e-10  # effects, and differences of effects, below this share of the largest are rounding error


@dataclass(frozen=True)
class _Estimates:
    """The effects and their aliases as arrays: t terms, m interactions; parents and orders of the interactions."""

    terms: list[str]
    effects: Array
    aliases: Array
    names: list[str]
    parents: Array
    orders: npt.NDArray[np.int64]
    largest: float


def tipping_points(
    aliases: AliasMatrix,
    effects: pd.Series,
    *,
    margins: pd.Series | None = None,
    ranked: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Find, for each effect, the smallest single interaction outside the model that would overturn it.

    Parameters
    ----------
    aliases : AliasMatrix
        Of the model that gave the effects.
    effects : Series of float64, shape (t,)
        Estimated effects (high minus low, in the response's unit), indexed by term; missing ones are passed over.
    margins : Series of float64, optional
        The size that an effect must exceed to be told from noise, indexed by term; without it, or where it is missing,
        the question is not asked.
    ranked : sequence of str, optional
        The terms that are ranked by |effect| against each other; by default the main effects among ``effects``.

    Returns
    -------
    DataFrame
        ``term, kind, interaction, size, relative_size, plausible, other, words``, terms by falling |effect|, for each
        term one row of each kind that there is:

        ``cancel``
            the interaction would account for the whole effect;
        ``noise``
            without its share the effect would be within its margin (only for effects beyond it);
        ``rank``
            without its share in both, the lower-ranked ``other`` would come level with the term, and pass it with any
            more;
        ``clear``
            no interaction adds to the effect; ``interaction`` is None and ``size`` NaN.

        ``size`` is the interaction's effect, with its sign, in the response's unit; ``relative_size`` is |size| in
        units of the largest ranked |effect|; ``plausible`` is |size| in units of the geometric mean of its parents'
        |main effects|, NaN if a parent has none; ``words`` says it as a sentence.

    Notes
    -----
    An interaction with effect g adds A_i g to effect i (``AliasMatrix``), so e_i - A_i g is what would be left. The
    smallest |g| with e_i - A_i g = 0 is |e_i / A_i|; with |e_i - A_i g| = M_i it is (|e_i| - M_i) / |A_i|; and |e_i -
    A_i g| = |e_j - A_j g| has the roots (e_i - e_j) / (A_i - A_j) and (e_i + e_j) / (A_i + A_j), of which a double one
    is no crossing. Of several interactions that do with the same size the one of fewest factors is named, and among
    these the one with the largest parents: large interactions go with large main effects (heredity: Hamada and Wu 1992,
    J. Qual. Technol. 24, 130-137; Chipman 1996, Can. J. Stat. 24, 17-36). To ask how strong an unseen cause must be to
    explain a finding away follows Cornfield et al. (1959), J. Natl. Cancer Inst. 22, 173-203, and Rosenbaum and Rubin
    (1983), JRSS B 45, 212-218.
    """
    known = effects.dropna()
    wanted = [name for name in aliases.factors if name in known.index] if ranked is None else list(ranked)
    wanted = [name for name in wanted if name in known.index]
    given = _estimates(aliases, known, wanted)
    rows: list[tuple[object, ...]] = []
    for i in np.argsort(-np.abs(given.effects), kind="stable"):
        term = given.terms[i]
        margin = np.nan if margins is None else float(margins.get(term, np.nan))
        if not (np.abs(given.aliases[i]) > ZERO).any():
            rows.append((term, "clear", None, np.nan, np.nan, np.nan, None, _clear(term, given, aliases.order)))
        else:
            rows += _alone(given, int(i), margin)
        if term in wanted:
            rows += _overtaken(given, int(i), wanted)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _estimates(aliases: AliasMatrix, effects: pd.Series, ranked: list[str]) -> _Estimates:
    terms = [term for term in aliases.effects if term in effects.index]
    values = aliases.coefficients.loc[terms].to_numpy(dtype=np.float64)
    estimable = ~np.isnan(values).any(axis=1)
    terms = [term for term, there in zip(terms, estimable, strict=True) if there]
    sizes = {name: abs(float(effects[name])) for name in aliases.factors if name in effects.index}
    largest = max((abs(float(effects[name])) for name in ranked), default=np.nan)
    sizes = {name: 0.0 if size <= _ROUNDING * largest else size for name, size in sizes.items()}
    parents = np.array(
        [
            float(np.prod([sizes.get(name, np.nan) for name in factors])) ** (1.0 / len(factors))
            for factors in aliases.interactions
        ],
        dtype=np.float64,
    )
    return _Estimates(
        terms=terms,
        effects=effects.loc[terms].to_numpy(dtype=np.float64),
        aliases=values[estimable],
        names=[str(name) for name in aliases.coefficients.columns],
        parents=parents,
        orders=np.array([len(factors) for factors in aliases.interactions], dtype=np.int64),
        largest=largest,
    )


def _alone(given: _Estimates, i: int, margin: float) -> list[tuple[object, ...]]:
    """Return the rows that ask about one effect alone: cancelled, or brought within noise."""
    term, effect = given.terms[i], float(given.effects[i])
    if abs(effect) <= _ROUNDING * given.largest:
        return []
    hit = np.abs(given.aliases[i]) > ZERO
    per_unit = np.full(len(hit), np.inf)
    per_unit[hit] = 1.0 / given.aliases[i][hit]
    best = int(_smallest(given, per_unit[None, :])[1])
    size = effect * float(per_unit[best])
    rows = [
        _row(given, term, "cancel", best, size, None, f"would account for all of {term}'s effect of {_shown(effect)}")
    ]
    if abs(effect) > margin:
        left = np.copysign(abs(effect) - margin, effect) * float(per_unit[best])
        would = f"would leave {term} within its noise margin of {_shown(margin)[1:]}"
        rows.append(_row(given, term, "noise", best, float(left), None, would))
    return rows


def _overtaken(given: _Estimates, i: int, ranked: list[str]) -> list[tuple[object, ...]]:
    """Return the row that asks which lower-ranked term would come level, if any can."""
    sizes = np.abs(given.effects)
    apart = sizes[i] - sizes > _ROUNDING * sizes.max(initial=0.0)
    lower = [j for j, term in enumerate(given.terms) if term in ranked and apart[j]]
    if not lower or not given.names:
        return []
    lower.sort(key=lambda j: -round(sizes[j] / sizes[i], 9))
    g = crossing_sizes(given.effects[i], given.aliases[i], given.effects[lower], given.aliases[lower])
    if not np.isfinite(g).any():
        return []
    at, best = _smallest(given, g)
    other = given.terms[lower[at]]
    would = f"would bring {other} level with {given.terms[i]}"
    return [_row(given, given.terms[i], "rank", int(best), float(g[at, best]), other, would)]


def crossing_sizes(effect: float, alias: Array, others: Array, other_aliases: Array) -> Array:
    """Find the smallest interactions with which other effects come level with one that is larger.

    Parameters
    ----------
    effect : float
        The larger effect.
    alias : ndarray of float64, shape (m,)
        Its alias coefficients.
    others : ndarray of float64, shape (l,)
        Effects of smaller size.
    other_aliases : ndarray of float64, shape (l, m)
        Their alias coefficients.

    Returns
    -------
    ndarray of float64, shape (l, m)
        The g of smallest size at which |effect - alias g| - |other - other alias g| changes its sign, of two opposite
        ones that which makes the effect smaller; infinite where it never does.
    """
    roots = []
    for sign in (-1.0, 1.0):
        slope = alias + sign * other_aliases
        steep = np.abs(slope) > ZERO
        gap = np.broadcast_to((effect + sign * others)[:, None], slope.shape)
        roots.append(np.where(steep, gap / np.where(steep, slope, 1.0), np.inf))
    minus, plus = roots
    both = np.isfinite(minus) & np.isfinite(plus)
    a, b = np.where(both, minus, 1.0), np.where(both, plus, -1.0)
    tolerance = _TIE * np.abs(a)
    touching = both & (np.abs(a - b) <= tolerance)
    opposite = both & (np.abs(a + b) <= tolerance)
    first = np.where(opposite, a * (effect * alias) > 0.0, np.abs(minus) <= np.abs(plus))
    return np.where(touching, np.inf, np.where(first, minus, plus))


def _smallest(given: _Estimates, g: Array) -> tuple[int, int]:
    """Return the place of the smallest size; of equal ones the fewest factors, then the largest parents."""
    sizes = np.abs(g)
    rows, columns = np.nonzero(sizes <= sizes.min() * (1.0 + _TIE))
    unit = given.largest if given.largest > 0.0 else 1.0
    parents = np.round(np.nan_to_num(given.parents[columns] / unit, nan=-1.0), 9)
    best = np.lexsort((columns, rows, -parents, given.orders[columns]))[0]
    return int(rows[best]), int(columns[best])


def _row(
    given: _Estimates, term: str, kind: str, column: int, size: float, other: str | None, would: str
) -> tuple[object, ...]:
    relative = abs(size) / given.largest if given.largest > 0.0 else np.nan
    parents = float(given.parents[column])
    plausible = abs(size) / parents if parents > 0.0 else np.nan
    name = given.names[column]
    sizes = [] if np.isnan(relative) else [f"{relative:.2g} times the largest main effect"]
    sizes += [] if np.isnan(plausible) else [f"{plausible:.2g} times its parents' (geometric mean)"]
    told = f"; that is {' and '.join(sizes)}." if sizes else "."
    words = f"An interaction {name} of {_shown(size)} {would}{told}"
    return term, kind, name, size, relative, plausible, other, words


def _shown(value: float) -> str:
    """Write a number with its sign; what rounding error changes in the last digits must not change the words."""
    return f"{float(f'{value:.11g}'):+.3g}"


def _clear(term: str, given: _Estimates, order: int) -> str:
    if not given.names:
        return f"{term} is clear: the model holds every interaction of up to {order} factors."
    return f"{term} is clear of all {len(given.names)} interactions of up to {order} factors outside the model."
