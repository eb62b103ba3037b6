"""What `status` and `run` say of how far a study is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from caffe_runner.ledger import Entry
from caffe_runner.status import summary
from caffe_runner.study.study_file import load_study
from caffe_runner.trial import AT_CHANCE, Trial, TrialResult, TrialState

Write = Callable[..., Path]


def test_trials_at_chance_are_told_within_80_columns(write_study: Write) -> None:
    study = load_study(write_study())
    result = TrialResult(TrialState.DONE, AT_CHANCE, 2.0, 0, {"accuracy": 0.1, "loss": 2.3})
    entry = Entry(Trial(1, 1, 1, 1, 1, 7, {"lr": 0.1}), 1, result.state, result, None)
    lines = summary([entry], study)
    assert f"1 of the trials done: {study.chance_text()}" in " ".join(" ".join(lines).split())
    assert len(study.chance_text()) > 80
    assert max(map(len, lines)) <= 80
