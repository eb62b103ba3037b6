"""The command line of the runner: parse, call the package, print."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from rich.console import Console

from caffe_runner.trial import TrialState
from qim_stats.cli.one_line_parser import OneLineParser
from qim_stats.errors import QimError, one_line

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DONE, _ATTENTION, _MISTAKE, _INTERRUPTED = 0, 1, 2, 130
_UNMEASURED = frozenset({TrialState.FAILED, TrialState.TIMEOUT, TrialState.OOM, TrialState.KILLED})


def main(argv: list[str] | None = None) -> int:
    """Run a verb; return the exit status (0 done, 1 needs attention, 2 the user's mistake, 130 interrupted)."""
    args = _parser().parse_args(argv)
    args.arguments = sys.argv[1:] if argv is None else argv
    for number in _STOPPING:
        # What the caller had us ignore (nohup) stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    handler: Callable[[argparse.Namespace], int] = args.handler
    try:
        status = handler(args)
        # Here, where a closed pipe and a full disk are told, not when the interpreter ends.
        sys.stdout.flush()
        return status
    except QimError as error:
        print(str(error), file=sys.stderr)
        difference = getattr(error, "difference", "")
        if difference:
            print("\n".join(one_line(line) for line in difference.splitlines()), file=sys.stderr)
        return _MISTAKE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _DONE
    except OSError as error:
        # A full disk, a missing permission: told like any other mistake. What the ledger holds is kept.
        where = f"{one_line(str(error.filename))}: " if error.filename else ""
        print(f"{where}{error.strerror or error}; nothing recorded so far is lost", file=sys.stderr)
        return _MISTAKE
    except KeyboardInterrupt:
        print("interrupted: everything measured is kept; the same command goes on from here", file=sys.stderr)
        return _INTERRUPTED


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # Once is enough: a second signal must not keep the trials under way from being settled and the containers from
    # being removed.
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _parser() -> OneLineParser:
    parser = OneLineParser(
        prog="python -m caffe_runner", description="Run the trials of a study with real Caffe in Docker."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    run = _verb(verbs, "run", "run the trials that are not done yet", "run analysis/lenet_fashion/screen.toml --jobs 2")
    run.add_argument("study", type=Path, metavar="STUDY.toml")
    run.add_argument("--jobs", type=_positive, metavar="N", help="trials at once (default: the cores of this machine)")
    run.add_argument("--engine", choices=["docker"], default="docker", help="where trials run (default: docker)")
    run.add_argument(
        "--retry",
        type=_states,
        default=frozenset(),
        metavar="WHAT",
        help="also run again: failed (whatever ended without a measurement: failed, timeout, oom, killed), or states "
        "by name, such as timeout,diverged; earlier attempts stay in the ledger",
    )
    run.add_argument("--dry-run", action="store_true", help="check everything, show what would run, change nothing")
    _add_until(run)
    run.set_defaults(handler=_run)

    status = _verb(verbs, "status", "show how far a study is", "status analysis/lenet_fashion/screen.toml")
    status.add_argument("study", type=Path, metavar="STUDY.toml")
    status.add_argument("--json", metavar="PATH|-", help="also write it as JSON")
    status.set_defaults(handler=_status)

    export = _verb(verbs, "export", "write the trials table", "export analysis/lenet_fashion/screen.toml --out t.csv")
    export.add_argument("study", type=Path, metavar="STUDY.toml")
    export.add_argument("--out", type=Path, required=True, metavar="TRIALS.csv")
    export.set_defaults(handler=_export)

    probe = _verb(
        verbs,
        "probe",
        "run one configuration with several seeds: noise, time, what the design can see",
        "probe analysis/lenet_fashion/screen.toml --seeds 4 --at low,high",
    )
    probe.add_argument("study", type=Path, metavar="STUDY.toml")
    probe.add_argument(
        "--seeds", type=_positive, default=4, metavar="N", help="new seeds, beside the one run twice; default: 4"
    )
    probe.add_argument(
        "--at",
        default="1",
        metavar="WHERE",
        help="low, high, center, or the number of a run of the design; several with commas; default: 1",
    )
    probe.add_argument("--jobs", type=_positive, default=1, metavar="N", help="trials at once; default: 1")
    probe.add_argument("--retry", type=_states, default=frozenset(), metavar="WHAT", help="as of run")
    probe.add_argument("--json", metavar="PATH|-", help="also write the findings as JSON")
    probe.set_defaults(handler=_probe)

    _add_append(verbs)

    data = _verb(verbs, "data", "make a study's data ready", "data analysis/lenet_fashion/screen.toml")
    data.add_argument("study", type=Path, metavar="STUDY.toml")
    data.set_defaults(handler=_data)

    doctor = _verb(verbs, "doctor", "show what a study needs and what is missing here", "doctor")
    doctor.set_defaults(handler=_doctor)
    return parser


def _add_until(run: OneLineParser) -> None:
    """Add what makes a study go on by itself after its design."""
    run.add_argument(
        "--until",
        metavar="GOAL",
        help="go on, batch after batch of the trials that tell most, until the goal is settled, a tie, or the budget "
        "spent: 'top-3 settled at 0.9', 'order settled at 0.8', 'a before b settled at 0.95', 'sign of a'",
    )
    run.add_argument("--budget", type=_positive, metavar="N", help="with --until: trials in all; default: 48")
    run.add_argument(
        "--cost",
        action="append",
        default=[],
        metavar="FACTOR=LEVEL:RELATIVE",
        help="with --until: what runs cost, as of `python -m qim_stats augment`",
    )
    run.add_argument("--report", metavar="out.html", help="with --until: write a report that tells the story")
    run.add_argument("--json", metavar="PATH|-", help="with --until: write the outcome and the story as JSON")


def _add_append(verbs: argparse._SubParsersAction[OneLineParser]) -> None:
    append = _verb(
        verbs,
        "append",
        "add further runs to a study, as a block of their own",
        "append analysis/lenet_fashion/screen.toml next.csv",
    )
    append.add_argument("study", type=Path, metavar="STUDY.toml")
    append.add_argument("runs", type=Path, metavar="NEXT.csv", help="as `python -m qim_stats augment` writes it")
    append.set_defaults(handler=_append)


def _verb(verbs: argparse._SubParsersAction[OneLineParser], name: str, what: str, example: str) -> OneLineParser:
    return verbs.add_parser(
        name, help=what, description=f"{what.capitalize()}.", epilog=f"example: python -m caffe_runner {example}"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _states(text: str) -> frozenset[TrialState]:
    chosen: set[TrialState] = set()
    for word in text.split(","):
        if word == "failed":
            chosen |= _UNMEASURED
        elif word in {state.value for state in TrialState if state.finished and state is not TrialState.DONE}:
            chosen.add(TrialState(word))
        else:
            raise argparse.ArgumentTypeError(f"{word!r} is none of failed, diverged, timeout, oom, killed")
    return frozenset(chosen)


def _run(args: argparse.Namespace) -> int:
    from caffe_runner import until_verb
    from caffe_runner.conduct import conduct, plan_lines
    from caffe_runner.engines.docker import DockerEngine
    from caffe_runner.plan import study_folder
    from caffe_runner.status import summary
    from caffe_runner.study.check import check_study
    from caffe_runner.study.study_file import load_study

    console = Console(stderr=True)
    study = load_study(args.study)
    check_study(study)
    jobs = args.jobs or len(os.sched_getaffinity(0))
    if args.until is not None:
        return _DONE if until_verb.run(args, study, jobs, DockerEngine) else _ATTENTION
    until_verb.refuse_alone(args)
    if args.dry_run:
        for line in plan_lines(study):
            print(line)
        return _DONE
    entries = conduct(study, jobs, args.retry, DockerEngine, console)
    for line in summary(entries, study):
        print(line)
    print(f"trials table: {one_line(str(study_folder(study.path) / 'trials.csv'))}")
    return _DONE if all(entry.state is TrialState.DONE for entry in entries) else _ATTENTION


def _status(args: argparse.Namespace) -> int:
    from caffe_runner.conduct import read_entries
    from caffe_runner.lock import owner
    from caffe_runner.plan import study_folder
    from caffe_runner.status import as_json, summary
    from caffe_runner.study.study_file import load_study
    from qim_stats.cli.outputs import check_outputs
    from qim_stats.output import write_text

    study = load_study(args.study)
    check_outputs(args, [args.study])
    entries = read_entries(study)
    process = owner(study_folder(study.path))
    if args.json:
        text = json.dumps(as_json(entries, study, process), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        if args.json == "-":
            sys.stdout.write(text)
            return _DONE
        write_text(args.json, text)
    for line in summary(entries, study):
        print(line)
    print(f"being run by process {process}" if process else "not being run")
    return _DONE


def _export(args: argparse.Namespace) -> int:
    from caffe_runner.conduct import export_table
    from caffe_runner.study.study_file import load_study

    print(export_table(load_study(args.study), args.out))
    return _DONE


def _probe(args: argparse.Namespace) -> int:
    from caffe_runner.engines.docker import DockerEngine
    from caffe_runner.probe import TABLE, probe, probe_folder
    from caffe_runner.study.check import check_study
    from caffe_runner.study.study_file import load_study
    from qim_stats.cli.outputs import check_outputs
    from qim_stats.output import write_text
    from qim_stats.plain import to_json

    study = load_study(args.study)
    check_outputs(args, [args.study])
    check_study(study)
    places = [place.strip() for place in args.at.split(",")]
    console = Console(stderr=True)
    found = probe(study, places, args.seeds, DockerEngine, console, jobs=args.jobs, retry=args.retry)
    words = sys.stdout
    if args.json == "-":
        sys.stdout.write(to_json(found.to_dict()))
        words = sys.stderr
    elif args.json:
        write_text(args.json, to_json(found.to_dict()))
    for line in [*found.lines(), f"trials table: {one_line(str(probe_folder(study.path) / TABLE))}"]:
        print(line, file=words)
    return _DONE if found.complete else _ATTENTION


def _append(args: argparse.Namespace) -> int:
    from caffe_runner.append import append_runs
    from caffe_runner.study.check import check_study
    from caffe_runner.study.study_file import load_study

    study = load_study(args.study)
    check_study(study)
    print(one_line(append_runs(study, args.runs)))
    return _DONE


def _data(args: argparse.Namespace) -> int:
    from caffe_runner.conduct import prepare_data
    from caffe_runner.study.study_file import load_study

    dataset = prepare_data(load_study(args.study), Console(stderr=True))
    print(f"{dataset.name}: {dataset.n_train} training and {dataset.n_test} test images in {dataset.train.parent}")
    return _DONE


def _doctor(_args: argparse.Namespace) -> int:
    from caffe_runner.doctor import examine

    findings = examine(Path.cwd())
    for finding in findings:
        mark = {True: "ok", False: "MISSING", None: "-"}[finding.fine]
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        print(f"{mark:>7}  {finding.what}: {finding.seen}{remedy}")
    return _ATTENTION if any(finding.fine is False for finding in findings) else _DONE
