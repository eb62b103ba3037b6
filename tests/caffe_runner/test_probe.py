"""Probes: what is planned, what is found, and real trials in containers."""

import csv
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from caffe_runner.errors import StudyError
from caffe_runner.ledger import Entry
from caffe_runner.plan import plan_trials
from caffe_runner.probe import MAX_SEEDS, configuration, plan_probe, probe_folder
from caffe_runner.probe_findings import Configuration, Probe
from caffe_runner.study.study_file import Study, load_study
from caffe_runner.trial import AT_CHANCE, Trial, TrialResult, TrialState
from qim_stats.power import detectable_effects, pilot_noise, pooled_noise
from qim_stats.power.options import coded_design

Write = Callable[..., Path]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def study(write_study: Write) -> Study:
    return load_study(write_study())


def entry(number: int, seed: int, accuracy: float | None, loss: float = 1.0, reason: str = "") -> Entry:
    trial = Trial(number, 1, number, 1, number, seed, {"lr": 0.1})
    if accuracy is None:
        result = TrialResult(TrialState.TIMEOUT, "stopped after 120 s", 120.0, None)
    else:
        result = TrialResult(TrialState.DONE, reason, 2.0, 0, {"accuracy": accuracy, "loss": loss})
    return Entry(trial, number, result.state, result, None)


def found(study: Study, *entries: Entry) -> Probe:
    return Probe("test", "accuracy", (Configuration("low", {"lr": 0.1}, entries),), study.build_design())


def test_the_noise_is_told_to_hold_the_order_of_the_data_where_seeds_choose_one(study: Study) -> None:
    plain = found(study, entry(1, 5, 0.5), entry(2, 5, 0.5), entry(3, 6, 0.6))
    assert "not the order of the data" in plain.to_dict()["alerts"][0]["message"]
    orders = replace(plain, orders=16).to_dict()["alerts"][0]
    assert orders["code"] == "seed_reach"
    assert "one of 16 orders of the data" in orders["message"]


def test_the_first_two_trials_share_a_seed_that_no_other_trial_has(study: Study) -> None:
    trials = plan_probe(study, configuration(study, "low"))
    assert len(trials) == MAX_SEEDS + 2
    assert trials[0].seed == trials[1].seed
    assert len({trial.seed for trial in trials} | {trial.seed for trial in plan_trials(study)}) == MAX_SEEDS + 1 + 12


def test_configurations_are_the_studys_own_levels(study: Study) -> None:
    low, high, third = (configuration(study, place) for place in ("low", "high", "3"))
    assert [low["base_lr"], high["base_lr"], high["weight_filler"]] == [0.002, 0.02, "xavier"]
    assert third == plan_trials(study)[2].levels


def test_a_configuration_that_would_measure_nothing_is_refused_before_any_trial(study: Study) -> None:
    # Halfway between 100 and 200 iterations no test is due.
    with pytest.raises(StudyError, match="center cannot be run") as caught:
        configuration(study, "center")
    assert caught.value.where == "--at"


def test_the_center_rounds_what_is_whole_and_leaves_texts_at_low(write_study: Write) -> None:
    study = load_study(write_study(("high = 200", "high = 300"), ("high = 24", "high = 25")))
    center = configuration(study, "center")
    assert center["base_lr"] == pytest.approx(0.0063245553, rel=1e-6)
    assert (center["max_iter"], center["filters"], center["weight_filler"]) == (200, 16, "gaussian")


@pytest.mark.parametrize("place", ["13", "0", "top", ""])
def test_an_unknown_configuration_is_refused(study: Study, place: str) -> None:
    with pytest.raises(StudyError, match="1 to 12"):
        configuration(study, place)


def test_the_noise_counts_each_seed_once_and_gives_the_designs_limit(study: Study) -> None:
    probe = found(study, entry(1, 7, 0.80), entry(2, 7, 0.80), entry(3, 8, 0.82), entry(4, 9, 0.84))
    assert probe.deterministic is True
    assert probe.complete
    expected = pooled_noise([[0.80, 0.82, 0.84]])
    assert not isinstance(expected, str)
    answer = probe.to_dict()
    assert [answer["noise"][key] for key in ("sd", "df", "conf_high")] == [expected.sd, 2, expected.high]
    x, names, _ = coded_design(study.build_design())
    limit = detectable_effects(x, names, 3, sd=expected.sd)["detectable"].iloc[0]
    assert answer["design"]["detectable"] == pytest.approx(limit)
    assert answer["design"]["detectable_careful"] == pytest.approx(limit * (expected.high or 0) / expected.sd)
    assert answer["seconds"] == 2.0
    assert "gave the same numbers" in " ".join(probe.lines())


def test_a_seed_that_gives_two_numbers_is_told(study: Study) -> None:
    probe = found(study, entry(1, 7, 0.80, loss=1.0), entry(2, 7, 0.80, loss=1.1), entry(3, 8, 0.82))
    assert probe.deterministic is False
    assert "not_deterministic" in [alert["code"] for alert in probe.to_dict()["alerts"]]


def test_what_cannot_be_had_is_none_with_its_reason(study: Study) -> None:
    probe = found(study, entry(1, 7, None), entry(2, 7, None), entry(3, 8, 0.82, reason=AT_CHANCE))
    answer = probe.to_dict()
    assert not probe.complete
    assert (answer["deterministic"], answer["noise"], answer["design"]["detectable"]) == (None, None, None)
    assert answer["design"]["detectable_sd"] > 0
    codes = [alert["code"] for alert in answer["alerts"]]
    assert codes.count("not_done") == 2
    assert any(alert["message"].startswith("at low: trial 1 timeout") for alert in answer["alerts"])
    assert {"no_noise", "at_chance"} <= set(codes)
    same = found(study, entry(1, 7, 0.1), entry(2, 7, 0.1), entry(3, 8, 0.1))
    assert same.to_dict()["noise"] is None
    assert "agree exactly" in " ".join(same.lines())


def test_lines_keep_to_80_columns(study: Study) -> None:
    probe = found(study, entry(1, 7, 0.80), entry(2, 7, None), entry(3, 8, 0.82), entry(4, 9, 0.84))
    assert max(map(len, probe.lines())) <= 80


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_a_probe_with_real_caffe_is_deterministic_resumable_and_apart(lenet: Write, runner: Command) -> None:
    study = lenet()
    folder = probe_folder(study)
    first = runner("probe", study, "--seeds", "1", "--at", "low", "--json", "-")
    assert first.returncode == 0, first.stderr
    answer = json.loads(first.stdout)
    assert answer["deterministic"] is True
    assert [trial["state"] for trial in answer["configurations"][0]["trials"]] == ["done"] * 3
    assert not study.with_suffix(".runs").exists()

    again = runner("probe", study, "--seeds", "2", "--at", "low,high", "--jobs", "2", "--json", "-")
    assert again.returncode == 0, again.stderr
    more = json.loads(again.stdout)
    assert more["configurations"][0]["trials"][:3] == answer["configurations"][0]["trials"]
    assert [len(one["trials"]) for one in more["configurations"]] == [4, 4]
    assert len(list((folder / "low" / "trials").iterdir())) == 4
    with (folder / "trials.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["run"] for row in rows] == ["1"] * 4 + ["2"] * 4
    assert [rows[i]["accuracy"] for i in (0, 4)] == [rows[i]["accuracy"] for i in (1, 5)]
    noise = pilot_noise(folder / "trials.csv", "accuracy", ["momentum", "weight_decay"])
    assert (noise.df, noise.groups) == (4, 2)
    assert noise.sd == pytest.approx(more["noise"]["sd"])
    assert noise.low == pytest.approx(more["noise"]["conf_low"])

    refused = runner("probe", study, "--at", "9")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
