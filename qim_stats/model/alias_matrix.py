"""How much of each interaction outside a model goes into each of its terms, in any design, complete or not.

Only the numbers are made here; what they mean for an effect is said in ``aliasing``, and how large an interaction must
be to overturn a claim in ``tipping_point``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import FormulaError
from qim_stats.model.formula import INTERCEPT, ModelMatrix, Term
from qim_stats.model.least_squares import independent_columns

Array = npt.NDArray[np.float64]
ZERO = 1e-9  # alias coefficients this close to a whole number are that number: designs are coded -1/+1
_CELLS = 4_000_000  # of interaction columns held in memory at once


@dataclass(frozen=True)
class AliasMatrix:
    """The alias matrix of a model in a design.

    Parameters
    ----------
    coefficients : DataFrame, shape (p, m)
        A row for each coefficient of the model, a column for each interaction outside it (``a:b``). An interaction
        effect of 1 adds this to the row's effect, both being high minus low. For an intercept, block or covariate it
        is what an interaction's coefficient, half its effect, adds to that coefficient. NaN in the rows of
        coefficients that the trials cannot estimate.
    effects : tuple of str
        The rows that are effects of factors.
    factors : tuple of str
        The k factors whose interactions were looked at.
    interactions : tuple of tuple of str
        The factors of each column.
    order : int
        The most factors that an interaction was taken to have.
    """

    coefficients: pd.DataFrame
    effects: tuple[str, ...]
    factors: tuple[str, ...]
    interactions: tuple[tuple[str, ...], ...]
    order: int


def alias_matrix(
    model: ModelMatrix, coded: pd.DataFrame, *, order: int = 2, weights: Array | None = None
) -> AliasMatrix:
    """Compute the alias matrix of a model.

    Parameters
    ----------
    model : ModelMatrix
        n rows and p coefficients, factors coded -1/+1; it may be rank-deficient.
    coded : DataFrame, shape (n, k)
        The factors whose interactions may act, -1/+1 (0 at a center point), in the rows of the model.
    order : int
        Interactions of two to so many factors are looked at, unless the model holds them.
    weights : ndarray of float64, shape (n,), optional
        Positive weights of a weighted fit.

    Returns
    -------
    AliasMatrix

    Raises
    ------
    FormulaError
        If ``order`` is below 2, or a weight is not positive.

    Notes
    -----
    With the model X and the interactions Z the least-squares estimate has the mean b + A c, A = (X'WX)^-1 X'WZ (Box and
    Wilson 1951, JRSS B 13, 1-45). A coefficient that depends on those before it is left out, as by R's ``lm``; the
    others are those of the model without it.
    """
    _check(len(model.matrix), order, weights)
    names = [str(name) for name in coded.columns]
    outside = _outside(model, names, order)
    root = np.ones((len(model.matrix), 1)) if weights is None else np.sqrt(weights)[:, None]
    values = np.full((len(model.names), len(outside)), np.nan)
    if outside:
        kept = independent_columns(model.matrix * root)
        q, r = np.linalg.qr(model.matrix[:, kept] * root)
        for at, products in _products(coded.to_numpy(dtype=np.float64), outside):
            values[kept, at] = _snap(np.linalg.solve(r, q.T @ (products * root)))
    interactions = tuple(tuple(names[i] for i in factors) for factors in outside)
    return AliasMatrix(
        coefficients=pd.DataFrame(values, index=list(model.names), columns=[":".join(i) for i in interactions]),
        effects=tuple(name for t in model.terms if t.coded for name in model.names[t.start : t.stop]),
        factors=tuple(names),
        interactions=interactions,
        order=order,
    )


def alias_correlations(model: ModelMatrix, coded: pd.DataFrame, *, order: int = 2) -> pd.DataFrame:
    """Correlate the columns of a model with the interactions outside it.

    Parameters
    ----------
    model, coded, order
        As of ``alias_matrix``.

    Returns
    -------
    DataFrame, shape (p, m)
        Pearson correlations over the n rows; NaN where a column is constant. In an orthogonal design of -1/+1 columns
        they are the alias coefficients.

    Raises
    ------
    FormulaError
        If ``order`` is below 2.
    """
    _check(len(model.matrix), order, None)
    names = [str(name) for name in coded.columns]
    outside = _outside(model, names, order)
    own = _standardized(model.matrix)
    values = np.full((len(model.names), len(outside)), np.nan)
    for at, products in _products(coded.to_numpy(dtype=np.float64), outside):
        values[:, at] = _snap(own.T @ _standardized(products))
    columns = [":".join(names[i] for i in factors) for factors in outside]
    return pd.DataFrame(values, index=list(model.names), columns=columns)


def alias_chains(coded: pd.DataFrame, *, order: int = 2) -> pd.DataFrame:
    """Group the effects of a design that are completely aliased with one another.

    Parameters
    ----------
    coded : DataFrame, shape (n, k)
        The factors, -1/+1.
    order : int
        Main effects and interactions of up to so many factors are grouped.

    Returns
    -------
    DataFrame
        A row per chain, ``chain, length, effects``: the chain as text, ``A = B:D = -C:E``; how many effects it has;
        and the effects as pairs of a name and a sign, those of fewest factors first. What is constant over the trials
        is in one chain with ``I``. In a design that is not regular most chains have one effect: aliases are partial.

    Notes
    -----
    Two effects are completely aliased when their columns are equal up to sign (Box, Hunter and Hunter 2005, Statistics
    for Experimenters, 2nd ed., chapter 6).
    """
    x = coded.to_numpy(dtype=np.int8)
    names = [str(name) for name in coded.columns]
    first = np.ones(len(x), dtype=np.int8)
    chains: dict[bytes, list[tuple[str, int]]] = {first.tobytes(): [("I", 1)]}
    for size in range(1, order + 1):
        for factors in combinations(range(len(names)), size):
            column = np.prod(x[:, factors], axis=1, dtype=np.int8)
            nonzero = column[column != 0]
            sign = int(nonzero[0]) if len(nonzero) else 1
            name = ":".join(names[i] for i in factors)
            chains.setdefault((column * sign).astype(np.int8).tobytes(), []).append((name, sign))
    rows = []
    for key, members in chains.items():
        lead = members[0][1]
        effects = [(name, sign * lead) for name, sign in members]
        if key != first.tobytes() or len(effects) > 1:
            text = " = ".join(f"{'-' if sign < 0 else ''}{name}" for name, sign in effects)
            rows.append((text, len(effects), effects))
    return pd.DataFrame(rows, columns=["chain", "length", "effects"])


def coded_model(
    coded: pd.DataFrame, *, terms: Sequence[Sequence[str]] | None = None, blocks: Sequence[str] | None = None
) -> ModelMatrix:
    """Build a model of coded columns without a response, such as that of a design before it was run.

    Parameters
    ----------
    coded : DataFrame, shape (n, k)
        The factors, -1/+1.
    terms : sequence of sequences of str, optional
        The factors of each term; by default the k main effects.
    blocks : sequence of str, optional
        The block of each row; the first in the order of the labels is the reference.

    Returns
    -------
    ModelMatrix
        An intercept, the differences of the blocks, the terms.
    """
    chosen = [(str(name),) for name in coded.columns] if terms is None else [tuple(term) for term in terms]
    columns = [np.ones(len(coded))]
    names = [INTERCEPT]
    described = [Term(INTERCEPT, 0, 1, (), False)]
    if blocks is not None and len(set(blocks)) > 1:
        labels = sorted(set(blocks))[1:]
        columns += [np.array([float(b == label) for b in blocks]) for label in labels]
        names += [f"block{label}" for label in labels]
        described.append(Term("block", 1, len(names), ("block",), False))
    for term in chosen:
        described.append(Term(":".join(term), len(names), len(names) + 1, term, True))
        names.append(":".join(term))
        columns.append(np.asarray(coded[list(term)].to_numpy(dtype=np.float64).prod(axis=1), dtype=np.float64))
    return ModelMatrix("", np.column_stack(columns), tuple(names), tuple(described))


def _check(n: int, order: int, weights: Array | None) -> None:
    if order < 2:
        raise FormulaError(f"interactions have two factors or more, not {order}", remedy="give an order of 2 or 3")
    if weights is not None and not (weights > 0.0).all():
        row = int(np.flatnonzero(~(weights > 0.0))[0])
        raise FormulaError(f"weight {row + 1} of {n} is not positive", where="weights", remedy="give positive numbers")


def _outside(model: ModelMatrix, names: list[str], order: int) -> list[tuple[int, ...]]:
    """Return the interactions that the model does not hold, by their factors' positions."""
    held = {frozenset(t.variables) for t in model.terms if t.coded}
    return [
        factors
        for size in range(2, min(order, len(names)) + 1)
        for factors in combinations(range(len(names)), size)
        if frozenset(names[i] for i in factors) not in held
    ]


def _products(x: Array, interactions: list[tuple[int, ...]]) -> Iterator[tuple[slice, Array]]:
    """Yield the interactions' columns, as many at a time as fit in memory, with their places."""
    step = max(_CELLS // max(len(x), 1), 1)
    for start in range(0, len(interactions), step):
        part = interactions[start : start + step]
        products = np.empty((len(x), len(part)))
        for column, factors in enumerate(part):
            products[:, column] = x[:, factors[0]]
            for i in factors[1:]:
                products[:, column] *= x[:, i]
        yield slice(start, start + len(part)), products


def _standardized(columns: Array) -> Array:
    """Center columns and scale them to length one; NaN for constant ones."""
    centered = columns - columns.mean(axis=0)
    lengths = np.linalg.norm(centered, axis=0)
    constant = lengths <= ZERO * np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    return np.asarray(centered / np.where(constant, np.nan, lengths), dtype=np.float64)


def _snap(values: Array) -> Array:
    """Clear rounding error from what is a whole number."""
    whole = np.round(values)
    return np.where(np.abs(values - whole) < ZERO, whole + 0.0, values)
