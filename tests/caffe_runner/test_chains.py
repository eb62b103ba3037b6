"""Chains of solvers with real Caffe: weights are really handed on, failures name their stage, nothing stays behind."""

import csv
import gc
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import pytest
from rich.console import Console

from caffe_runner.conduct import prepare_data
from caffe_runner.datasets import DATA_FILE
from caffe_runner.engines.base import Limits, Mounts
from caffe_runner.engines.docker import DockerEngine
from caffe_runner.study.study_file import load_study

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]
Command = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]
FIRST_LOSS = re.compile(r"Iteration 0(?: \([^)]*\))?, loss = (\S+)")
MEASURED = re.compile(r"Test net output #\d+: (accuracy|loss) = (\S+)")
ONE_TRIAL = ("study.toml", 'design = { kind = "full-factorial" }', "limits = { memory = '512m' }")


def rows(study: Path) -> list[dict[str, str]]:
    with study.with_suffix(".runs").joinpath("trials.csv").open() as table:
        return list(csv.DictReader(table))


def mounts(study: Path) -> Mounts:
    """What a trial of a study sees."""
    dataset = prepare_data(load_study(study), Console(quiet=True))
    data = {"train": dataset.train, "test": dataset.test}
    places = {folder / DATA_FILE: f"/data/{part}/{DATA_FILE}" for part, folder in data.items()}
    return Mounts({study.with_suffix(".runs") / "trials": "/trials", **places})


def test_weights_are_handed_on_as_by_hand(write_chain: Write, runner: Command) -> None:
    study = write_chain()
    done = runner("run", study)
    assert done.returncode == 0, done.stderr
    table = rows(study)
    assert [row["state"] for row in table] == ["done"] * 4
    assert all(float(row["layer1_loss"]) > 0 for row in table)
    (attempt,) = (study.with_suffix(".runs") / "trials" / "0003").glob("attempt-*")
    log = (attempt / "finetune" / "caffe.log").read_text()
    assert "Finetuning from" in log

    # The same files, called one after the other in a container of our own; then the last stage from a cold start.
    seen = f"/trials/0003/{attempt.name}"
    calls = (
        f"caffe train -solver={seen}/layer1/solver.prototxt",
        f"caffe train -solver={seen}/finetune/solver.prototxt -weights=/tmp/layer1_iter_20.caffemodel",
        f"caffe train -solver={seen}/finetune/solver.prototxt",
    )
    client = docker.from_env()
    try:
        said = client.containers.run(
            load_study(study).images[-1],
            ["sh", "-c", f"({'; echo =====; '.join(calls)}) 2>&1"],
            volumes={str(host): {"bind": inside, "mode": "ro"} for host, inside in mounts(study).places.items()},
            environment={"OPENBLAS_NUM_THREADS": "1", "GLOG_logtostderr": "1"},
            network_mode="none",
            remove=True,
        ).decode()
    finally:
        client.close()
    _, by_hand, cold = said.split("=====")
    assert FIRST_LOSS.findall(log) == FIRST_LOSS.findall(by_hand)
    assert FIRST_LOSS.findall(log) != FIRST_LOSS.findall(cold)
    assert MEASURED.findall(log) == MEASURED.findall(by_hand)
    assert float(table[2]["accuracy"]) == float(dict(MEASURED.findall(by_hand))["accuracy"])
    assert MEASURED.findall(by_hand) != MEASURED.findall(cold)


def test_what_a_stage_writes_is_gone_when_the_next_trial_begins(
    write_chain: Write, runner: Command, engine: DockerEngine
) -> None:
    study = write_chain()
    assert runner("run", study).returncode == 0
    (attempt,) = (study.with_suffix(".runs") / "trials" / "0001").glob("attempt-*")
    weights = ("/tmp/layer1_iter_20.caffemodel",)  # noqa: S108 - inside the container
    said: list[str] = []

    def keep(line: str) -> bool:
        said.append(line)
        return False

    with engine.worker(mounts(study), Limits(cpus=1.0, memory=512 << 20, pids=64, seconds=60.0)) as worker:
        seen = f"/trials/0001/{attempt.name}"
        assert worker.run(f"{seen}/layer1/solver.prototxt", (), keep, 60.0).exit_code == 0
        assert worker.run(f"{seen}/finetune/solver.prototxt", weights, keep, 60.0).exit_code == 0
        worker.clear()
        said.clear()
        assert worker.run(f"{seen}/finetune/solver.prototxt", weights, keep, 60.0).exit_code != 0
    del worker
    gc.collect()  # a connection left open fails the test here, not one that comes later
    assert any("layer1_iter_20.caffemodel" in line and line.startswith("F") for line in said)


def test_a_failure_names_its_stage_with_caffes_words(write_chain: Write, runner: Command) -> None:
    # What is cropped is smaller, so the weights no longer fit; that inputs differ is seen by Caffe alone.
    study = write_chain(
        ONE_TRIAL,
        ("finetune_net.prototxt", "transform_param { ", "transform_param { crop_size: 20 "),
        ("finetune_net.prototxt", "TEST }\n  transform_param { ", "TEST }\n  transform_param { crop_size: 20 "),
    )
    assert runner("run", study).returncode == 1
    for row in rows(study):
        assert row["state"] == "failed"
        assert row["reason"].startswith("stage finetune: Cannot copy param 0 weights from layer 'encode'")
        assert row["accuracy"] == ""


def test_divergence_names_its_stage(write_chain: Write, runner: Command) -> None:
    study = write_chain(("study.toml", "high = 0.1", "high = 1e37"))
    assert runner("run", study).returncode == 1
    for row in rows(study):
        diverged = float(row["pretrain_lr"]) > 1
        assert row["state"] == ("diverged" if diverged else "done")
        assert row["reason"].startswith("stage layer1: training loss is") is diverged


def test_the_deadline_is_that_of_the_whole_chain(write_chain: Write, runner: Command) -> None:
    study = write_chain(
        ("study.toml", 'design = { kind = "full-factorial" }', "limits = { seconds = 5 }"),
        ("finetune_solver.prototxt", "max_iter: 20", "max_iter: 1000000"),
    )
    assert runner("run", study, "--jobs", "4").returncode == 1
    for row in rows(study):
        assert row["state"] == "timeout"
        # Which stage it meets is a matter of what else the machine does.
        assert re.match(r"stage (layer1|finetune): stopped after 5 s at iteration", row["reason"])


def test_a_killed_chain_goes_on_to_the_same_table(write_chain: Write, runner: Command, tmp_path: Path) -> None:
    study = write_chain()
    assert runner("run", study).returncode == 0
    undisturbed = [(row["seed"], row["layer1_loss"], row["accuracy"]) for row in rows(study)]
    study.with_suffix(".runs").rename(tmp_path / "undisturbed")
    for line in range(1, 4):
        process = subprocess.Popen(
            [sys.executable, "-m", "caffe_runner", "run", str(study), "--jobs", "1"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        # The next trial is under way when the line of the one before it is printed.
        assert f"[{line}/4]" in process.stderr.readline()
        process.kill()
        process.wait()
        process.stderr.close()
    status = json.loads(runner("status", study, "--json", "-").stdout)
    assert status["counts"]["done"] == 3
    assert runner("run", study).returncode == 0
    assert [(row["seed"], row["layer1_loss"], row["accuracy"]) for row in rows(study)] == undisturbed


def test_a_chain_can_be_probed(write_chain: Write, runner: Command) -> None:
    done = runner("probe", write_chain(), "--seeds", "1", "--at", "high", "--json", "-")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["deterministic"] is True
    assert [trial["state"] for trial in found["configurations"][0]["trials"]] == ["done"] * 3
