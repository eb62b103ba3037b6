"""Mistakes that the schema finds in a study file, told with their line and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from caffe_runner.errors import StudyError
from caffe_runner.study.schema import DataSpec, DesignSpec, FactorSpec, LimitsSpec, StageSpec, StudySpec
from caffe_runner.study.toml_lines import line_of
from qim_stats.factors import nearest

_MODELS: dict[str, type[BaseModel]] = {
    "data": DataSpec,
    "design": DesignSpec,
    "limits": LimitsSpec,
    "stage": StageSpec,
    "factor": FactorSpec,
}
_SEVERAL = ("stage", "factor")
_WANTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "model_type": "a table",
    "dict_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "a list",
}
_SHOWN = 60

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The file and its lines, to say where a key stands."""

    file: str
    lines: Sequence[str]

    def where(self, *path: str | int) -> str:
        """Return ``file:line`` of a key."""
        return f"{self.file}:{line_of(self.lines, path)}"


def study_error(error: ValidationError, places: Places) -> StudyError:
    """Turn pydantic's findings into one error.

    Parameters
    ----------
    error : ValidationError
        What was found.
    places : Places
        The file.

    Returns
    -------
    StudyError
        The first mistake in the order of the file, and how many more there are.
    """
    found: dict[KeyPath, list[ErrorDetails]] = {}
    for detail in error.errors():
        found.setdefault(_key_path(detail["loc"]), []).append(detail)

    def order(path: KeyPath) -> tuple[bool, int]:
        # A misspelled key comes first: it is the cause where another is then missing.
        return found[path][0]["type"] != "extra_forbidden", line_of(places.lines, path)

    first = min(found, key=order)
    problem, remedy = _told(first, found[first])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return StudyError(problem, where=places.where(*first), remedy=f"{remedy}{more}")


def _key_path(loc: KeyPath) -> KeyPath:
    """Leave out what pydantic adds to name the alternatives of a type."""
    depth = 1
    if loc[0] in _MODELS and len(loc) > 1:
        depth = 2
        if loc[0] in _SEVERAL and isinstance(loc[1], int):
            depth = 3
    return loc[:depth]


def _told(path: KeyPath, details: list[ErrorDetails]) -> tuple[str, str]:
    detail = details[0]
    key = path[-1]
    if detail["type"] == "missing" and detail["loc"] == path:
        return f"{_title(path[:-1])} has no {key!r}", f"add {key} = ..."
    if detail["type"] == "extra_forbidden":
        return f"{_title(path[:-1])} has no key {key!r}", nearest(str(key), _model(path).model_fields)
    wants = list(dict.fromkeys(_wanted(d) for d in details))
    if "a number" in wants:
        wants = [want for want in wants if want != "a whole number"]
    given = str(detail["input"]).lower() if isinstance(detail["input"], bool) else repr(detail["input"])
    given = given if len(given) <= _SHOWN else given[: _SHOWN - 3] + "..."
    subject = _title(path) if isinstance(key, int) else f"{key!r}"
    if detail["type"] == "literal_error":
        expected = get_args(_model(path).model_fields[str(key)].annotation)
        return f"{given} is no {key}", nearest(str(detail["input"]), map(str, expected))
    return f"{subject} is {given}", f"it must be {' or '.join(wants)}"


def _wanted(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind in _WANTED:
        return _WANTED[kind]
    context: dict[str, Any] = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"]).removeprefix("must be ")
    bounds = {
        "greater_than": ("gt", "more than"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "less than"),
        "less_than_equal": ("le", "at most"),
    }
    if kind in bounds:
        name, words = bounds[kind]
        return f"{words} {context[name]:g}"
    if kind == "too_short":
        return "a list that is not empty"
    if kind == "missing":
        return "a list of three whole numbers"
    return detail["msg"]


def _title(path: KeyPath) -> str:
    if not path:
        return "the study file"
    return f"[[{path[0]}]] number {int(path[1]) + 1}" if path[0] in _SEVERAL else f"[{path[0]}]"


def _model(path: KeyPath) -> type[BaseModel]:
    return _MODELS[str(path[0])] if len(path) > 1 else StudySpec
