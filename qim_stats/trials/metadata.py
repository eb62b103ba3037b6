"""The file beside a trials table that says what its columns mean: factors with their levels, response, direction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qim_stats.errors import FactorError, TrialsError
from qim_stats.factors import Factor, Scale

SCHEMA = 1
_SCALES: dict[str, Scale] = {"linear": "linear", "log": "log"}


@dataclass(frozen=True)
class Metadata:
    """What the maker of a trials table knew about it.

    Parameters
    ----------
    factors : tuple of Factor
        The factors with their low and high levels.
    study, response, direction : str or None
        The study's name; the response and whether more of it is better (``"maximize"`` or ``"minimize"``).
    seed : int or None
        The seed of the design.
    design : mapping
        ``kind``, ``runs``, ``foldover``, ``replicates``, ``dummies`` as far as they were given.
    provenance : mapping of str to str
        Where the trials came from: image, commit, versions; shown as text.
    """

    factors: tuple[Factor, ...] = ()
    study: str | None = None
    response: str | None = None
    direction: str | None = None
    seed: int | None = None
    design: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def dummies(self) -> tuple[str, ...]:
        """Names of the design's spare columns."""
        return tuple(str(name) for name in self.design.get("dummies", ()))


METADATA_SUFFIX = ".meta.json"


def metadata_path(table: Path) -> Path:
    """Return where the metadata of a table lies: ``trials.csv`` -> ``trials.meta.json``."""
    return table.parent / (table.stem + METADATA_SUFFIX)


def read_metadata(table: Path) -> Metadata | None:
    """Read the metadata beside a trials table.

    Parameters
    ----------
    table : Path
        The CSV.

    Returns
    -------
    Metadata or None
        None when there is no such file.

    Raises
    ------
    TrialsError
        If the file is there but is not readable JSON of schema 1.
    """
    path = metadata_path(table)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TrialsError(f"cannot be read ({error})", where=str(path), remedy="mend or remove the file") from None
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise TrialsError(
            f"is not JSON ({error.msg})", where=f"{path}:{error.lineno}", remedy="mend or remove the file"
        ) from None
    return _from_json(data, str(path))


def _from_json(data: object, where: str) -> Metadata:
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise TrialsError(
            f"is not trials metadata of schema {SCHEMA}",
            where=where,
            remedy="export the table again, or remove the file",
        )
    try:
        return Metadata(
            factors=tuple(_factor(entry) for entry in data.get("factors") or ()),
            study=_text(data, "study"),
            response=_text(data, "response"),
            direction=_text(data, "direction"),
            seed=data.get("seed"),
            design=dict(data.get("design") or {}),
            provenance={str(k): str(v) for k, v in (data.get("provenance") or {}).items()},
        )
    except FactorError as error:
        raise TrialsError(error.problem, where=where, remedy=error.remedy) from None
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise TrialsError(
            f"has an entry of the wrong kind ({type(error).__name__}: {error})", where=where, remedy="mend the entry"
        ) from None


def _factor(entry: Mapping[str, Any]) -> Factor:
    for key in ("name", "low", "high"):
        if not isinstance(entry[key], (str, int, float)):
            raise TypeError(f"factor {key} {entry[key]!r}")
    scale = _SCALES.get(entry.get("scale") or "linear")
    if scale is None:
        raise ValueError(f"factor scale {entry['scale']!r}")
    return Factor(str(entry["name"]), entry["low"], entry["high"], scale, entry.get("unit"))


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} {value!r}")
    return value
