"""Reading a formula as text: which names it holds, and a spelling of it in which every name is an invented one.

A formula is input, never code. Only column names, ``Q("any name")``, `` `any name` ``, ``C(name)``, arithmetic within a
known function (``log(lr)``, ``I(x^2)``: see ``arithmetic``), the numbers of the formula language and its operators are
let through; whatever evaluates the result sees ``v0``, ``v1``, ... alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

from qim_stats.errors import FormulaError
from qim_stats.factors import nearest
from qim_stats.model.arithmetic import FUNCTIONS, Expression, read_call
from qim_stats.model.formula_place import FormulaPlaceError as FormulaPlaceError
from qim_stats.model.transform import TRANSFORMS

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>Q\s*\(\s*(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*\))
      | (?P<ticked>`[^`]+`)
      | (?P<category>C\s*\()
      | (?P<name>[^\W\d][\w.]*)
      | (?P<number>\d+)
      | (?P<power>\*\*|\^)
      | (?P<nested>%in%)
      | (?P<operator>[-+*/:()~])""",
    re.VERBOSE,
)
_BARE = re.compile(r"[^\W\d][\w.]*")


@dataclass(frozen=True)
class Variable:
    """What a formula uses as one variable: a column, or arithmetic on columns.

    Parameters
    ----------
    column : str
        The column; for arithmetic, its spelling in R.
    categorical : bool
        Whether ``C()`` asks for it as categories.
    expression : Expression, optional
        The arithmetic.
    """

    column: str
    categorical: bool
    expression: Expression | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The table columns it is made of."""
        return (self.column,) if self.expression is None else tuple(dict.fromkeys(self.expression.columns()))


@dataclass(frozen=True)
class SafeFormula:
    """The right-hand side of a formula with its names replaced.

    Parameters
    ----------
    text : str
        The formula as it was given.
    response : str
        The column on its left.
    transform : str
        The function applied to it there, a key of ``TRANSFORMS``.
    tilde : int
        Where the tilde stands in ``text``.
    right : str
        Its right-hand side, in which ``v0`` stands for ``variables[0]`` and so on.
    variables : tuple of Variable
        In order of their first use.
    pieces : tuple of (int, int, int, int)
        For each token of ``right`` its start and end there, and its start and end in ``text``.
    """

    text: str
    response: str
    transform: str
    tilde: int
    right: str
    variables: tuple[Variable, ...]
    pieces: tuple[tuple[int, int, int, int], ...]

    def error(self, problem: str, start: int, end: int) -> FormulaPlaceError:
        """Make the error for a place of ``right``, pointing at the same place of ``text``."""
        touched = [p for p in self.pieces if p[0] < max(end, start + 1) and p[1] > start] or [self.pieces[-1]]
        return FormulaPlaceError(problem, self.text, touched[0][2], touched[-1][3])


def quote(name: str) -> str:
    """Spell a column name for use in a formula: as it is, or within ``Q("...")``."""
    if _BARE.fullmatch(name) and name.isidentifier() and name not in ("C", "Q"):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'Q("{escaped}")'


def read_formula(formula: str, columns: Collection[str]) -> SafeFormula:
    """Check a formula's words and replace its names.

    Parameters
    ----------
    formula : str
        Such as ``accuracy ~ lr * momentum + Q("weight decay")``.
    columns : collection of str
        The columns there are.

    Returns
    -------
    SafeFormula
        Ready to be evaluated.

    Raises
    ------
    FormulaPlaceError
        If a name is unknown, or something stands there that the formula language does not have.
    """
    if not formula.isprintable():
        raise FormulaError("the formula holds control characters", where="formula", remedy="write it on one line")
    return _Reader(formula, columns).read()


class _Reader:
    """One pass over the formula's tokens."""

    def __init__(self, formula: str, columns: Collection[str]) -> None:
        self.formula = formula
        self.columns = columns
        self.left: list[tuple[str, str]] = []
        self.tilde: int | None = None
        self.parts: list[str] = []
        self.length = 0
        self.pieces: list[tuple[int, int, int, int]] = []
        self.variables: list[Variable] = []

    def read(self) -> SafeFormula:
        position = 0
        while position < len(self.formula):
            position = self._token(position)
        if self.tilde is None or not self.pieces or len(self.left) != 1:
            end = len(self.formula) if self.tilde is None else self.tilde
            raise FormulaPlaceError(
                "a formula is one response, '~', and terms", self.formula, 0, end, remedy="write it as response ~ a + b"
            )
        response, transform = self.left[0]
        return SafeFormula(
            text=self.formula,
            response=response,
            transform=transform,
            tilde=self.tilde,
            right="".join(self.parts),
            variables=tuple(self.variables),
            pieces=tuple(self.pieces),
        )

    def _token(self, start: int) -> int:
        match = _TOKEN.match(self.formula, start)
        if match is None:
            raise self._refuse(f"{self.formula[start]!r} has no meaning in a formula", start, start + 1)
        kind, end = match.lastgroup, match.end()
        if kind == "name" and self.formula[end:].lstrip().startswith("("):
            called = self._call(match.group(), start, end)
            if called is not None:
                return called
        if kind == "category":
            inner = re.compile(r"\s*").match(self.formula, end)
            match = _TOKEN.match(self.formula, inner.end() if inner else end)
            closing = re.compile(r"\s*\)").match(self.formula, match.end()) if match else None
            if match is None or match.lastgroup not in ("name", "quoted", "ticked", "string") or closing is None:
                raise self._refuse("C() takes one column", start, end)
            self._name(self._spelled(match, start), start, closing.end(), categorical=True)
            return closing.end()
        if kind in ("name", "quoted", "ticked", "string"):
            self._name(self._spelled(match, start), start, end, categorical=False)
        elif match.group() == "~":
            if self.tilde is not None:
                raise self._refuse("there is a second '~'", start, end)
            self.tilde = start
        elif kind != "space":
            if self.tilde is None:
                raise self._refuse("left of '~' stands the response alone", start, end)
            # "a %in% b" is R's other spelling of a:b.
            self._emit({"power": "**", "nested": ":"}.get(str(kind), match.group()), start, end)
        return end

    def _call(self, function: str, start: int, end: int) -> int | None:
        """Take a function call and return the position after it; None where there is no such function."""
        if self.tilde is None and function in TRANSFORMS:
            return self._transform(function, start)
        if function not in FUNCTIONS:
            if function in self.columns or function == "Q":
                return None
            where = "on the right" if function in TRANSFORMS else "in a formula"
            known = [name for name in (FUNCTIONS if self.tilde is not None else TRANSFORMS) if name != "identity"]
            raise FormulaPlaceError(
                f"the function {function!r} cannot be used {where}",
                self.formula,
                start,
                end,
                remedy=nearest(function, known),
            )
        if self.tilde is None:
            raise self._refuse("left of '~' stands the response alone, or one increasing function of it", start, end)
        expression, stop = read_call(self.formula, start, self.columns)
        if not any(expression.columns()):
            raise self._refuse("there is no column in this", start, stop)
        variable = Variable(expression.spell(), False, expression)
        if variable not in self.variables:
            self.variables.append(variable)
        self._emit(f"v{self.variables.index(variable)}", start, stop)
        return stop

    def _transform(self, function: str, start: int) -> int:
        """Take ``function(response)``; what stands in the parentheses is one column."""
        inside = re.compile(r"\s*\(\s*").match(self.formula, start + len(function))
        match = _TOKEN.match(self.formula, inside.end()) if inside else None
        closing = re.compile(r"\s*\)").match(self.formula, match.end()) if match else None
        if match is None or match.lastgroup not in ("name", "quoted", "ticked", "string") or closing is None:
            raise self._refuse(f"{function}() takes the response alone here", start, start + len(function))
        self._name(self._spelled(match, start), match.start(), match.end(), categorical=False, transform=function)
        return closing.end()

    def _spelled(self, match: re.Match[str], start: int) -> str:
        if match.group("string"):
            try:
                return str(ast.literal_eval(match.group("string")))
            except (SyntaxError, ValueError):
                raise self._refuse("the text within Q() cannot be read", start, match.end()) from None
        return match.group().strip("`") if match.group("ticked") else match.group()

    def _name(self, name: str, start: int, end: int, *, categorical: bool, transform: str = "identity") -> None:
        if name not in self.columns:
            if name == "Q" and not categorical:
                raise self._refuse("Q() takes one column name in quotes", start, end)
            raise FormulaPlaceError(
                f"there is no column {name!r}", self.formula, start, end, remedy=nearest(name, self.columns)
            )
        if self.tilde is None:
            self.left.append((name, transform))
            return
        variable = Variable(name, categorical)
        if variable not in self.variables:
            self.variables.append(variable)
        self._emit(f"v{self.variables.index(variable)}", start, end)

    def _emit(self, text: str, start: int, end: int) -> None:
        opens = text == "(" or text[0].isalnum()
        if opens and self.parts and (self.parts[-1] == ") " or self.parts[-1][0].isalnum()):
            raise self._refuse("an operator is missing before this", start, end)
        self.parts.append(text + " ")
        self.pieces.append((self.length, self.length + len(text), start, end))
        self.length += len(text) + 1

    def _refuse(self, problem: str, start: int, end: int) -> FormulaPlaceError:
        return FormulaPlaceError(
            problem,
            self.formula,
            start,
            end,
            remedy="use columns, C(column), log(column), I(arithmetic), +, -, :, *, /, ** and parentheses",
        )
