"""A study that goes on until a goal is settled: its design, then batch after batch of the trials that tell most.

What comes next is decided by `qim_stats.followup.settle` from the trials table alone, and written to the ledger, as
pending trials, before any of it is run. So a study that was killed at any moment goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from rich.console import Console

from caffe_runner.conduct import TABLE, begun, run_pending, write_trials
from caffe_runner.ledger import Entry
from caffe_runner.plan import trial_seed
from caffe_runner.study.study_file import Study
from caffe_runner.trial import Trial, TrialState
from caffe_runner.trial_loop import OpenEngine, Session
from qim_stats.alerts import Alert
from qim_stats.errors import QimError
from qim_stats.followup.augment import DEFAULT_PROBABILITY
from qim_stats.followup.batches import batch_size
from qim_stats.followup.cost import Cost, read_cost, relative_costs
from qim_stats.followup.goal import Goal, parse_until
from qim_stats.followup.settle import NextRuns, Step, Terms, check_budget, next_step
from qim_stats.followup.standing import Standing, standing_of
from qim_stats.followup.story import Chapter, first_rows, tell_story
from qim_stats.terminal.settle import block_line
from qim_stats.trials import Trials, read_trials
from qim_stats.waiting import shown_progress

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Until:
    """What a study goes on for, checked.

    Parameters
    ----------
    text : str
        As it was written.
    goal : Goal
        What is to be settled.
    probability : float
        From which it counts as settled.
    budget : int
        Trials in all.
    jobs : int
        Trials at once.
    cost : "seconds", or mapping of factor to mapping of level to float, or None
        As of ``qim_stats.augment``.
    """

    text: str
    goal: Goal
    probability: float
    budget: int
    jobs: int
    cost: Cost = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a study ended.

    Parameters
    ----------
    step : Step
        The last: settled, a tie, or out of budget.
    story : tuple of Chapter
        What each block taught.
    entries : list of Entry
        Every trial with its state.
    """

    step: Step
    story: tuple[Chapter, ...]
    entries: list[Entry]


def read_until(study: Study, text: str, budget: int, jobs: int, cost: Cost = None) -> Until:
    """Check what a study is to go on for, before any trial is run.

    Parameters
    ----------
    study : Study
        A checked study.
    text : str
        A goal, and from which probability it counts as settled, as ``top-3 settled at 0.9``.
    budget : int
        Trials in all.
    jobs : int
        Trials at once.
    cost : "seconds", or mapping of factor to mapping of level to float, optional
        What runs cost.

    Returns
    -------
    Until
        What was asked for.

    Raises
    ------
    QimError
        If the goal is none or names an unknown factor, a cost is none, or the budget is too small for any answer.
    """
    relative_costs(cost, study.factors)
    names = [factor.name for factor in study.factors]
    goal, probability = parse_until(text, names)
    check_budget(budget, len(names), batch_size(jobs), study.build_design().n)
    return Until(text, goal, DEFAULT_PROBABILITY if probability is None else probability, budget, jobs, cost)


def run_until(
    study: Study,
    until: Until,
    retry: frozenset[TrialState],
    open_engine: OpenEngine,
    console: Console,
) -> Ended:
    """Run a study until its goal is settled, cannot be, or its budget is spent.

    Parameters
    ----------
    study : Study
        A checked study.
    until : Until
        What it goes on for.
    retry : frozenset of TrialState
        Finished states to try again first.
    open_engine : callable
        Connects to an engine.
    console : Console
        Where progress is shown, and a line for each block.

    Returns
    -------
    Ended
        How it ended, and what each block taught.

    Raises
    ------
    QimError
        If the data, the engine, the ledger or the study's folder cannot be used, the study has changed, or the trials
        tell nothing to go on from. What was measured is kept.
    """
    with begun(study, console) as session:
        run_pending(session, until.jobs, retry, open_engine)
        before: Standing | None = None
        while True:
            data = _table(session)
            step = decide(study, data, until)
            line = _block_line(session.ledger.stages, before or _earlier(session, data, until), step)
            console.print(line, markup=False, highlight=False)
            if not isinstance(step, NextRuns):
                return _end(session, data, until, step)
            _plan(session, step, until)
            run_pending(session, until.jobs, frozenset(), open_engine)
            before = step.standing


def decide(study: Study, data: Trials, until: Until) -> Step:
    """Decide what comes next, given the table of trials none of which is pending."""
    terms = Terms(until.budget, until.jobs, read_cost(until.cost, data), study.seed)
    with shown_progress() as progress:
        return next_step(data, until.goal, until.probability, terms, progress)


def _table(session: Session) -> Trials:
    path = session.folder / TABLE
    write_trials(session.study, session.ledger, path)
    return read_trials(path)


def _plan(session: Session, step: NextRuns, until: Until) -> None:
    """Put the next runs into the ledger, to be run."""
    trials = planned_trials(session.study, session.ledger.entries(), step)
    rows = [[trial.number, trial.seed, dict(trial.levels)] for trial in trials]
    digest = hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
    session.ledger.append(digest, f"until {until.text}, {until.budget} trials", trials)


def planned_trials(study: Study, entries: list[Entry], step: NextRuns) -> list[Trial]:
    """Turn the rows that come next into trials whose numbers go on from those of the study.

    Parameters
    ----------
    study : Study
        The study.
    entries : list of Entry
        Every trial so far.
    step : NextRuns
        From the table of these trials.

    Returns
    -------
    list of Trial
        In the order of the rows. A trial's seed follows from the study's and its number, as those of the design do.
    """
    factors = {factor.name: factor for factor in study.factors}
    dummies = study.build_design().dummies
    taken = {entry.trial.seed for entry in entries}
    trials: list[Trial] = []
    for row in step.runs.to_dict("records"):
        number = len(entries) + len(trials) + 1
        seed = trial_seed(study.seed, number)
        while seed in taken:
            seed = seed % _LARGEST_SEED + 1
        taken.add(seed)
        # By the study's own levels, so that they are spelled as those of its design.
        levels = {name: f.high if f.side(row[name]) == 1.0 else f.low for name, f in factors.items()}
        spare = {name: int(row[name]) for name in dummies if row.get(name) in (-1, 1)}
        run, replicate, block, order = (int(row[name]) for name in ("run", "replicate", "block", "order"))
        trials.append(Trial(number, run, replicate, block, order, seed, levels, spare))
    return trials


def _earlier(session: Session, data: Trials, until: Until) -> Standing | None:
    """Return the standing before the last block, where this session did not see it and there is one."""
    sizes = session.ledger.stages
    if len(sizes) == 1:
        return None
    try:
        return standing_of(first_rows(data, sum(sizes[:-1])), until.goal, until.probability, session.study.seed)
    except QimError:
        # Trials that told nothing by themselves, as where all at one level of a factor failed.
        return None


def _block_line(sizes: list[int], before: Standing | None, step: Step) -> str:
    """Tell what the last block taught."""
    return block_line(len(sizes), (sum(sizes[:-1]) + 1, sum(sizes)), before, step.standing)


def _end(session: Session, data: Trials, until: Until, step: Step) -> Ended:
    with shown_progress() as progress:
        sizes, seed = session.ledger.stages, session.study.seed
        story = tell_story(data, until.goal, until.probability, sizes=sizes, seed=seed, progress=progress)
    return Ended(replace(step, alerts=(*step.alerts, *_alerts(session))), story, session.ledger.entries())


def _alerts(session: Session) -> list[Alert]:
    """Tell where more than the settings changed between trials that count as one block."""
    images = {(seen.get("image_id"), seen.get("caffe_version")) for seen in session.ledger.environments()}
    if len(images) < 2:
        return []
    text = (
        f"The trials ran in {len(images)} images and are taken for one block: a difference between the images would "
        "pass for one between the settings of their trials."
    )
    return [Alert("several_images", "warning", text)]
