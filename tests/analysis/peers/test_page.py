"""The page tells what was recorded."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from peers import cache, page, tuning_page
from peers.methods import OURS
from peers.tables import ANALYSIS, load


def test_the_page_tells_the_recorded_numbers() -> None:
    rows = cache.read()
    text = (page.DOCS / "peers.md").read_text(encoding="utf-8")
    assert len(rows) > 0
    for (table, name), own in rows.groupby(["table", "method"]):
        section = text[text.index(f"### {table}\n") :]
        line = next(line for line in section.splitlines() if line.startswith(f"| {name} |"))
        told = [cell.strip() for cell in line.split("|")[2:]]
        assert [cell for cell in told[:-4] if cell] == [f"{100 * share:.0f}" for share in own["top3"]]
        assert all(version in text for version in own["version"])
    assert (rows["studies"] > 0).all()


def test_a_ratio_that_is_only_bounded_counts_where_the_bound_will_do() -> None:
    told = page._wanted([(0.3, True), (0.3, False), (0.5, True), (0.5, False), (float("inf"), True)], 3, 1, tables=6)
    told = " ".join(told.split())
    assert "Of 6 tables it is met on 2, missed on 2, and not told on 2. On 3 of them" in told
    assert "on 1 more it is less than the design that the chosen fours start with" in told


def test_raw_contrasts_are_told_beside_the_chosen_fours() -> None:
    table = replace(load(ANALYSIS / "lenet_fashion" / "full.csv"), name="some")
    budgets = {"budget": [16, 32], "trials": [16, 32], "studies": 1000, "table": "some"}
    chosen, raw, folded = (
        pd.DataFrame(budgets | {"method": name, "top3": top3})
        for name, top3 in zip((OURS[0].name, *page.RAW), ([0.1, 1.0], [0.1, 0.1], [1.0, 1.0]), strict=True)
    )
    told = page._beside_raw(pd.concat([chosen, raw, folded]), [table])
    assert told[1:] == ["- fewer, on 1: some"]
    assert page._beside_raw(pd.concat([chosen, raw, folded.assign(top3=[0.1, 1.0])]), [table])[1:] == [
        "- as many, on 1: some"
    ]
    assert page._beside_raw(pd.concat([chosen, raw, raw.assign(method=page.RAW[1])]), [table])[1:] == [
        "- more, on 1: some"
    ]
    none = [own.assign(top3=0.1) for own in (chosen, raw, folded)]
    assert page._beside_raw(pd.concat(none), [table])[1:] == ["- neither gets there, on 1: some"]
    assert page._beside_raw(pd.concat([chosen, raw]), [table]) == []


def test_the_page_tells_whether_it_pays() -> None:
    text = (page.DOCS / "peers.md").read_text(encoding="utf-8")
    assert not tuning_page.read().empty
    assert tuning_page.section() in text
    # Of 40 repeats that all get there no error is known, and it is not nothing.
    assert "| 100 ± 2.5 | 40 |" in text
    assert "± 0.0 |" not in tuning_page.section()
