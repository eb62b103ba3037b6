"""Throughput of the runner, as a paired ratio: 32 short trials through it against the same 32 through xargs.

Both sides run the same prototxt files in the same image, two at once, in the same call: the runner as its users start
it (`python -m caffe_runner run`, start-up, ledger and hardening included), the other side as `xargs -P2` inside one
container that already runs, with nothing recorded. Run `make bench`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = Path(__file__).parent.parent / "analysis" / "lenet_fashion"
TRIALS = 32
JOBS = 2


def main() -> int:
    """Print seconds of each side, pair by pair, and the ratio of throughputs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="how many pairs (default 3)")
    parser.add_argument("--iterations", type=int, default=150, help="length of a trial in iterations (default 150)")
    args = parser.parse_args()
    ratios = []
    print(f"{TRIALS} trials of LeNet, {args.iterations} iterations each, {JOBS} at once")
    for pair in range(args.pairs):
        with tempfile.TemporaryDirectory() as scratch:
            study = write_study(Path(scratch), args.iterations)
            # The trials' files are the runner's, so it goes first in every pair.
            through_runner = time_runner(study)
            through_xargs = time_xargs(study)
        ratios.append(through_xargs / through_runner)
        print(
            f"pair {pair + 1}: runner {through_runner:.2f} s, xargs {through_xargs:.2f} s, "
            f"throughput ratio {ratios[-1]:.3f}",
            flush=True,
        )
    print(f"throughput of the runner / of xargs: median {statistics.median(ratios):.3f}, worst {min(ratios):.3f}")
    return 0


def write_study(folder: Path, iterations: int) -> Path:
    """Write a study of 32 equal trials, each with its own seed."""
    shutil.copy(STUDY / "net.prototxt", folder)
    solver = (STUDY / "solver.prototxt").read_text()
    solver = re.sub(r"(max_iter|test_interval): \d+", rf"\1: {iterations}", solver)
    (folder / "solver.prototxt").write_text(solver)
    study = folder / "study.toml"
    study.write_text(
        f"""
name = "throughput"
image = ["bvlc/caffe:cpu", "qim-stats/caffe:cpu"]
solver = "solver.prototxt"
net = "net.prototxt"
response = "accuracy"
direction = "maximize"
data = {{ source = "fashion-mnist" }}
design = {{ kind = "full-factorial", replicates = {TRIALS // 2} }}
[[factor]]
name = "momentum"
target = "solver.momentum"
low = 0.8
high = 0.9
"""
    )
    return study


def time_runner(study: Path) -> float:
    """Seconds of the whole command."""
    command = [sys.executable, "-m", "caffe_runner", "run", str(study), "--jobs", str(JOBS)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise SystemExit(f"the runner failed: {done.stderr}{done.stdout}")
    return seconds


def time_xargs(study: Path) -> float:
    """Seconds of xargs alone: its container runs before the clock does."""
    trials = study.with_suffix(".runs") / "trials"
    mounts = mounts_of(study)
    container = subprocess.run(
        ["docker", "run", "--detach", "--rm", "--init", "--network", "none", "--env", "OPENBLAS_NUM_THREADS=1",
         "--env", "GLOG_logtostderr=1", *mounts, "--volume", f"{trials}:/trials:ro", image(), "sleep", "600"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    try:
        solvers = sorted(f"/trials/{p.relative_to(trials)}" for p in trials.rglob("solver.prototxt"))
        if len(solvers) != TRIALS:
            raise SystemExit(f"{len(solvers)} trials on disk instead of {TRIALS}")
        train = f"xargs -P{JOBS} -I{{}} sh -c 'caffe train -solver {{}} >/dev/null 2>&1'"
        began = time.perf_counter()
        subprocess.run(
            ["docker", "exec", "--interactive", container, "sh", "-c", train],
            input="\n".join(solvers), text=True, check=True,
        )  # fmt: skip
        return time.perf_counter() - began
    finally:
        subprocess.run(["docker", "kill", container], check=True, capture_output=True)


def mounts_of(study: Path) -> list[str]:
    """Mount the study's data where the runner mounts it."""
    from rich.console import Console

    from caffe_runner.conduct import prepare_data
    from caffe_runner.study.study_file import load_study

    dataset = prepare_data(load_study(study), Console(stderr=True))
    parts = {"train": dataset.train, "test": dataset.test}
    return [word for name, part in parts.items() for word in ("--volume", f"{part}/data.mdb:/data/{name}/data.mdb:ro")]


def image() -> str:
    """Return the image the runner takes."""
    for name in ("bvlc/caffe:cpu", "qim-stats/caffe:cpu"):
        if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0:
            return name
    raise SystemExit("no Caffe image: run `make image`")


if __name__ == "__main__":
    sys.exit(main())
