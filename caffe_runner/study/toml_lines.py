"""The line of a key in a TOML text, for messages: tomllib tells the lines of syntax errors only."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

KeyPath = Sequence[str | int]
"""Keys of tables and positions in arrays, from the top: ``("factor", 2, "low")``."""


def line_of(lines: Sequence[str], path: KeyPath) -> int:
    """Find where a key stands.

    Parameters
    ----------
    lines : sequence of str
        The lines of a valid TOML text.
    path : sequence of str or int
        The key. Where it is not in the text, its nearest table that is there counts; where there is none, line 1.

    Returns
    -------
    int
        From 1: the line on which the key, the header of its table, or the list that holds it begins.
    """
    path = tuple(path)
    whole = tomllib.loads("\n".join(lines))
    while path and not _holds(whole, path):
        path = path[:-1]
    if not path:
        return 1
    # The more lines are read, the more keys are there: the first count of lines that has the key is found by bisection.
    # A count that cuts a text or a list over several lines in two is no TOML; it is as good as the last one that is.
    below, above = 0, len(lines)
    while above - below > 1:
        middle = (below + above) // 2
        if _holds(_readable(lines, middle)[1], path):
            above = middle
        else:
            below = middle
    return _readable(lines, above - 1)[0] + 1


def _readable(lines: Sequence[str], count: int) -> tuple[int, dict[str, Any]]:
    """Read the first lines, or as many of them as make a TOML text."""
    while count > 0:
        try:
            return count, tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1
    return 0, {}


def _holds(content: Any, path: KeyPath) -> bool:
    for key in path:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
