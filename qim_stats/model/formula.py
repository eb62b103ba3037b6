"""From a formula to a model matrix, terms spelled and ordered as in R. The only file that touches patsy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import FormulaError
from qim_stats.factors import Factor
from qim_stats.model.columns import Column, Part, Source, build_matrix
from qim_stats.model.formula_text import SafeFormula, Variable, quote, read_formula
from qim_stats.model.transform import IDENTITY, TRANSFORMS, Transform, check_domain
from qim_stats.trials import Trials, labels

Array = npt.NDArray[np.float64]
Units = Literal["coded", "natural", "log"]
INTERCEPT = "(Intercept)"
_LARGEST = 1e50  # of a variable's values: products of three, squared, stay within a double's range
_COLUMN = re.compile(r"v(\d+)(?:\[(T\.)?(\d+)\])?")


@dataclass(frozen=True)
class Term:
    """A term of a model: its name, its columns, and whether it is a product of -1/+1 columns.

    Parameters
    ----------
    name : str
        As in R: ``(Intercept)``, ``a``, ``a:b``, ``log(a)``.
    start, stop : int
        Its columns in the model matrix.
    variables : tuple of str
        The table columns, or the arithmetic, that it is made of.
    coded : bool
        Whether every one of them is a factor or dummy, so that the effect is twice the coefficient of the coded column.
    """

    name: str
    start: int
    stop: int
    variables: tuple[str, ...]
    coded: bool


@dataclass(frozen=True)
class ModelMatrix:
    """A model matrix.

    Parameters
    ----------
    formula : str
        The formula as given.
    matrix : ndarray of float64, shape (n, p)
        One row per usable trial.
    names : tuple of str
        The p coefficients, as R spells them.
    terms : tuple of Term
        Ordered by the degree of the interaction, then as written.
    columns : tuple of Column
        What each of the p columns is the product of.
    sources : tuple of Source
        The variables over the n trials.
    transform : Transform
        What the formula applies to the response.
    units : {"coded", "natural", "log"}
        How numeric factors enter.
    """

    formula: str
    matrix: Array
    names: tuple[str, ...]
    terms: tuple[Term, ...]
    columns: tuple[Column, ...] = ()
    sources: tuple[Source, ...] = ()
    transform: Transform = IDENTITY
    units: Units = "coded"


def default_formula(trials: Trials, transform: str = "identity") -> str:
    """Return the formula of the main-effects model, blocks first when there are several.

    Parameters
    ----------
    trials : Trials
        The factors, the block and the response.
    transform : str
        A function of the response, one of ``TRANSFORMS``.

    Raises
    ------
    FormulaError
        If there is no such function.
    """
    if transform not in TRANSFORMS:
        raise FormulaError(
            f"{transform!r} is not a transform", where="--transform", remedy="one of " + ", ".join(TRANSFORMS)
        )
    names = ([trials.block] if trials.block else []) + trials.factor_names
    left = TRANSFORMS[transform].spell(quote(trials.response))
    return f"{left} ~ " + " + ".join(quote(name) for name in names)


def formula_for(formula: str, trials: Trials) -> str:
    """Return the same right-hand side for another response, whatever stands on the left of the formula.

    Parameters
    ----------
    formula : str
        Such as ``accuracy ~ a * b``.
    trials : Trials
        Whose response takes the place of ``accuracy``.

    Raises
    ------
    FormulaError
        If the formula cannot be read.
    """
    safe = read_formula(formula, [str(c) for c in trials.frame.columns])
    return f"{quote(trials.response)} {formula[safe.tilde :]}"


def model_matrix(formula: str, trials: Trials, *, units: Units = "coded") -> ModelMatrix:
    """Build the model matrix of a formula on the usable trials.

    Parameters
    ----------
    formula : str
        ``response ~ terms``; factors enter coded -1/+1, the block column and text columns as categories with the
        first as reference (R's treatment contrasts), other numeric columns as they are. Within ``I()``, ``log()`` and
        the like, factors stand for their natural levels. The response may be ``log(y)``, ``logit(y)``, ``rank(y)``.
    trials : Trials
        n usable trials.
    units : {"coded", "natural", "log"}
        ``"natural"``: numeric factors enter with their natural levels; ``"log"``: with the natural logarithm of these
        where both are positive. Factors whose levels are words stay coded.

    Returns
    -------
    ModelMatrix
        n rows.

    Raises
    ------
    FormulaError
        If the formula cannot be read, its response is another one, a column it uses has missing values, or there are
        no such units.
    TrialsError
        If the response is transformed and one of its values has no transform; the row is named.
    """
    if units not in get_args(Units):
        raise FormulaError(
            f"{units!r} is no choice of units", where="--units", remedy=f"one of {', '.join(get_args(Units))}"
        )
    safe = read_formula(formula, [str(c) for c in trials.frame.columns])
    _check_variables(safe, trials)
    if not safe.variables:
        raise _without_terms()
    transform = TRANSFORMS[safe.transform]
    check_domain(transform, trials)
    sources = tuple(_source(variable, number, safe, trials, units) for number, variable in enumerate(safe.variables))
    spelled, slices = _parse(safe, sources)
    terms: list[Term] = []
    picked: list[str] = []
    for numbers, columns in slices:
        used = tuple(safe.variables[i].column for i in numbers)
        coded = bool(used) and all(
            safe.variables[i].expression is None and safe.variables[i].column in trials.coded for i in numbers
        )
        terms.append(Term(":".join(used) or INTERCEPT, len(picked), len(picked) + len(columns), used, coded))
        picked += [spelled[c] for c in columns]
    made = tuple(_column(name) for name in picked)
    names = [_spell(column, sources) for column in made]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FormulaError(f"two terms are spelled {twice!r}", where="formula", remedy="rename the column of that name")
    matrix = build_matrix(made, sources, trials.n)
    return ModelMatrix(formula, matrix, tuple(names), tuple(terms), made, sources, transform, units)


def natural_levels(factor: Factor, coded: Array) -> Array:
    """Return the natural levels of coded ones.

    Parameters
    ----------
    factor : Factor
        A factor whose levels are numbers.
    coded : ndarray of float64, shape (n,)
        -1 for low, +1 for high, 0 for the centre: the mean of both, on a log scale the geometric mean.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the factor's unit.
    """
    low, high = float(factor.low), float(factor.high)
    share = (coded + 1.0) / 2.0
    between = low * (high / low) ** share if factor.scale == "log" else low * (1.0 - share) + high * share
    return np.where(coded == -1.0, low, np.where(coded == 1.0, high, between))


def factor_values(name: str, coded: Array, trials: Trials, units: Units) -> Array:
    """Return a factor's column as it enters a model: coded, or in natural units or their logarithm.

    Parameters
    ----------
    name : str
        A factor or dummy.
    coded : ndarray of float64, shape (n,)
        Its coded levels.
    trials : Trials
        Where the factor is declared.
    units : {"coded", "natural", "log"}
        As of ``model_matrix``.
    """
    factor = next((f for f in trials.factors if f.name == name), None)
    if units == "coded" or factor is None or not factor.is_numeric:
        return coded
    natural = natural_levels(factor, coded)
    return np.log(natural) if units == "log" and min(float(factor.low), float(factor.high)) > 0.0 else natural


def expression_columns(source: Source, trials: Trials, coded: dict[str, Array] | None = None) -> dict[str, Array]:
    """Return the columns that a variable's arithmetic works on, in natural units.

    Parameters
    ----------
    source : Source
        A variable with arithmetic.
    trials : Trials
        n usable trials.
    coded : dict of str to ndarray of float64, optional
        Coded levels of every factor; then other columns stand at their mean.

    Raises
    ------
    FormulaError
        If a column holds text.
    """
    values = {}
    for column in source.expression.columns() if source.expression else ():
        factor = next((f for f in trials.factors if f.name == column), None)
        if factor is not None and not factor.is_numeric:
            raise FormulaError(
                f"the levels of {column!r} are no numbers, so {source.column} has no meaning",
                where="formula",
                remedy=f"write {quote(column)} alone",
            )
        if factor is not None:
            at = trials.coded[column].to_numpy(dtype=np.float64) if coded is None else coded[column]
            values[column] = natural_levels(factor, at)
            continue
        if not pd.api.types.is_numeric_dtype(trials.frame[column].dtype):
            raise FormulaError(
                f"the column {column!r} holds text, so {source.column} has no meaning",
                where="formula",
                remedy=f"write {quote(column)} alone",
            )
        found = trials.used[column].to_numpy(dtype=np.float64)
        values[column] = found if coded is None else np.array([found.mean()])
    return values


def _parse(safe: SafeFormula, sources: tuple[Source, ...]) -> tuple[list[str], list[tuple[list[int], range]]]:
    """Have patsy say which columns there are; return their names, and for each term its variables and its columns."""
    import patsy

    try:
        names, slices = _columns(safe.right, tuple(len(source.labels) for source in sources))
    except patsy.PatsyError as error:
        origin = error.origin
        start, end = (origin.start, origin.end) if origin is not None else (0, len(safe.right))
        problem = str(error.message).splitlines()[0]
        if problem.startswith("expected a noun"):
            problem = "a column or a term is missing here"
        raise safe.error(problem, start, end) from None
    except RecursionError:
        raise FormulaError("the formula is nested too deeply", where="formula", remedy="write it simpler") from None
    return list(names), [(list(numbers), columns) for numbers, columns in slices]


@lru_cache(maxsize=256)
def _columns(
    right: str, categories: tuple[int, ...]
) -> tuple[tuple[str, ...], tuple[tuple[tuple[int, ...], range], ...]]:
    """Return patsy's columns for variables with so many categories each, 0 for numbers."""
    import patsy

    # One row with all categories declared is enough to tell which columns there will be.
    data = {
        f"v{number}": pd.Categorical.from_codes([0], pd.RangeIndex(count)) if count else [1.0]
        for number, count in enumerate(categories)
    }
    described = patsy.ModelDesc.from_formula(right)
    if not any(term.factors for term in described.rhs_termlist):
        raise _without_terms()
    info = patsy.dmatrix(described, data, NA_action="raise", return_type="matrix").design_info
    names = tuple(info.column_names)
    # patsy moves categories to the front; R, whose order this is, keeps terms of equal degree as they were written.
    order = sorted(described.rhs_termlist, key=lambda term: len(term.factors))
    slices = tuple(
        (tuple(sorted(int(f.name()[1:]) for f in term.factors)), range(*info.term_slices[term].indices(len(names))))
        for term in order
    )
    return names, slices


def _check_variables(safe: SafeFormula, trials: Trials) -> None:
    if safe.response != trials.response:
        raise FormulaError(
            f"the formula's response is {safe.response!r} but --response is {trials.response!r}",
            where="formula",
            remedy="name the same response in both",
        )
    for number, variable in enumerate(safe.variables):
        for column in variable.columns:
            if column == trials.response:
                problem = "the response cannot stand on the right too"
            elif column not in trials.coded and trials.frame.loc[trials.usable, column].isna().any():
                problem = f"the column {column!r} has missing values in usable trials"
            else:
                continue
            raise _at(number, safe, problem)


def _at(number: int, safe: SafeFormula, problem: str) -> FormulaError:
    """Make the error for a variable, pointing at its first place in the formula."""
    piece = next(p for p in safe.pieces if safe.right[p[0] : p[1]] == f"v{number}")
    return safe.error(problem, piece[0], piece[1])


def _without_terms() -> FormulaError:
    return FormulaError("the formula has no term but the intercept", where="formula", remedy="name at least one factor")


def _source(variable: Variable, number: int, safe: SafeFormula, trials: Trials, units: Units) -> Source:
    source = _read_source(variable, number, safe, trials, units)
    if len(source.labels) == 1:
        raise _at(number, safe, f"the column {source.column!r} has one level only, {source.labels[0]!r}")
    largest = float(np.abs(source.values).max(initial=0.0))
    if largest and not 1.0 / _LARGEST < largest < _LARGEST:
        what = (
            f"{source.column} has values up to {largest:g}, too {'large' if largest > 1.0 else 'small'} to compute with"
        )
        raise _at(number, safe, what)
    return source


def _read_source(variable: Variable, number: int, safe: SafeFormula, trials: Trials, units: Units) -> Source:
    column = variable.column
    if variable.expression is not None:
        bare = Source(column, np.empty(0), expression=variable.expression)
        values = np.broadcast_to(variable.expression.evaluate(expression_columns(bare, trials)), (trials.n,))
        finite = np.isfinite(values)
        if not finite.all():
            row = int(np.flatnonzero(trials.usable)[int(np.argmin(finite))]) + 1
            raise _at(number, safe, f"{column} is no finite number in row {row}")
        return Source(column, values, expression=variable.expression)
    if column in trials.coded:
        coded = trials.coded[column].to_numpy(dtype=np.float64)
        return Source(column, factor_values(column, coded, trials, units))
    cells = trials.used[column]
    if variable.categorical or column == trials.block or not pd.api.types.is_numeric_dtype(cells.dtype):
        text = labels(cells)
        levels = sorted(set(text), key=_level_key)
        place = {label: code for code, label in enumerate(levels)}
        return Source(column, np.array([place[label] for label in text], dtype=np.int64), tuple(levels))
    values = cells.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise FormulaError(
            f"the column {column!r} holds infinite values", where="formula", remedy="leave it out of the formula"
        )
    return Source(column, values)


def _level_key(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _column(name: str) -> Column:
    """Read a patsy column name (``v0:v2[T.1]``) as a product, in the order of first use."""
    if name == "Intercept":
        return ()
    parts = [Part(int(v), int(level) if level else None, bool(t)) for v, t, level in _COLUMN.findall(name)]
    return tuple(sorted(parts, key=lambda part: part.source))


def _spell(column: Column, sources: tuple[Source, ...]) -> str:
    """Spell a column as R spells its coefficient (``a:block2``)."""
    parts = [sources[p.source].column + ("" if p.level is None else sources[p.source].labels[p.level]) for p in column]
    return ":".join(parts) or INTERCEPT
