"""What the README says of the rank intervals is what the replays of the recorded tables found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from validation.results import read
from validation.tables import ARTIFICIAL, LOCKED, read_list

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_tells_how_often_intervals_held() -> None:
    rows = read().rows
    rows = rows[(rows["role"] != ARTIFICIAL) & rows["coverage_simultaneous"].notna()]
    listed = read_list()
    assert set(rows["table"]) == {table.name for table in listed.tables}
    assert len(listed.tables) == 11
    waited = [table for table in listed.tables if table.freeze]
    assert (len(waited), sum(listed.role(table) == LOCKED for table in waited)) == (6, 2)
    held = [np.average(own["coverage_simultaneous"], weights=own["replays"]) for _, own in rows.groupby("table")]
    assert 0.98 <= min(held) < 0.99
    text = " ".join(README.read_text(encoding="utf-8").split())
    assert "keeps eleven such truths" in text
    assert (
        "Six of them were trained only after a version of the method was frozen, two of these after the present" in text
    )
    assert "in 98 % of the replayed studies or more, all designs taken together" in text
