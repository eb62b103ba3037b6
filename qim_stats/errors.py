"""The exception family: every mistake a user can make, told in one line with its place and its remedy."""

from __future__ import annotations


class QimError(Exception):
    """A mistake in what the user gave, with where it is and what to do about it.

    Parameters
    ----------
    problem : str
        What is wrong, as one sentence without a full stop.
    where : str, optional
        The place: a file, ``file:line``, a column, an option.
    remedy : str, optional
        What to do next.

    Notes
    -----
    ``str(error)`` is always a single line without control characters, whatever text the user's input carried into it.
    """

    def __init__(self, problem: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        line = f"{self.where}: {self.problem}" if self.where else self.problem
        if self.remedy:
            line = f"{line}; {self.remedy}"
        return one_line(line)


class FactorError(QimError):
    """A factor is misdeclared, unknown, or does not have two levels."""


class DesignError(QimError):
    """A design cannot be built as asked."""


class TrialsError(QimError):
    """A trials table cannot be read or does not hold what an analysis needs."""


class FormulaError(QimError):
    """A formula cannot be read, names what is not there, or asks for aliased terms."""


def one_line(text: str) -> str:
    r"""Show control characters as escapes, so that text from a file stays on one line.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same text with line breaks and other control characters written as ``\n``, ``\x1b`` and so on.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
