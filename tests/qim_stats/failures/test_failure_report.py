"""The verdict on failed trials: what makes them fail, and when the rest is not ranked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs
from qim_stats.failures import FailureReport, failure_verdict, outcomes
from qim_stats.plain import to_json
from qim_stats.trials import Trials

FACTORS = [qs.Factor("lr", 0.001, 0.1), qs.Factor("act", "relu", "tanh"), qs.Factor("batch", 16, 64)]
NAMES = [f.name for f in FACTORS]


def frame(times: int = 2) -> pd.DataFrame:
    made = qs.replicate(qs.full_factorial(FACTORS, seed=0), times)
    table = made.natural().drop(columns=["order"])
    table["y"] = np.random.default_rng(0).standard_normal(len(table))
    table["state"] = "done"
    return table


def read(table: pd.DataFrame, **options: Any) -> Trials:
    return qs.read_trials(table, response="y", direction="maximize", factors=FACTORS, **options)


def judged(table: pd.DataFrame, **options: Any) -> FailureReport:
    report = failure_verdict(read(table, **options))
    assert report is not None
    return report


def lr_fails(count: int, states: list[str], times: int = 2) -> pd.DataFrame:
    """Return a study in which the first ``count`` trials at the high learning rate ended in these states."""
    table = frame(times)
    rows = table.index[table["lr"] == 0.1][:count]
    table.loc[rows, "state"] = [states[i % len(states)] for i in range(count)]
    return table


def test_no_failure_no_report() -> None:
    assert failure_verdict(read(frame())) is None
    pending = frame()
    pending.loc[[0, 1], "state"] = "pending"
    assert failure_verdict(read(pending)) is None


def test_the_factor_that_makes_trials_fail_is_named_with_level_and_reason() -> None:
    report = judged(lr_fails(7, ["diverged", "diverged", "timeout"]))
    cause = report.causes[0]
    assert (cause.factor, cause.level, cause.other, cause.certain) == ("lr", 0.1, 0.001, True)
    assert (cause.failed, cause.trials, cause.failed_other, cause.trials_other) == (7, 8, 0, 8)
    assert dict(report.states) == {"diverged": 5, "timeout": 2}
    assert "Trials fail with lr = 0.1: 7 of 8 there (5 diverged and 2 timeout), 0 of 8 with lr = 0.001" in report.text
    assert "Narrow lr: bring its level 0.1 nearer to 0.001." in report.advice
    assert "diverged trials again with the same settings will not help" in report.advice
    assert "timeout may succeed with more time or memory" in report.advice
    row = report.factors.set_index("factor").loc["lr"]
    assert (row["failed_low"], row["failed_high"]) == ("0/8", "7/8")
    assert row["odds_ratio"] == pytest.approx(np.exp(2.0 * row["coefficient"]))
    assert 1.0 < row["conf_low"] < row["odds_ratio"] < row["conf_high"]


@pytest.mark.parametrize(("count", "refused"), [(5, False), (6, True)])
def test_more_than_a_third_failed_refuses_the_ranking(count: int, refused: bool) -> None:
    report = judged(lr_fails(count, ["diverged"]))
    assert report.refuse_ranking is refused
    assert report.missing_share == pytest.approx(count / 16)
    assert report.text.startswith(f"Cannot rank: {count} of 16 runs failed, more than a third.") is refused


def test_exactly_a_third_is_still_ranked() -> None:
    assert judged(lr_fails(8, ["oom"], times=3)).refuse_ranking is False
    assert judged(lr_fails(9, ["oom"], times=3)).refuse_ranking is True


def test_pending_trials_are_not_failures() -> None:
    table = lr_fails(6, ["diverged"])
    table.loc[table.index[table["lr"] == 0.001][:4], "state"] = "pending"
    report = judged(table)
    assert (report.trials, report.failed, report.pending) == (12, 6, 4)
    assert report.missing_share == pytest.approx(0.5)


def test_failures_that_were_made_good_do_not_refuse_the_ranking() -> None:
    table = lr_fails(7, ["oom"])
    good = table[table["state"] == "oom"].assign(state="done")
    report = judged(pd.concat([table, good], ignore_index=True))
    assert report.missing_share == 0.0
    assert report.refuse_ranking is False
    assert report.failed == 7


def test_scored_trials_count_as_failed_but_are_ranked() -> None:
    report = judged(lr_fails(7, ["diverged"]), diverged_as=-1.0)
    assert report.failed == 7
    assert report.refuse_ranking is False


def test_a_combination_is_named_as_what_failures_share() -> None:
    table = frame()
    both = (table["lr"] == 0.1) & (table["act"] == "tanh")
    table.loc[both, "state"] = "diverged"
    report = judged(table)
    assert report.shared == (("lr", 0.1), ("act", "tanh"))
    assert "All failed trials have lr = 0.1 and act = tanh: 4 of the 4 such trials failed." in report.text
    assert "Choose another level of act than tanh." in report.advice


def test_failures_without_a_pattern_name_no_culprit() -> None:
    table = frame()
    corner = (table["lr"] == 0.1) & (table["act"] == "tanh") & (table["batch"] == 16)
    mirror = (table["lr"] == 0.001) & (table["act"] == "relu") & (table["batch"] == 64)
    table.loc[corner | mirror, "state"] = "killed"
    report = judged(table)
    assert report.causes == ()
    assert "No single factor is shown to make trials fail." in report.text
    assert report.factors["p_value"].tolist() == [1.0, 1.0, 1.0]


def test_chance_concentrations_are_not_called_causes() -> None:
    report = judged(lr_fails(3, ["failed"]))
    assert [cause.certain for cause in report.causes] == [False]
    assert "may be chance" in report.text


def test_failed_trials_of_unknown_level_count_but_name_no_factor() -> None:
    table = lr_fails(6, ["oom"])
    table.loc[table["state"] == "oom", "lr"] = None
    report = judged(table)
    assert (report.trials, report.failed, report.unread, report.refuse_ranking) == (16, 6, 6, True)
    assert "6 of 16 trials failed (6 oom). The levels of 6 of them cannot be read." in report.text
    assert report.causes == ()


def test_repeats_count_once() -> None:
    table = lr_fails(7, ["diverged"]).assign(seed=range(16))
    assert len(outcomes(read(pd.concat([table, table], ignore_index=True))).failed) == 16


def test_too_few_trials_for_firth_say_why() -> None:
    table = frame(1).iloc[:4].copy()
    table["lr"], table["act"], table["batch"] = [0.001, 0.1] * 2, ["relu", "relu", "tanh", "tanh"], [16, 16, 64, 64]
    table.loc[table.index[0], "state"] = "oom"
    report = judged(table)
    assert report.firth_reason == "the factors cannot be told apart in these trials"
    assert report.factors["odds_ratio"].isna().all()
    assert '"odds_ratio": null' in to_json(report.factors)


def test_the_order_of_rows_and_factors_does_not_matter() -> None:
    table = lr_fails(6, ["diverged", "oom"])
    one = judged(table)
    trials = qs.read_trials(
        table.sample(frac=1.0, random_state=1), response="y", direction="maximize", factors=FACTORS[::-1]
    )
    other = failure_verdict(trials)
    assert other is not None
    assert (other.text, other.advice) == (one.text, one.advice)
    back = other.factors.set_index("factor").loc[NAMES].reset_index()
    pd.testing.assert_frame_equal(back, one.factors, rtol=1e-6)
