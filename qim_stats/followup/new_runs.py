"""The new runs as rows of the trials table: numbers that go on, a block of their own, a random order, no response."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import TrialsError
from qim_stats.factors import RESERVED_COLUMNS, Factor
from qim_stats.looks import STAGE_TRIALS, STAGES, looks_of, stage_sizes
from qim_stats.trials import Trials
from qim_stats.trials.metadata import SCHEMA, metadata_path
from qim_stats.trials.states import PENDING

Array = npt.NDArray[np.float64]
_SEEDS = 2**31  # a trial's seed is below this, as a signed whole number of 32 bits
_BOOKKEEPING = ("run", "replicate", "block", "order")


def with_bookkeeping(data: Trials) -> pd.DataFrame:
    """Return the rows of a table with the columns ``run``, ``replicate``, ``block`` and ``order`` where they lacked.

    Parameters
    ----------
    data : Trials
        The trials so far.

    Returns
    -------
    DataFrame
        New columns stand before the others: each row a run of its own unless settings are repeated, one block (or a
        copy of the block column that was named), the order of the rows.
    """
    frame = data.frame.copy()
    block = data.block or "block"
    settings = data.all_coded[data.factor_names].reindex(frame.index)
    run = settings.groupby(data.factor_names, dropna=False, sort=False).ngroup() + 1
    made: dict[str, pd.Series] = {}
    if "run" not in frame:
        made["run"] = run
        made["replicate"] = run.groupby(run).cumcount() + 1
    elif "replicate" not in frame:
        made["replicate"] = frame.groupby("run").cumcount() + 1
    if block not in frame:
        made[block] = pd.Series(1, index=frame.index)
    if "order" not in frame:
        made["order"] = pd.Series(np.arange(1, len(frame) + 1), index=frame.index)
    for place, name in enumerate(name for name in (*_BOOKKEEPING[:2], block, "order") if name in made):
        if name in frame:
            frame[name] = made[name]
        else:
            frame.insert(place, name, made[name])
    return frame


def run_rows(data: Trials) -> pd.DataFrame:
    """Return the coded levels and spare columns of each run with two levels only, indexed by its first row.

    Parameters
    ----------
    data : Trials
        The trials so far.

    Returns
    -------
    DataFrame, shape (runs, k + spare columns)
        Rows of one run number are one run; without run numbers, rows of one setting are.
    """
    coded = data.all_coded
    two_level = np.isin(coded[data.factor_names].to_numpy(), (-1.0, 1.0)).all(axis=1)
    whole = coded.iloc[np.flatnonzero(two_level)]
    known = data.frame.loc[whole.index, ["run"]] if "run" in data.frame else whole[data.factor_names]
    return whole.iloc[np.flatnonzero(~known.duplicated().to_numpy())]


def held_levels(data: Trials) -> dict[str, Any]:
    """Return what new runs have in columns that the trials so far set, but that are no factors of this analysis.

    Parameters
    ----------
    data : Trials
        The trials so far.

    Returns
    -------
    dict of str to value
        For each factor that the metadata know and ``data.factors`` leave out, its level in the best trial so far; for
        each column of text with one value in all rows, that value.
    """
    best = int(np.argmax(data.y if data.direction == "maximize" else -data.y))
    row = data.frame.loc[data.usable].iloc[best]
    left_out = [f.name for f in _all_factors(data) if f.name not in data.factor_names and f.name in data.frame]
    fixed = {*RESERVED_COLUMNS, *data.factor_names, *data.dummies, data.response, data.block}
    others = [str(c) for c in data.frame.columns if c not in fixed]
    texts = [c for c in others if not pd.api.types.is_numeric_dtype(data.frame[c].dtype)]
    same = [c for c in texts if data.frame[c].notna().all() and data.frame[c].nunique() == 1]
    return {name: row[name] for name in [*left_out, *same]}


def new_rows(
    data: Trials, table: pd.DataFrame, coded: Array, seed: int, *, folded: bool = False, same_block: bool = False
) -> pd.DataFrame:
    """Write further runs as rows of the table.

    Parameters
    ----------
    data : Trials
        The trials so far.
    table : DataFrame
        As of ``with_bookkeeping``.
    coded : ndarray of float64, shape (r, k)
        Settings of the new runs, -1/+1, factors in the order of ``data.factors``; their order is shuffled.
    seed : int
        Of the order, and of the new trials' seeds where the table has a column ``seed``.
    folded : bool
        Whether each new run is the mirror of a run so far, spare columns included.
    same_block : bool
        Whether they join the block of the last trial that was measured; else they are a block of their own.

    Returns
    -------
    DataFrame, shape (r, columns of table)
        In the order to run them. A setting that was run has its run number and the next replicate number. Spare columns
        are filled in a foldover and where all runs so far of the setting agree on them.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 86]))
    block = data.block or "block"
    runs, replicates = _whole(table, "run"), _whole(table, "replicate")
    settings = data.all_coded[data.factor_names]
    numbers = {
        tuple(levels): int(runs[at]) for at, levels in zip(settings.index, settings.to_numpy().tolist(), strict=True)
    }
    most = replicates.groupby(runs).max()
    latest = dict(zip(most.index.tolist(), most.tolist(), strict=True))
    last, order = max(latest), int(_whole(table, "order").max())
    spare, held = _Spare(data, folded=folded), held_levels(data)
    label = table.loc[data.usable, block].iloc[-1] if same_block else _next_block(table[block])
    rows = []
    for levels in coded[rng.permutation(len(coded))]:
        setting = tuple(levels.tolist())
        if setting not in numbers:
            last += 1
            numbers[setting] = last
        number = numbers[setting]
        latest[number] = latest.get(number, 0) + 1
        order += 1
        row: dict[str, Any] = dict.fromkeys(table.columns) | held
        row |= {"run": number, "replicate": latest[number], "order": order, block: label}
        row |= {f.name: f.decode(int(side)) for f, side in zip(data.factors, levels, strict=True)}
        rows.append(row | spare.values(setting))
    frame = pd.DataFrame(rows, columns=table.columns, dtype=object)
    if "state" in table:
        frame["state"] = PENDING
    if "seed" in table:
        frame["seed"] = _seeds(table["seed"], len(frame), rng)
    return frame


def joined_table(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put the new rows below the table; there is a column ``state`` then, so that they are not taken for measured.

    Parameters
    ----------
    table, rows : DataFrame
        As of ``with_bookkeeping`` and ``new_rows``.

    Returns
    -------
    DataFrame
        Whole numbers stay whole.
    """
    old = table.astype(object)
    if "state" not in old:
        old["state"] = "done"
    new = rows.copy()
    new["state"] = PENDING
    both = pd.concat([old, new.reindex(columns=old.columns)], ignore_index=True)
    whole = [c for c in table if table[c].dtype.kind == "i" and both[c].notna().all()]
    return both.astype(dict.fromkeys(whole, "int64"))


def next_metadata(data: Trials, added: int) -> dict[str, Any]:
    """Return the metadata of the table with the new runs.

    Parameters
    ----------
    data : Trials
        The trials so far; what stands beside their file is kept.
    added : int
        How many new runs there are.

    Returns
    -------
    dict
        With ``design.stages`` one more than before, and how many rows each has, if that is known.

    Raises
    ------
    TrialsError
        If the count of stages there is no number.
    """
    meta: dict[str, Any] = {}
    if data.metadata is not None and data.source is not None:
        meta = json.loads(metadata_path(Path(data.source)).read_text(encoding="utf-8"))
    design = dict(meta.get("design") or {})
    given = {entry["name"]: entry for entry in meta.get("factors") or ()}
    counted = {STAGES: looks_of(design) + 1}
    sizes = stage_sizes(design, len(data.frame))
    rows = {} if sizes is None else {STAGE_TRIALS: [*sizes, added]}
    return {
        "schema": SCHEMA,
        "study": meta.get("study"),
        "response": data.response,
        "direction": data.direction,
        "seed": meta.get("seed"),
        "design": {**design, "dummies": list(data.dummies), **counted, **rows},
        "factors": [_factor_entry(factor, given.get(factor.name, {})) for factor in _all_factors(data)],
        "provenance": dict(meta.get("provenance") or {}),
    }


def _all_factors(data: Trials) -> Iterable[Factor]:
    """Return the factors asked for, then those that the metadata alone know."""
    yield from data.factors
    if data.metadata is not None:
        yield from (factor for factor in data.metadata.factors if factor.name not in data.factor_names)


def _factor_entry(factor: Factor, given: Mapping[str, Any]) -> dict[str, Any]:
    own = {"name": factor.name, "low": factor.low, "high": factor.high, "scale": factor.scale, "unit": factor.unit}
    return {**given, **own}


class _Spare:
    """The spare columns of new runs, as far as they can be known."""

    def __init__(self, data: Trials, *, folded: bool) -> None:
        self.names = list(data.dummies)
        self.folded = folded
        rows = run_rows(data)
        self.left: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
        sign = -1.0 if folded else 1.0
        settings, spare = rows[data.factor_names].to_numpy(), rows[self.names].to_numpy()
        for setting, values in zip((sign * settings).tolist(), (sign * spare).tolist(), strict=True):
            self.left.setdefault(tuple(setting), []).append(tuple(values))

    def values(self, setting: tuple[float, ...]) -> dict[str, int | None]:
        """Return the spare columns of a run: in a foldover those of its mirror, each of which is taken once."""
        found = self.left.get(setting, [])
        if self.folded and found:
            found = [found.pop(0)]
        if len(set(found)) != 1 or np.isnan(found[0]).any():
            return dict.fromkeys(self.names)
        return {name: int(value) for name, value in zip(self.names, found[0], strict=True)}


def _whole(table: pd.DataFrame, name: str) -> pd.Series:
    numbers = pd.to_numeric(table[name], errors="coerce")
    if numbers.isna().any() or (numbers % 1 != 0).any():
        raise TrialsError(
            f"the column {name!r} holds something that is not a whole number, so the new runs cannot be numbered",
            remedy="number the rows, or remove the column",
        )
    return numbers.astype("int64")


def _next_block(column: pd.Series) -> int | str:
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all() and (numbers % 1 == 0).all():
        return int(numbers.max()) + 1
    taken = set(column.astype(str))
    return next(name for name in (f"follow-up {i}" for i in range(1, len(taken) + 2)) if name not in taken)


def _seeds(column: pd.Series, count: int, rng: np.random.Generator) -> list[int]:
    taken = set(pd.to_numeric(column, errors="coerce").dropna().astype("int64"))
    seeds: list[int] = []
    while len(seeds) < count:
        seed = int(rng.integers(1, _SEEDS))
        if seed not in taken:
            taken.add(seed)
            seeds.append(seed)
    return seeds
