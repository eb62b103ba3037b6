"""The command line as a shell sees it: exit statuses, signals, pipes."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from caffe_runner import cli

Write = Callable[..., Path]

_STARTING = """
import builtins, os, runpy, signal
real = builtins.__import__
def slow(name, *rest, **more):
    if name.startswith("caffe_runner.cli"):
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest, **more)
builtins.__import__ = slow
runpy.run_module("caffe_runner", run_name="__main__")
"""


@pytest.fixture
def signals() -> Iterator[None]:
    """Put the handlers back that the command line replaces."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_interrupts_and_a_second_does_not_disturb_the_tidying(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signal.signal(number, signal.SIG_DFL)
    tidied = []

    def work(_args: argparse.Namespace) -> int:
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)
            tidied.append(True)
        return 0

    monkeypatch.setattr(cli, "_doctor", work)
    assert cli.main(["doctor"]) == 130
    assert tidied
    assert capsys.readouterr().err.startswith("interrupted: ")


@pytest.mark.usefixtures("signals")
def test_a_signal_that_the_caller_ignores_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def work(_args: argparse.Namespace) -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    monkeypatch.setattr(cli, "_doctor", work)
    assert cli.main(["doctor"]) == 0


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_modules_are_read_leaves_no_traceback() -> None:
    ended = subprocess.run([sys.executable, "-c", _STARTING], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGINT
    assert ended.stderr == ""


def test_a_dry_run_changes_nothing_and_may_be_cut_short(write_study: Write) -> None:
    study = write_study()
    before = sorted(study.parent.iterdir())
    command = [sys.executable, "-m", "caffe_runner", "run", str(study), "--dry-run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # Closed before the first word comes, as by `| true`.
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert sorted(study.parent.iterdir()) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_the_output_is_one_line(write_study: Write) -> None:
    command = [sys.executable, "-m", "caffe_runner", "run", str(write_study()), "--dry-run"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "1.5"])
def test_jobs_is_a_whole_number_from_one(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["run", "study.toml", f"--jobs={jobs}"])
    assert f"{jobs!r} is no whole number from 1" in capsys.readouterr().err
