"""Reading factors, and the design asked for, from a TOML file: a file of factors alone, or a whole study file.

Whatever else a study file says (targets apart, which are kept as text) belongs to those who run the trials and is left
to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qim_stats.design.settings import DesignSettings
from qim_stats.errors import FactorError
from qim_stats.factors import Factor, Scale, check_factors, nearest
from qim_stats.toml_table import TomlFile, TomlTable, load_toml

FACTOR_KEYS = ("name", "low", "high", "scale", "unit", "target")
DESIGN_KEYS = (
    "kind", "runs", "resolution", "foldover", "replicates", "center_points", "blocks", "columns", "order",
)  # fmt: skip
DIRECTIONS = ("maximize", "minimize")

_SCALES: dict[str, Scale] = {"linear": "linear", "log": "log"}


@dataclass(frozen=True)
class FactorFile:
    """What a file of factors or a study file says about the design.

    Parameters
    ----------
    factors : tuple of Factor
        The factors, in the file's order.
    targets : dict of str to str
        For factors with a ``target``, by name, its text.
    settings : DesignSettings
        The ``[design]`` table, with defaults where it is silent.
    seed : int, optional
        The file's seed.
    study, response, direction : str, optional
        The study's name, what is measured, and ``"maximize"`` or ``"minimize"``.
    """

    factors: tuple[Factor, ...]
    targets: dict[str, str] = field(default_factory=dict)
    settings: DesignSettings = field(default_factory=DesignSettings)
    seed: int | None = None
    study: str | None = None
    response: str | None = None
    direction: str | None = None


def read_factors(path: str | Path) -> tuple[Factor, ...]:
    """Read the factors of a TOML file.

    Parameters
    ----------
    path : str or Path
        A file with ``[[factor]]`` tables: name, low, high and, if wanted, scale, unit, target.

    Returns
    -------
    tuple of Factor
        The factors, in the file's order.

    Raises
    ------
    FactorError
        If the file cannot be read, is not TOML, or misdeclares a factor; with file and line.
    """
    return read_factor_file(path).factors


def read_factor_file(path: str | Path) -> FactorFile:
    """Read the factors of a TOML file and the design it asks for.

    Parameters
    ----------
    path : str or Path
        A file with ``[[factor]]`` tables and, if wanted, ``[design]``, ``seed``, ``name``, ``response`` and
        ``direction``. Other tables and keys are left aside.

    Returns
    -------
    FactorFile
        What it says.

    Raises
    ------
    FactorError
        If the file cannot be read, is not TOML, or misdeclares a factor or the design; with file and line.
    """
    file = load_toml(path)
    factors: list[Factor] = []
    targets: dict[str, str] = {}
    for table in _factor_tables(file):
        factor = _factor(table)
        try:
            check_factors([*factors, factor])
        except FactorError as error:
            raise FactorError(error.problem, where=table.where("name"), remedy=error.remedy) from error
        factors.append(factor)
        if (target := _target(table)) is not None:
            targets[factor.name] = target
    top = file.top()
    direction = top.get("direction", str)
    if direction is not None and direction not in DIRECTIONS:
        raise FactorError(
            f"unknown direction {direction!r}", where=top.where("direction"), remedy=nearest(direction, DIRECTIONS)
        )
    return FactorFile(
        factors=tuple(factors),
        targets=targets,
        settings=_settings(file),
        seed=top.get("seed", int),
        study=top.get("name", str),
        response=top.get("response", str),
        direction=direction,
    )


def _factor_tables(file: TomlFile) -> list[TomlTable]:
    """Return the [[factor]] tables with their places."""
    tables: Any = file.content.get("factor")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise FactorError(
            "there are no [[factor]] tables",
            where=file.path,
            remedy='add one for each factor, with name = "...", low = ... and high = ...',
        )
    # Factors may also be written as one list of inline tables; then there are no headers, and no lines to name.
    headers = list(file.find(r"""\s*\[\[\s*(factor|"factor"|'factor')\s*\]\]"""))
    starts = [header + 1 for header in headers] if len(headers) == len(tables) else [None] * len(tables)
    return [
        TomlTable(file, f"[[factor]] number {number}", table, start)
        for number, (table, start) in enumerate(zip(tables, starts, strict=True), start=1)
    ]


def _factor(table: TomlTable) -> Factor:
    """Read one [[factor]] table."""
    table.only(FACTOR_KEYS)
    for key in ("name", "low", "high"):
        if key not in table.content:
            raise FactorError(f"{table.title} has no {key}", where=table.where(), remedy=f"add {key} = ... to it")
    for key in ("low", "high"):
        level = table.content[key]
        if not isinstance(level, (bool, int, float, str)) or (isinstance(level, int) and abs(level) >= 2**63):
            raise FactorError(
                f"{key} is {level!r:.60}, not a number of at most 64 bits, a text, or true or false",
                where=table.where(key),
                remedy="give such a level, a text in quotes",
            )
    scale = table.get("scale", str) or "linear"
    if scale not in _SCALES:
        raise FactorError(f"unknown scale {scale!r}", where=table.where("scale"), remedy=nearest(scale, _SCALES))
    try:
        return Factor(
            name=table.get("name", str) or "",
            low=table.content["low"],
            high=table.content["high"],
            scale=_SCALES[scale],
            unit=table.get("unit", str),
        )
    except FactorError as error:
        raise FactorError(error.problem, where=error.where or table.where(), remedy=error.remedy) from error


def _target(table: TomlTable) -> str | None:
    """Read the target as text; a study file may list several fields that move together."""
    target = table.content.get("target")
    if isinstance(target, list) and target and all(isinstance(text, str) for text in target):
        return "; ".join(target)
    return table.get("target", str)


def _settings(file: TomlFile) -> DesignSettings:
    """Read the [design] table; its numbers and its kind are judged where the design is made."""
    content: Any = file.content.get("design", {})
    if not isinstance(content, dict):
        raise FactorError(
            "design is not a table", where=file.top().where("design"), remedy='write [design] and below it kind = "..."'
        )
    header = next(iter(file.find(r"""\s*\[\s*(design|"design"|'design')\s*\]""")), None) if content else None
    table = TomlTable(file, "[design]", content, None if header is None else header + 1)
    table.only(DESIGN_KEYS)
    default = DesignSettings()
    given: dict[str, Any] = {key: table.get(key, str) for key in ("kind", "columns", "order")}
    given |= {key: table.get(key, int) for key in ("runs", "resolution", "replicates", "center_points", "blocks")}
    given["foldover"] = table.get("foldover", bool)
    return replace(default, **{key: value for key, value in given.items() if value is not None})
