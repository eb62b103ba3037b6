"""The page on pairs in many studies: what is replayed, kept and told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pairs import run
from peers.answers import fingerprint
from validation import page
from validation.results import read
from validation.tables import ARTIFICIAL, Validated, all_tables, read_list
from validation.work import AWARE


@pytest.fixture(scope="module")
def table() -> Validated:
    return all_tables(read_list(), ["lenet_fashion"])[0]


SOME = [200, 200, 60, 60]
"""Studies that differ by design."""


def rows_of(**changes: object) -> pd.DataFrame:
    """A row per design, all within the goal."""
    designs = [*run.FIXED, *run.CHOSEN]
    rows = pd.DataFrame({"design": designs, "calibration_error": [0.02, 0.03, 0.05, 0.01]}).assign(
        table="lenet_fashion", role="development", factors=8, calibration_error_error=0.004, answers=fingerprint()
    )
    rows["studies"] = 200
    first = {"claimed_top3": 0.6, "p_top3": 0.62, "p_top3_error": 0.03, "settled": 0.1, "settled_right": 0.95}
    return rows.assign(**first).assign(**changes).reindex(columns=list(run.COLUMNS))


def test_fewer_studies_where_an_answer_takes_longer(table: Validated) -> None:
    large = all_tables(read_list(), ["mlp_mnist"])[0]
    assert [run.studies_of(one, design) for one in (table, large) for design in ("frac32", "pb12..24")] == [
        200,
        200,
        60,
        16,
    ]
    assert run.studies_of(table, "frac32", 0.001) == 2


def test_what_is_missing_or_of_another_version_is_computed(table: Validated) -> None:
    assert run.missing_designs(rows_of(), table) == []
    assert run.missing_designs(rows_of()[1:], table) == ["pb12+foldover"]
    assert len(run.missing_designs(rows_of(answers="another"), table)) == 4
    assert len(run.missing_designs(rows_of(table="another"), table)) == 4
    assert run.missing_designs(rows_of(), table, share=0.5) == [*run.FIXED, *run.CHOSEN]
    assert len(run.missing_designs(rows_of(claimed_top3=float("nan")), table)) == 4


def test_rows_take_the_place_of_earlier_ones() -> None:
    one, other = rows_of(calibration_error=0.9), rows_of(table="another")
    both = run.put(pd.concat([one, other], ignore_index=True), rows_of()[:2])
    assert len(both) == 8
    assert both[both["calibration_error"] > 0.5]["design"].tolist() == list(run.CHOSEN)


def test_the_page_is_in_the_order_of_the_tables() -> None:
    rows = pd.concat([rows_of(table="last"), rows_of(table="first")], ignore_index=True)
    found = run.in_order(rows, ["first", "last"])
    assert list(found["table"]) == 4 * ["first"] + 4 * ["last"]
    assert list(found["design"]) == 2 * [*run.FIXED, *run.CHOSEN]


def test_the_page_says_where_claims_are_off() -> None:
    told = run.text(rows_of())
    assert "- In the worst design at most 0.05 on 1 of 1 real tables.\n" in told
    assert "| lenet_fashion | development | 0.020 ± 0.004 | 0.030 ± 0.004 | 0.050 ± 0.004 | 0.010 ± 0.004 |" in told
    off = rows_of(table="stray", role="artificial", calibration_error=[0.02, 0.07, 0.06, 0.01])
    told = run.text(pd.concat([rows_of(studies=SOME), off], ignore_index=True))
    assert "at most 0.05 on 0 of 1 artificial tables; more on stray (frac32, 0.070 ± 0.004).\n" in told
    assert "| lenet_fashion | development | 0.60 / 0.62 ± 0.03 | " in told
    assert "| lenet_fashion | development | 0.95 of 20 | 0.95 of 20 | 0.95 of 6 | 0.95 of 6 |" in told
    one = run.text(off[off["design"] == "pb12+foldover"])
    assert "| stray | artificial | 0.020 ± 0.004 |  |  |  |\n" in one + "\n"


def test_the_page_tells_of_all_tables_as_the_method_is_now() -> None:
    rows = run.read()
    lacking = {table.name: run.missing_designs(rows, table) for table in all_tables(read_list())}
    assert len(lacking) == 22
    assert not any(lacking.values())
    assert (run.DOCS / "pairs.md").read_text(encoding="utf-8") == run.text(run.in_order(rows, list(lacking)))


def test_a_run_computes_what_is_missing_and_keeps_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["dense", "--share", "0.01", "--jobs", "1", "--results", str(tmp_path), "--docs", str(tmp_path)]
    assert run.main(words) == 0
    first = (tmp_path / "pairs.csv").read_bytes()
    told = capsys.readouterr()
    assert (tmp_path / "pairs.md").read_text(encoding="utf-8") + "\n" == told.out
    assert told.err.count("dense, ") == 2
    assert "2 of each fixed design and\n2 of those that choose" in told.out
    rows = run.read(tmp_path / "pairs.csv")
    assert rows["studies"].tolist() == [2, 2, 2, 2]
    assert rows["calibration_error"].between(0.0, 0.5).all()
    assert run.main(words) == 0
    assert (tmp_path / "pairs.csv").read_bytes() == first
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--share", "0"], "--share"), (["--docs", __file__], "--docs: there is"), (["nowhere"], "nowhere")],
)
def test_mistakes_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_the_page_says_where_too_much_is_said_of_the_first_three() -> None:
    # Too much by .12 and .10 with an error of .03 and .02, and by .10 and .12 with larger ones.
    rows = rows_of(studies=SOME, p_top3=[0.48, 0.5, 0.5, 0.48], p_top3_error=[0.03, 0.02, 0.03, 0.05])
    assert list(run.said_too_much(rows)["design"]) == ["pb12+foldover", "frac32"]
    told = run.text(rows)
    assert "on 1 of 1 real tables: lenet_fashion (pb12+foldover, 0.12 ± 0.03 too much).\n" in told
    assert "too much is said on 0 of 1 real tables.\n" in run.text(rows_of(studies=SOME))
    assert "- On real tables 95 % of 52.\n" in told
    sure = run.text(rows_of(studies=SOME, settled=0.5, settled_right=[0.9, 0.8, 1.0, 0.9]))
    assert "- On real tables 87 % of 260.\n" in sure
    less = run.text(rows_of(studies=SOME, settled=0.5, settled_right=[0.8, 0.8, 1.0, 0.9]))
    assert "- On real tables 83 % of 260; clearly fewer than 0.9 on lenet_fashion (0.83 of 260).\n" in less
    assert "| none | none | none | none |" in run.text(rows_of(studies=SOME, settled=0.0, settled_right=float("nan")))


def test_what_the_page_on_goals_says_of_many_studies_is_what_they_told() -> None:
    rows = run.read()
    worst = rows[rows["role"] != ARTIFICIAL].groupby("table")["calibration_error"].max()
    assert list(worst.index[worst > 0.05]) == ["batchnorm_fashion"]
    assert (len(worst), round(worst.max(), 3)) == (15, 0.052)
    readme = " ".join((run.DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert (
        "off by at most 0.05 on average, at 24 and at 32 trials, on fourteen of them; on the noisiest by 0.052 at 24"
        in readme
    )
    odd = rows[rows["role"] == ARTIFICIAL].groupby("table")["calibration_error"].max()
    assert set(odd.index[odd > 0.05]) == {"no heredity", "all zero"}
    assert round(odd["loud noise"], 3) == 0.034
    told = " ".join(page.TRIED.split())
    assert "at most .05 in every design there on all real tables but batchnorm_fashion" in told
    assert list(rows.loc[rows["calibration_error"].eq(worst.max()), "design"]) == ["pb12..24"]
    assert "the error at 24 chosen trials is .052; on loud noise too it is at most .034" in told
    claims = read().calibration.query("table == 'all zero' and about == 'pair'")
    claims = claims[(claims["estimator"] == AWARE) & claims["design"].isin(run.FIXED)]
    even = claims[claims["low"] < 0.64].groupby("design")["claims"].sum() / claims.groupby("design")["claims"].sum()
    assert 0.7 < even.min() <= even.max() < 0.8
    assert "three in four there are between .50 and .65" in told


def test_what_other_pages_say_of_the_first_three_is_what_many_studies_told() -> None:
    rows = run.read()
    assert run.said_too_much(rows).empty
    real = run.sure_claims(rows[rows["role"] != ARTIFICIAL])
    right = real["right"] * real["claims"]
    assert round(100 * right.sum() / real["claims"].sum()) == 98
    assert list(real.index[0.9 - real["right"] > 2.0 * real["error"]]) == ["diabetes_boosting"]
    assert (round(right["diabetes_boosting"]), real["claims"]["diabetes_boosting"]) == (35, 49)
    noisy = all_tables(read_list(), ["diabetes_boosting"])[0]
    assert noisy.noise.sd / noisy.truth.size.max() == pytest.approx(0.5, abs=0.03)
    ranks = " ".join((run.DOCS / "ranks.md").read_text(encoding="utf-8").split())
    told = " ".join(page.TRIED.split())
    assert "98 % came true on the recorded nets, but 35 of 49 on one of the noisier" in ranks
    assert "35 of 49 on diabetes_boosting, where a trial's noise is half of the largest effect" in told
    assert "98 % come true on the real tables" in told
    assert "no design says clearly more than .05 too much on any table" in told
