"""The page tells what was recorded."""

from __future__ import annotations

import math

from peers import cache, page, tuning_page
from peers.methods import OURS, PEERS
from peers.trials_to_truth import trials_to_truth


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
    told = page._wanted([(0.3, True), (0.3, False), (0.5, True), (0.5, False), (float("inf"), True)], 3, tables=6)
    told = " ".join(told.split())
    assert "Of 6 tables it is met on 2, missed on 2, and not told on 2. On 3 of them" in told


def test_the_page_tells_whether_it_pays() -> None:
    text = (page.DOCS / "peers.md").read_text(encoding="utf-8")
    assert not tuning_page.read().empty
    assert tuning_page.section() in text


def test_the_readme_tells_what_the_comparison_found() -> None:
    rows = cache.read()
    tables = sorted(rows["table"].unique())
    needs: dict[tuple[str, str], float] = {}
    for (table, name), own in rows.groupby(["table", "method"]):
        found = trials_to_truth(own)
        needs[table, name] = math.inf if found is None or found.trials is None else found.trials
    chosen, best = OURS[0].name, "fractional factorial, lm"
    others = [method.name for method in PEERS if method.name not in ("PB, raw contrasts (QIM)", "PB + foldover, raw")]
    first = {table: min(needs[table, name] for name in others) for table in tables}
    reached = [table for table in tables if math.isfinite(min(needs[table, chosen], first[table]))]
    more = [table for table in reached if needs[table, chosen] > first[table]]
    assert (len(tables), len(reached) - len(more), len(more), len(tables) - len(reached)) == (9, 7, 1, 1)
    assert all(needs[table, best] == first[table] for table in reached)
    slow = [name for name in others if name not in (best, "random rows, least squares")]
    ratios = {needs[table, name] / needs[table, chosen] for table in reached for name in slow} - {math.inf}
    assert min(ratios) > 1.9
    assert max(ratios) < 4.1
    text = " ".join((page.DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert "no more trials than the best of the others on seven, more on one; on one nobody got there in 128" in text
    assert "need two to four times as many, or more than 128" in text
