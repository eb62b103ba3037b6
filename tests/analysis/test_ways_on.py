"""The comparison of ways to begin, to go on and to stop: what is measured, kept and told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from validation.tables import Validated, all_tables, read_list
from ways_on import page, run
from ways_on.comparison import AT, CEILING, SETTLE, WAYS, ceiling, measure

WAY = {way.word: way for way in WAYS}


@pytest.fixture(scope="module")
def table() -> Validated:
    return all_tables(read_list(), ["lenet_fashion"])[0]


def test_a_way_is_looked_at_where_it_ends_or_on_the_way() -> None:
    assert WAY["pb12..{}/md"].words == ["pb12..24/md", "pb12..32/md"]
    assert WAY["pb12+foldover..{}"].words == ["pb12+foldover..32"]
    assert WAY["frac32"].words == ["frac32"]
    assert [WAY["noconf16..{}"].possible(k) for k in (5, 6, 8, 9)] == [False, True, True, False]


def test_a_way_is_measured_and_kept(table: Validated, tmp_path: Path) -> None:
    rows = measure(table, WAY["pb12..{}/random"], studies=4, seed=1, jobs=1)
    assert rows[["design", "trials", "replays"]].to_numpy().tolist() == [
        ["pb12..24/random", 24.0, 4],
        ["pb12..32/random", 32.0, 4],
    ]
    assert rows["p_top3"].between(0.0, 1.0).all()
    assert rows["width_simultaneous"].is_monotonic_decreasing
    kept = page.put(page.put(page.read(tmp_path / "none"), ceiling(table, 1), table), rows, table)
    assert set(kept["design"]) == set(rows["design"])
    assert CEILING not in set(kept["design"])


def test_the_page_tells_the_recorded_numbers() -> None:
    rows = page.read(page.FOLDER / page.FILE)
    assert page.text(rows, all_tables(read_list())) == (page.DOCS / page.PAGE).read_text(encoding="utf-8")
    words = {word for way in (*WAYS, SETTLE) for word in way.words}
    assert set(rows["design"]) == {CEILING, *words}
    assert set(rows.loc[rows["design"] == CEILING, "trials"]) == set(AT)


def test_the_advice_on_which_design_tells_what_comes_out_worse() -> None:
    advice = (page.DOCS / "designs.md").read_text(encoding="utf-8").partition("## Which one?")[2].partition("\n## ")[0]
    right = {
        (design, trials): last.split("|")[-1].strip()
        for trials in (24, 32)
        for design, last in re.findall(r"^\| `?([^`|*]+)`? (\|.*) \|$", _section(f"{trials} trials"), re.MULTILINE)
    }
    told = {key: [int(part) for part in share.split(" ± ")] for key, share in right.items() if " ± " in share}
    assert page.read(page.FOLDER / page.FILE)["table"].nunique() == 12
    advice = " ".join(advice.split())
    assert "on [twelve of them](ways-on.md)" in advice
    poor = [told[f"pb12..32/{way}", 32][0] for way in ("random", "replicates", "md")]
    share, error = told["pb12..32", 32]
    assert (
        f"right in {min(poor)} to {max(poor)} % at 32, where runs chosen by `augment` are in {share} % (± {error})"
    ) in advice


def test_the_advice_tells_where_studies_that_stop_by_themselves_end() -> None:
    advice = (page.DOCS / "designs.md").read_text(encoding="utf-8").partition("## Which one?")[2].partition("\n## ")[0]
    rows = page.read(page.FOLDER / page.FILE)
    own = rows[rows["design"].str.endswith("/settle")]
    assert (len(own), set(own["replays"])) == (12, {6})
    assert f"on twelve of the tables, after {own['trials'].mean():.0f} in the mean, settled in a third" in advice
    assert own["settled"].mean() == pytest.approx(1 / 3, abs=0.02)
    right = own["p_top3"].mean()
    error = (right * (1 - right) / own["replays"].sum()) ** 0.5
    assert f"| {100 * right:.0f} % (± {100 * error:.0f}) |" in advice


def _section(trials: str) -> str:
    whole = (page.DOCS / page.PAGE).read_text(encoding="utf-8")
    return whole.partition(f"## First three right (per cent), {trials}")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [(["nowhere"], "is no table"), (["--studies", "3"], "--studies"), (["--docs", __file__], "--docs: there is no")],
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_artificial_tables_and_those_of_many_factors_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--results", str(tmp_path), "--docs", str(tmp_path)]
    assert run.main(["mlp_mnist", "xor", *folders]) == 0
    told = capsys.readouterr().err
    assert "mlp_mnist: 11 factors, left out" in told
    assert "xor: artificial, left out" in told
    assert "none of each way" in (tmp_path / page.PAGE).read_text(encoding="utf-8")
