"""What the README says of the comparison with peers is what was recorded; this needs none of their packages."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
from peers import cache
from peers.trials_to_truth import trials_to_truth

README = Path(__file__).parents[2] / "README.md"
CHOSEN, BEST, LEAST_SQUARES = "PB12, then chosen fours", "fractional factorial, lm", "random rows, least squares"
RAW = ("PB, raw contrasts (QIM)", "PB + foldover, raw")
OWN = (CHOSEN, "PB, alias-aware", "PB + foldover, alias-aware", *RAW)


def test_the_readme_tells_what_the_comparison_found() -> None:
    rows = cache.read()
    tables, methods = (sorted(rows[column].unique()) for column in ("table", "method"))
    needs: dict[tuple[str, str], float] = {}
    for (table, name), own in rows.groupby(["table", "method"]):
        found = trials_to_truth(own)
        needs[table, name] = math.inf if found is None or found.trials is None else found.trials
    assert set(needs) == {(table, name) for table in tables for name in methods}
    assert {*OWN, BEST, LEAST_SQUARES} <= set(methods)
    others = [name for name in methods if name not in OWN]
    first = {table: min(needs[table, name] for name in others) for table in tables}
    reached = [table for table in tables if math.isfinite(min(needs[table, CHOSEN], first[table]))]
    more = [table for table in reached if needs[table, CHOSEN] > first[table]]
    assert (len(tables), len(reached) - len(more), len(more), len(tables) - len(reached)) == (15, 11, 3, 1)
    assert all(needs[table, BEST] == first[table] for table in reached)
    raw = {table: min(needs[table, name] for name in RAW) for table in reached}
    beside = [(raw[table] > needs[table, CHOSEN]) - (raw[table] < needs[table, CHOSEN]) for table in reached]
    assert [beside.count(sign) for sign in (-1, 0, 1)] == [2, 5, 7]
    slow = [name for name in others if name not in (BEST, LEAST_SQUARES)]
    ratios = {needs[table, name] / needs[table, CHOSEN] for table in reached for name in slow} - {math.inf}
    assert round(min(ratios), 2) == 1.33
    assert max(ratios) == 7.5
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert "on fifteen full factorials" in text
    assert "no more trials than the best of the others on eleven, more on three; on one nobody got there in 128" in text
    assert "fewer trials than the chosen ones on two tables, as many on five, more on seven" in text
    assert "need one and a third to seven and a half times as many, or more than 128" in text


def test_the_readme_tells_what_became_of_tuning() -> None:
    rows = pd.read_csv(Path(cache.__file__).with_name("tuning.csv"))
    medians = rows.pivot_table(index="space", columns="strategy", values="median", dropna=False)
    later = medians["pb12, told to TPE on all"] - medians["TPE, all"]
    anew = later.index.str.startswith("perceptron")
    tables = later[~anew]
    assert (len(tables), tables.max(), round(tables.mean(), 1)) == (15, 6, 1.0)
    assert (len(later[anew]), (later[anew] < 0).all()) == (2, True)
    told = " ".join(README.read_text(encoding="utf-8").split())
    assert "on fifteen tables one trial later in the mean, six at worst, by the medians; on two spaces that" in told
