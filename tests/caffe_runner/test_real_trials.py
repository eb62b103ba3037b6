"""Real Caffe in real containers: every way a trial can end, hardening, and what a killed runner leaves behind."""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from caffe_runner.engines.docker import LABEL
from caffe_runner.ledger import Ledger

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]
Command = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]


def rows(study: Path) -> list[dict[str, str]]:
    with study.with_suffix(".runs").joinpath("trials.csv").open() as table:
        return list(csv.DictReader(table))


def containers_of(study: Path) -> list[dict[str, object]]:
    ledger = Ledger(study.with_suffix(".runs") / "ledger.sqlite")
    name = ledger.study_id
    ledger.close()
    api = docker.APIClient(version="auto")
    try:
        found: list[dict[str, object]] = api.containers(all=True, filters={"label": f"{LABEL}={name}"})
    finally:
        api.close()
    return found


def ids_of(study: Path) -> list[str]:
    return [str(container["Id"]) for container in containers_of(study)]


def test_a_study_runs_and_a_second_call_runs_nothing(finished_copy: Path, runner: Command) -> None:
    study = finished_copy
    table = rows(study)
    assert [row["state"] for row in table] == ["done"] * 4
    assert all(0 <= float(row["accuracy"]) <= 1 and float(row["loss"]) > 0 for row in table)
    assert len({row["seed"] for row in table}) == 4
    kept = (study.with_suffix(".runs") / "trials" / "0001").glob("attempt-*/caffe.log")
    assert "Optimization Done" in next(kept).read_text()

    before = (study.with_suffix(".runs") / "trials.csv").read_bytes()
    again = runner("run", study)
    assert again.returncode == 0
    assert "[" not in again.stderr
    assert (study.with_suffix(".runs") / "trials.csv").read_bytes() == before
    assert containers_of(study) == []


def test_the_same_study_from_scratch_gives_identical_responses(
    finished_copy: Path, runner: Command, tmp_path: Path
) -> None:
    study = finished_copy
    once = [(row["accuracy"], row["loss"], row["seed"]) for row in rows(study)]
    study.with_suffix(".runs").rename(tmp_path / "first")
    assert runner("run", study).returncode == 0
    assert [(row["accuracy"], row["loss"], row["seed"]) for row in rows(study)] == once


def test_the_seed_decides_the_order_of_the_images(lenet: Write, runner: Command) -> None:
    study = lenet()
    text = study.read_text().replace('"fashion-mnist" }', '"fashion-mnist", orders = 2, train_images = 2000 }')
    study.write_text(text.replace('"full-factorial" }', '"full-factorial", replicates = 4 }'))
    # Weights that begin the same whatever the seed: nothing but the order of the images is left to differ.
    net = study.parent / "net.prototxt"
    net.write_text(net.read_text().replace('filler { type: "xavier"', 'filler { type: "constant" value: 0.01'))
    done = runner("run", study)
    assert done.returncode == 0, done.stderr
    seen: dict[tuple[str, int], set[str]] = {}
    for row in rows(study):
        seen.setdefault((row["run"], int(row["seed"]) % 2), set()).add(row["loss"])
    assert all(len(losses) == 1 for losses in seen.values())
    both = [(losses, seen[run, 1]) for (run, order), losses in seen.items() if order == 0 and (run, 1) in seen]
    assert len(both) >= 2
    assert all(one.isdisjoint(other) for one, other in both)

    meta = json.loads((study.with_suffix(".runs") / "trials.meta.json").read_text())
    assert meta["provenance"]["data_order"].startswith("seed modulo 2: ")
    assert meta["provenance"]["train_images"] == "2000"
    for number, row in enumerate(rows(study), start=1):
        as_run = next((study.with_suffix(".runs") / "trials" / f"{number:04d}").glob("attempt-*/net.prototxt"))
        assert f'source: "/data/train-0{int(row["seed"]) % 2}"' in as_run.read_text()


def test_divergence_is_told_from_failure_and_leaves_no_response(lenet: Write, runner: Command) -> None:
    study = lenet(factors=("base_lr", "momentum"))
    study.write_text(study.read_text().replace("high = 0.01", "high = 1e6"))
    done = runner("run", study)
    assert done.returncode == 1
    for row in rows(study):
        diverged = float(row["base_lr"]) == 1e6
        assert row["state"] == ("diverged" if diverged else "done")
        assert (row["accuracy"] == "") is diverged
        if diverged:
            assert "loss" in row["reason"]


def test_the_deadline_kills_and_a_retry_keeps_the_first_attempt(lenet: Write, runner: Command) -> None:
    study = lenet("limits = { seconds = 1 }", iterations=100000)
    assert runner("run", study, "--jobs", "4").returncode == 1
    assert {row["state"] for row in rows(study)} == {"timeout"}
    assert containers_of(study) == []
    assert runner("run", study, "--jobs", "4", "--retry", "timeout").returncode == 1
    attempts = study.with_suffix(".runs").glob("trials/*/attempt-*/caffe.log")
    assert len(list(attempts)) == 8


def test_out_of_memory_has_its_own_state(lenet: Write, runner: Command) -> None:
    study = lenet('limits = { memory = "24m" }')
    assert runner("run", study).returncode == 1
    assert {row["state"] for row in rows(study)} == {"oom"}


def test_a_layer_that_caffe_does_not_know_is_a_failure_with_caffes_words(lenet: Write, runner: Command) -> None:
    study = lenet()
    net = study.parent / "net.prototxt"
    net.write_text(net.read_text().replace('type: "ReLU"', 'type: "ReLUX"'))
    assert runner("run", study).returncode == 1
    assert {row["state"] for row in rows(study)} == {"failed"}
    assert all("ReLUX" in row["reason"] for row in rows(study))


def test_containers_are_hardened_and_a_killed_one_is_told(lenet: Write) -> None:
    study = lenet('limits = { cpus = 0.5, memory = "700m", pids = 40 }', iterations=100000)
    process = subprocess.Popen(
        [sys.executable, "-m", "caffe_runner", "run", str(study), "--jobs", "1"], stderr=subprocess.DEVNULL
    )
    api = docker.APIClient(version="auto")
    try:
        # A stream without end: the first event of a shell being started in the study's container. Other tests may run
        # containers beside it, and the first of their events may come before this study has a ledger.
        started = api.events(decode=True, filters={"label": LABEL, "event": "exec_start"})
        ledger = study.with_suffix(".runs") / "ledger.sqlite"
        own = (event for event in started if ledger.exists() and event["Actor"]["ID"] in ids_of(study))
        assert next(own)["Action"].startswith("exec_start: sh")
        (container,) = ids_of(study)
        seen = api.inspect_container(container)
        host = seen["HostConfig"]
        assert host["NetworkMode"] == "none"
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert host["Init"] is True
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (500_000_000, 700 << 20, 40)
        assert seen["Config"]["User"].split(":")[0] != "0"
        assert all(not mount["RW"] for mount in seen["Mounts"] if mount["Type"] == "bind")
        api.kill(container)
    finally:
        process.terminate()
        process.wait()
        api.close()


def test_kill_9_at_twenty_random_moments_loses_nothing(lenet: Write, runner: Command, tmp_path: Path) -> None:
    study = lenet(factors=("momentum", "weight_decay", "base_lr", "gamma", "power"))
    assert runner("run", study).returncode == 0
    undisturbed = [(row["run"], row["seed"], row["accuracy"], row["loss"]) for row in rows(study)]
    study.with_suffix(".runs").rename(tmp_path / "undisturbed")

    moments = random.Random(9)  # noqa: S311 - no secret
    killed = 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-m", "caffe_runner", "run", str(study)],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            process.wait(moments.uniform(0.5, 3.0))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.wait()
    assert killed > 5
    assert runner("run", study).returncode == 0
    assert [(row["run"], row["seed"], row["accuracy"], row["loss"]) for row in rows(study)] == undisturbed
    ledger = Ledger(study.with_suffix(".runs") / "ledger.sqlite")
    assert [entry.state.value for entry in ledger.entries()] == ["done"] * 32
    ledger.close()
    assert containers_of(study) == []


def test_status_and_export_agree_with_the_ledger(finished_copy: Path, runner: Command, tmp_path: Path) -> None:
    study = finished_copy
    status = json.loads(runner("status", study, "--json", "-").stdout)
    assert status["counts"] == {"done": 4}
    out = tmp_path / "mine.csv"
    assert runner("export", study, "--out", out).returncode == 0
    assert out.read_bytes() == (study.with_suffix(".runs") / "trials.csv").read_bytes()
    assert runner("export", study, "--out", out).returncode == 0
    out.with_suffix(".meta.json").unlink()
    refused = runner("export", study, "--out", out)
    assert refused.returncode == 2
    assert "not an earlier export" in refused.stderr


def test_a_changed_study_is_refused_and_shown(finished_copy: Path, runner: Command) -> None:
    study = finished_copy
    kept = (study.with_suffix(".runs") / "trials.csv").read_bytes()
    study.write_text(study.read_text().replace("high = 0.9", "high = 0.95"))
    refused = runner("run", study)
    assert refused.returncode == 2
    assert "0.95" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (study.with_suffix(".runs") / "trials.csv").read_bytes() == kept


def test_a_changed_study_tells_and_exports_nothing(finished_copy: Path, runner: Command, tmp_path: Path) -> None:
    study = finished_copy
    study.write_text(study.read_text().replace("high = 0.9", "high = 0.95"))
    for words in (("status", study), ("export", study, "--out", tmp_path / "t.csv")):
        refused = runner(*words)
        assert refused.returncode == 2
        assert "the study has changed" in refused.stderr
    assert not (tmp_path / "t.csv").exists()


def test_a_folder_with_a_colon_and_a_strict_umask_serve(lenet: Write, runner: Command, tmp_path: Path) -> None:
    made = lenet().parent
    folder = tmp_path / "a:b, ro=$(x)" / "\u2603"
    folder.mkdir(parents=True)
    for file in ("study.toml", "solver.prototxt", "net.prototxt"):
        (made / file).rename(folder / file)
    umask = os.umask(0o077)
    try:
        done = runner("run", folder / "study.toml")
    finally:
        os.umask(umask)
    assert done.returncode == 0, done.stderr
    assert [row["state"] for row in rows(folder / "study.toml")] == ["done"] * 4


def test_an_image_without_caffe_is_refused(lenet: Write, runner: Command) -> None:
    api = docker.APIClient(version="auto")
    try:
        api.import_image_from_data(b"\0" * 10240, repository="qim-stats-test/empty", tag="latest")
        study = lenet()
        text = study.read_text()
        line = next(line for line in text.splitlines() if line.startswith("image"))
        study.write_text(text.replace(line, 'image = "qim-stats-test/empty"'))
        refused = runner("run", study)
        assert refused.returncode == 2
        assert "no working `caffe`" in refused.stderr
    finally:
        api.remove_image("qim-stats-test/empty", force=True)
        api.close()


def test_no_engine_is_one_line(lenet: Write, runner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    refused = runner("run", lenet())
    assert refused.returncode == 2
    assert "no Docker engine answers" in refused.stderr
    assert "Traceback" not in refused.stderr
