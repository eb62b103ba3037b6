"""From a formula to a model matrix, terms spelled and ordered as in R. The only file that touches patsy."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import FormulaError
from qim_stats.model.formula_text import SafeFormula, Variable, quote, read_formula
from qim_stats.trials import Trials, labels

INTERCEPT = "(Intercept)"
_COLUMN = re.compile(r"v(\d+)(?:\[(?:T\.)?(\d+)\])?")


@dataclass(frozen=True)
class Term:
    """A term of a model: its name, its columns, and whether it is a product of -1/+1 columns.

    Parameters
    ----------
    name : str
        As in R: ``(Intercept)``, ``a``, ``a:b``.
    start, stop : int
        Its columns in the model matrix.
    variables : tuple of str
        The table columns it is made of.
    coded : bool
        Whether every one of them is a factor or dummy, so that the effect is twice the coefficient.
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
    """

    formula: str
    matrix: npt.NDArray[np.float64]
    names: tuple[str, ...]
    terms: tuple[Term, ...]


def default_formula(trials: Trials) -> str:
    """Return the formula of the main-effects model, blocks first when there are several."""
    names = ([trials.block] if trials.block else []) + trials.factor_names
    return f"{quote(trials.response)} ~ " + " + ".join(quote(name) for name in names)


def model_matrix(formula: str, trials: Trials) -> ModelMatrix:
    """Build the model matrix of a formula on the usable trials.

    Parameters
    ----------
    formula : str
        ``response ~ terms``; factors enter coded -1/+1, the block column and text columns as categories with the
        first as reference (R's treatment contrasts), other numeric columns as they are.
    trials : Trials
        n usable trials.

    Returns
    -------
    ModelMatrix
        n rows.

    Raises
    ------
    FormulaError
        If the formula cannot be read, its response is another one, or a column it uses has missing values.
    """
    safe = read_formula(formula, [str(c) for c in trials.frame.columns])
    _check_variables(safe, trials)
    levels: dict[int, list[str]] = {}
    data: dict[str, object] = {}
    for number, variable in enumerate(safe.variables):
        if _is_categorical(variable, trials):
            text = labels(trials.frame.loc[trials.usable, variable.column])
            levels[number] = sorted(set(text), key=_level_key)
            codes = [levels[number].index(label) for label in text]
            data[f"v{number}"] = pd.Categorical.from_codes(codes, pd.RangeIndex(len(levels[number])))
        else:
            data[f"v{number}"] = _numbers(variable.column, trials)
    if not data:
        raise FormulaError(
            "the formula has no term but the intercept", where="formula", remedy="name at least one factor"
        )
    values, spelled, slices = _evaluate(safe, data)
    terms: list[Term] = []
    picked: list[int] = []
    for numbers, columns in slices:
        used = tuple(safe.variables[i].column for i in numbers)
        coded = bool(used) and all(name in trials.coded for name in used)
        terms.append(Term(":".join(used) or INTERCEPT, len(picked), len(picked) + len(columns), used, coded))
        picked += columns
    names = [_spell(spelled[c], safe, levels) for c in picked]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FormulaError(f"two terms are spelled {twice!r}", where="formula", remedy="rename the column of that name")
    return ModelMatrix(formula, np.ascontiguousarray(values[:, picked]), tuple(names), tuple(terms))


def _evaluate(
    safe: SafeFormula, data: dict[str, object]
) -> tuple[npt.NDArray[np.float64], list[str], list[tuple[list[int], range]]]:
    """Have patsy build the matrix; return it, its column names, and for each term its variables and its columns."""
    import patsy

    try:
        described = patsy.ModelDesc.from_formula(safe.right)
        design = patsy.dmatrix(described, data, NA_action="raise", return_type="matrix")
    except patsy.PatsyError as error:
        origin = error.origin
        start, end = (origin.start, origin.end) if origin is not None else (0, len(safe.right))
        raise safe.error(str(error.message).splitlines()[0], start, end) from None
    except RecursionError:
        raise FormulaError("the formula is nested too deeply", where="formula", remedy="write it simpler") from None
    info = design.design_info
    values = np.asarray(design, dtype=np.float64)
    # patsy moves categories to the front; R, whose order this is, keeps terms of equal degree as they were written.
    order = sorted(described.rhs_termlist, key=lambda term: len(term.factors))
    slices = [
        (sorted(int(f.name()[1:]) for f in term.factors), range(*info.term_slices[term].indices(values.shape[1])))
        for term in order
    ]
    return values, list(info.column_names), slices


def _check_variables(safe: SafeFormula, trials: Trials) -> None:
    if safe.response != trials.response:
        raise FormulaError(
            f"the formula's response is {safe.response!r} but --response is {trials.response!r}",
            where="formula",
            remedy="name the same response in both",
        )
    for number, variable in enumerate(safe.variables):
        if variable.column == trials.response:
            problem = "the response cannot stand on the right too"
        elif variable.column not in trials.coded and trials.frame.loc[trials.usable, variable.column].isna().any():
            problem = f"the column {variable.column!r} has missing values in usable trials"
        else:
            continue
        piece = next(p for p in safe.pieces if safe.right[p[0] : p[1]] == f"v{number}")
        raise safe.error(problem, piece[0], piece[1])


def _is_categorical(variable: Variable, trials: Trials) -> bool:
    if variable.column in trials.coded:
        return False
    numeric = pd.api.types.is_numeric_dtype(trials.frame[variable.column].dtype)
    return variable.categorical or variable.column == trials.block or not numeric


def _numbers(column: str, trials: Trials) -> npt.NDArray[np.float64]:
    if column in trials.coded:
        return trials.coded[column].to_numpy(dtype=np.float64)
    values = trials.frame.loc[trials.usable, column].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise FormulaError(
            f"the column {column!r} holds infinite values", where="formula", remedy="leave it out of the formula"
        )
    return values


def _level_key(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def _spell(column: str, safe: SafeFormula, levels: dict[int, list[str]]) -> str:
    """Spell a patsy column (``v0:v2[T.1]``) as R spells its coefficient (``a:block2``)."""
    if column == "Intercept":
        return INTERCEPT
    parts = [(int(number), level) for number, level in _COLUMN.findall(column)]
    return ":".join(
        safe.variables[number].column + (levels[number][int(level)] if level else "") for number, level in sorted(parts)
    )
