"""Arithmetic on table columns inside a formula, such as ``log(lr)`` or ``I(x^2)``: read, spelled and evaluated here.

Such text is input, never code: it becomes a tree of numbers, columns, five operators and a few functions, and nothing
else can be written. Precedence is R's: ``^`` before the sign before ``*`` and ``/`` before ``+`` and ``-``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qim_stats.factors import nearest
from qim_stats.model.formula_place import FormulaPlaceError
from qim_stats.model.transform import logit

Array = npt.NDArray[np.float64]
FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "I": lambda x: x,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "logit": logit,
    "sqrt": np.sqrt,
}
_OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}
_SPELLED = {"+": " + ", "-": " - ", "*": " * ", "/": "/", "^": "^"}  # as R's deparse
_BARE = re.compile(r"[^\W\d_][\w.]*")
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | Q\s*\(\s*(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*\)
      | (?P<ticked>`[^`]+`)
      | (?P<name>[^\W\d][\w.]*)
      | (?P<power>\*\*|\^)
      | (?P<sign>[-+*/()]))""",
    re.VERBOSE,
)
_DEPTH = 40


@dataclass(frozen=True)
class Expression:
    """A node of arithmetic.

    Parameters
    ----------
    kind : str
        ``number``, ``column``, ``parentheses``, ``negative``, an operator, or the name of a function.
    parts : tuple of Expression
        What it works on.
    column : str
        Of a column, its name.
    number : float
        Of a number, its value.
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    column: str = ""
    number: float = 0.0

    def columns(self) -> Iterator[str]:
        """Yield the columns that occur, in order, with repetitions."""
        if self.kind == "column":
            yield self.column
        for part in self.parts:
            yield from part.columns()

    def spell(self) -> str:
        """Spell the expression as R's deparse does: ``I(x^2)``, ``log(x + 1)``."""
        inner = [part.spell() for part in self.parts]
        if self.kind == "number":
            return f"{self.number:.15g}"
        if self.kind == "column":
            return self.column if _BARE.fullmatch(self.column) else f"`{self.column}`"
        if self.kind == "parentheses":
            return f"({inner[0]})"
        if self.kind == "negative":
            return f"-{inner[0]}"
        if self.kind in _OPERATORS:
            return _SPELLED[self.kind].join(inner)
        return f"{self.kind}({inner[0]})"

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        """Evaluate the expression.

        Parameters
        ----------
        values : mapping of column to ndarray of float64, shape (n,)
            Each column that occurs, in natural units.

        Returns
        -------
        ndarray of float64, shape (n,) or ()
            Not finite where the expression has no value.
        """
        with np.errstate(all="ignore"):
            return self._evaluate(values)

    def _evaluate(self, values: Mapping[str, Array]) -> Array:
        if self.kind == "number":
            return np.array(self.number)
        if self.kind == "column":
            return values[self.column]
        inner = [part._evaluate(values) for part in self.parts]
        if self.kind == "parentheses":
            return inner[0]
        if self.kind == "negative":
            return np.negative(inner[0])
        if self.kind in _OPERATORS:
            return _OPERATORS[self.kind](inner[0], inner[1])
        return FUNCTIONS[self.kind](inner[0])


def read_call(formula: str, start: int, columns: Collection[str]) -> tuple[Expression, int]:
    """Read a function call of a formula.

    Parameters
    ----------
    formula : str
        The whole formula.
    start : int
        Where the function's name begins.
    columns : collection of str
        The columns there are.

    Returns
    -------
    Expression, int
        The call, and the position after its closing parenthesis.

    Raises
    ------
    FormulaPlaceError
        If a column or function is unknown, or something stands there that is not arithmetic.
    """
    reader = _Reader(formula, start, columns)
    found = reader.primary(0)
    return found, reader.end


class _Reader:
    """Recursive descent over the tokens of one call."""

    def __init__(self, formula: str, start: int, columns: Collection[str]) -> None:
        self.formula = formula
        self.columns = columns
        self.start = self.end = start
        self.token: re.Match[str] | None = None
        self._advance(start)

    def _advance(self, position: int) -> None:
        self.token = _TOKEN.match(self.formula, position)
        self.end = position
        self.start = self.token.end() - len(self.token.group().lstrip()) if self.token else position

    def _text(self) -> str:
        return "" if self.token is None else self.token.group().strip()

    def _take(self) -> str:
        text = self._text()
        if self.token is not None:
            self._advance(self.token.end())
        return text

    def sum(self, depth: int) -> Expression:
        left = self.product(depth)
        while self._text() in ("+", "-"):
            left = Expression(self._take(), (left, self.product(depth)))
        return left

    def product(self, depth: int) -> Expression:
        left = self.signed(depth)
        while self._text() in ("*", "/"):
            left = Expression(self._take(), (left, self.signed(depth)))
        return left

    def signed(self, depth: int) -> Expression:
        if depth > _DEPTH:
            raise self._refuse("the arithmetic is nested too deeply")
        if self._text() == "-":
            self._take()
            return Expression("negative", (self.signed(depth + 1),))
        return self.power(depth)

    def power(self, depth: int) -> Expression:
        base = self.primary(depth)
        if self._text() in ("^", "**"):
            self._take()
            return Expression("^", (base, self.signed(depth + 1)))
        return base

    def primary(self, depth: int) -> Expression:
        token, start = self.token, self.start
        if token is None:
            raise self._refuse("a number or a column is missing")
        if token.group("number"):
            return Expression("number", number=float(self._take()))
        if token.group("string") or token.group("ticked") or token.group("name"):
            name = self._name(token)
            self._take()
            if token.group("name") and self._text() == "(" and name not in self.columns:
                return self._call(name, start, depth)
            if name in FUNCTIONS and self._text() == "(":
                return self._call(name, start, depth)
            if name not in self.columns:
                raise FormulaPlaceError(
                    f"there is no column {name!r}", self.formula, start, token.end(), remedy=nearest(name, self.columns)
                )
            return Expression("column", column=name)
        if self._text() == "(":
            self._take()
            inner = self.sum(depth + 1)
            self._close(start)
            return Expression("parentheses", (inner,))
        raise self._refuse("a number or a column is missing")

    def _call(self, name: str, start: int, depth: int) -> Expression:
        if name not in FUNCTIONS:
            raise FormulaPlaceError(
                f"the function {name!r} cannot be used in a formula",
                self.formula,
                start,
                start + len(name),
                remedy=nearest(name, FUNCTIONS),
            )
        self._take()
        inner = self.sum(depth + 1)
        self._close(start)
        return Expression(name, (inner,))

    def _close(self, start: int) -> None:
        if self._text() != ")":
            if self.token is None and not self.formula[self.end :].strip():
                raise FormulaPlaceError(
                    "a parenthesis is not closed", self.formula, start, len(self.formula), remedy="close it"
                )
            raise self._refuse("an operator or ')' is missing before this")
        # What follows belongs to the formula, not to this call, so it is not read as arithmetic here.
        position = self.start + 1
        self._advance(position)

    def _name(self, token: re.Match[str]) -> str:
        if token.group("string"):
            try:
                return str(ast.literal_eval(token.group("string")))
            except (SyntaxError, ValueError):
                raise self._refuse("the text within Q() cannot be read") from None
        return token.group().strip().strip("`")

    def _refuse(self, problem: str) -> FormulaPlaceError:
        gap = len(self.formula[self.end :]) - len(self.formula[self.end :].lstrip())
        start = self.start if self.token is not None else min(self.end + gap, max(0, len(self.formula) - 1))
        end = self.token.end() if self.token is not None else start + 1
        return FormulaPlaceError(
            problem,
            self.formula,
            start,
            end,
            remedy="use columns, numbers, +, -, *, /, ^ and " + ", ".join(f"{name}()" for name in FUNCTIONS),
        )
