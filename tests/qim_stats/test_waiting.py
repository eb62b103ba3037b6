"""Progress is silent for two seconds, then told on standard error alone."""

from __future__ import annotations

import time

import pytest

from qim_stats import waiting
from qim_stats.waiting import shown_progress


def told(moments: list[float], capsys: pytest.CaptureFixture[str]) -> list[str]:
    times = iter([0.0, *moments])
    with shown_progress(clock=lambda: next(times)) as tell:
        for number in range(len(moments)):
            tell("ranks", number / len(moments))
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_two_seconds_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0.5, 1.9], capsys) == []


def test_after_two_seconds_a_line_and_then_one_every_ten(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([0.5, 2.1, 2.2, 9.0, 12.2], capsys) == ["ranks: 20 %", "ranks: 80 %"]


def test_what_was_told_early_is_shown_when_its_time_comes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    with shown_progress() as tell:
        tell("evidence", 0.25)
        time.sleep(0.5)
    with shown_progress() as tell:
        tell("quick", 0.5)
    time.sleep(0.1)
    assert capsys.readouterr().err == "evidence: 25 %\n"
