"""`run --until`: what it prints and writes."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from rich.console import Console

from caffe_runner.conduct import LEDGER, TABLE, plan_lines
from caffe_runner.errors import StudyError
from caffe_runner.plan import study_folder
from caffe_runner.status import summary
from caffe_runner.study.study_file import Study
from caffe_runner.trial import TrialState
from caffe_runner.trial_loop import OpenEngine
from caffe_runner.until import Ended, Until, read_until, run_until
from caffe_runner.until_plan import until_lines
from qim_stats.cli.options import split_names
from qim_stats.cli.outputs import check_outputs
from qim_stats.errors import one_line
from qim_stats.followup.cost import parse_cost
from qim_stats.followup.settle import Settled
from qim_stats.followup.story import story_record
from qim_stats.output import write_text
from qim_stats.plain import to_json
from qim_stats.terminal.settle import story_text
from qim_stats.waiting import shown_progress

BUDGET = 48
"""Trials in all, where nothing is said."""
_ONLY = ("budget", "cost", "report", "json")


def refuse_alone(args: argparse.Namespace) -> None:
    """Refuse the options that belong to ``--until`` where it is not given.

    Raises
    ------
    StudyError
        Naming the first.
    """
    for option in _ONLY:
        if getattr(args, option):
            raise StudyError(
                f"--{option} belongs to --until", where=f"--{option}", remedy="say --until 'top-3 settled at 0.9' too"
            )


def run(args: argparse.Namespace, study: Study, jobs: int, open_engine: OpenEngine) -> bool:
    """Run a study until its goal is settled, and tell.

    Parameters
    ----------
    args : argparse.Namespace
        Of ``run``, with ``until``.
    study : Study
        A checked study.
    jobs : int
        Trials at once.
    open_engine : callable
        Connects to an engine.

    Returns
    -------
    bool
        Whether the goal is settled and every trial done; of a dry run, True.

    Raises
    ------
    QimError
        If an option is at fault, or the study cannot be run.
    """
    cost = parse_cost([part for text in args.cost for part in split_names(text, "--cost")])
    until = read_until(study, args.until, BUDGET if args.budget is None else args.budget, jobs, cost)
    table = study_folder(study.path) / TABLE
    check_outputs(args, [str(study.path), str(table), str(table.with_name(LEDGER))])
    if args.dry_run:
        sys.stdout.writelines(f"{line}\n" for line in [*plan_lines(study), *until_lines(study, until)])
        return True
    ended = run_until(study, until, args.retry, open_engine, Console(stderr=True))
    words = sys.stderr if args.json == "-" else sys.stdout
    for line in [*summary(ended.entries, study), ""]:
        print(line, file=words)
    words.write(story_text(ended.step, ended.story))
    print(f"trials table: {one_line(str(table))}", file=words)
    if args.report:
        _write_report(args, table, ended, study.seed)
        print(f"report: {one_line(args.report)}", file=words)
    _write_json(args, study, until, ended)
    return isinstance(ended.step, Settled) and all(entry.state is TrialState.DONE for entry in ended.entries)


def _write_report(args: argparse.Namespace, table: Path, ended: Ended, seed: int) -> None:
    from qim_stats.analyze_trials import analyze
    from qim_stats.report import render

    with shown_progress() as progress:
        analysis = analyze(str(table), seed=seed, progress=progress)
        analysis.gather(progress)
        command = shlex.join(["python", "-m", "caffe_runner", *args.arguments])
        write_text(args.report, render(analysis, command=command, story=(ended.step, ended.story)))


def _write_json(args: argparse.Namespace, study: Study, until: Until, ended: Ended) -> None:
    if not args.json:
        return
    text = to_json({"study": study.name, "until": until.text, **story_record(ended.step, ended.story)})
    if args.json == "-":
        sys.stdout.write(text)
    else:
        write_text(args.json, text)
