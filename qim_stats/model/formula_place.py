"""A formula error that shows where in the formula it is."""

from __future__ import annotations

from qim_stats.errors import FormulaError


class FormulaPlaceError(FormulaError):
    """A formula error that knows its place.

    Parameters
    ----------
    problem : str
        What is wrong.
    formula : str
        The formula.
    start, end : int
        The characters at fault.
    remedy : str, optional
        What to do next.
    """

    def __init__(self, problem: str, formula: str, start: int, end: int, *, remedy: str | None = None) -> None:
        super().__init__(problem, where=f"formula, character {start + 1}", remedy=remedy)
        self.excerpt = f"  {formula}\n  {' ' * start}{'^' * max(1, end - start)}"
