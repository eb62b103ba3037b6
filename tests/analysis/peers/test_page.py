"""The page tells what was recorded."""

from __future__ import annotations

from peers import cache, page, tuning_page


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


def test_the_page_tells_whether_it_pays() -> None:
    text = (page.DOCS / "peers.md").read_text(encoding="utf-8")
    assert not tuning_page.read().empty
    assert tuning_page.section() in text
