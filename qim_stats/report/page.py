"""What every page shares: templates that escape all text, and the look of cells with long words."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from qim_stats.errors import one_line

_LONG_WORD = 20


@cache
def environment() -> Environment:
    """Return the templates' environment: everything is escaped, and a name that is not given is an error."""
    made = Environment(
        loader=PackageLoader("qim_stats.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["long"] = _long
    return made


def _long(text: str) -> str:
    """Return the class of a cell whose text has a word so long that it must be broken anywhere."""
    return " long" if any(len(word) > _LONG_WORD for word in text.split()) else ""


def _shown(value: Any) -> Any:
    """Show control characters, and those that turn the reading direction, instead of obeying them."""
    return one_line(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
