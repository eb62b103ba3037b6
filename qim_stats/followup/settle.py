"""One step of a study that goes on until a goal is settled: is it, can it be, and if so what is to be run next.

    trials -> settle_step -> Settled | Tie | OutOfBudget | NextRuns -> trials

The loop itself is whoever's trainer it is; ``caffe_runner run --until`` is one. A step depends on the table alone (and
the seed), so it may be taken again at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from qim_stats import __version__
from qim_stats.alerts import Alert, listed
from qim_stats.errors import DesignError, QimError, TrialsError
from qim_stats.factors import Factor
from qim_stats.followup.advice import measured, share_text
from qim_stats.followup.augment import DEFAULT_PROBABILITY, Asked, follow_up
from qim_stats.followup.batches import batch_size
from qim_stats.followup.cost import Cost, Prices, read_cost
from qim_stats.followup.follow_up import SCHEMA, FollowUp
from qim_stats.followup.goal import Goal, parse_until
from qim_stats.followup.knowledge import MOST_TRIALS, weighable
from qim_stats.followup.lost import refuse_too_many_failed
from qim_stats.followup.prospect import Prospect, prospect_of
from qim_stats.followup.standing import Standing, standing_of
from qim_stats.plain import plain
from qim_stats.trials import Trials, read_trials
from qim_stats.trials.states import PENDING, states
from qim_stats.waiting import Progress, unheard


@dataclass(frozen=True)
class Step:
    """What a step comes to.

    Parameters
    ----------
    standing : Standing
        What the trials so far say.
    run : int
        Trials run so far, those without a response included.
    budget : int
        Trials that may be run in all.
    words : tuple of str
        What it comes to, as sentences.
    prospect : Prospect or None
        What the rest of the budget would tell; None where there is no rest, or nothing left to tell.
    alerts : tuple of Alert
        What was assumed or noticed.
    method : mapping
        The options used, and the seed.
    """

    standing: Standing
    run: int
    budget: int
    words: tuple[str, ...]
    prospect: Prospect | None
    alerts: tuple[Alert, ...]
    method: Mapping[str, Any]
    outcome: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain values; ``outcome`` is "settled", "tie", "budget" or "go on"."""
        goal = self.standing.goal
        return {
            "schema": SCHEMA,
            "goal": {"goal": goal.text, "measure": goal.measure_name, "probability": self.standing.probability},
            "outcome": self.outcome,
            "trials_run": self.run,
            "budget": self.budget,
            "standing": self.standing.to_dict(),
            "prospect": None if self.prospect is None else plain(self.prospect.to_dict()),
            "words": list(self.words),
            "alerts": [{"code": a.code, "severity": a.severity, "message": a.message} for a in self.alerts],
            "method": plain(self.method),
        }


@dataclass(frozen=True)
class Settled(Step):
    """The goal is settled."""

    outcome: ClassVar[str] = "settled"


@dataclass(frozen=True)
class Tie(Step):
    """The rest of the budget is not likely to settle the goal, as what it turns on is lost in the noise of trials."""

    outcome: ClassVar[str] = "tie"


@dataclass(frozen=True)
class OutOfBudget(Step):
    """The budget is spent, and the goal is open."""

    outcome: ClassVar[str] = "budget"


@dataclass(frozen=True)
class NextRuns(Step):
    """The goal is open, and these runs come next.

    Parameters
    ----------
    follow_up : FollowUp
        The runs, in the block of the last trial.
    """

    follow_up: FollowUp
    outcome: ClassVar[str] = "go on"

    @property
    def runs(self) -> pd.DataFrame:
        """The new rows, as of ``FollowUp.runs``."""
        return self.follow_up.runs


def settle_step(
    trials: str | os.PathLike[str] | pd.DataFrame,
    *,
    until: str | None = None,
    budget: int = 48,
    jobs: int = 1,
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    cost: Cost = None,
    seed: int = 0,
    progress: Progress = unheard,
) -> Settled | Tie | OutOfBudget | NextRuns:
    """Take one step towards a settled goal.

    Parameters
    ----------
    trials, response, direction, factors, high, block, diverged_as
        As of ``read_trials``.
    until : str, optional
        A goal, and from which probability it counts as settled, as of ``parse_until``: ``top-3 settled at 0.9``, which
        is the default.
    budget : int
        How many trials may be run in all, those of the table included, whatever became of them.
    jobs : int
        Trials that run at once: runs come in batches of the least multiple from 4, but never beyond the budget.
    cost : "seconds", or mapping of factor to mapping of level to float, optional
        As of ``augment``.
    seed : int
        Of everything simulated.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    Settled, Tie, OutOfBudget or NextRuns
        The same table and options give the same step.

    Raises
    ------
    QimError
        If the table, the goal or an option is at fault, or rows of the table are still to be run.

    Notes
    -----
    New runs join the block of the last trial. That is right where nothing but the settings changes from batch to batch,
    and it saves a degree of freedom a batch, one of four trials; give a column ``block`` that changes where something
    else does.
    """
    data = read_trials(
        trials,
        response=response,
        direction=direction,
        factors=factors,
        high=high,
        block=block,
        diverged_as=diverged_as,
    )
    goal, given = parse_until(until, data.factor_names)
    probability = DEFAULT_PROBABILITY if given is None else given
    check_budget(budget, len(data.factors), batch_size(jobs))
    if waiting := states(data.frame).count(PENDING):
        raise TrialsError(
            f"{waiting} rows are pending, and what comes next depends on them",
            where=data.source,
            remedy="run them, and fill in what became of them",
        )
    return next_step(data, goal, probability, Terms(budget, jobs, read_cost(cost, data), seed), progress)


@dataclass(frozen=True)
class Terms:
    """On which terms a study goes on: the budget, trials at once, what runs cost, the seed."""

    budget: int
    jobs: int
    prices: Prices
    seed: int

    def told(self) -> dict[str, Any]:
        """Return the terms as plain values, with the version."""
        cost = self.prices.told()
        return {"budget": self.budget, "jobs": self.jobs, "cost": cost, "seed": self.seed, "qim_stats": __version__}


def next_step(
    data: Trials, goal: Goal, probability: float, terms: Terms, progress: Progress = unheard
) -> Settled | Tie | OutOfBudget | NextRuns:
    """Take a step with a table that was read already; see ``settle_step``."""
    refuse_too_many_failed(data)
    standing = standing_of(data, goal, probability, terms.seed, progress)
    run, budget, known = len(data.frame), terms.budget, (data.alerts, terms.told())
    if standing.settled:
        words = f"Settled: {standing.words} ({standing.told()})."
        return Settled(standing, run, budget, (words,), None, *known)
    left = budget - run
    if left < 1:
        words = f"The budget of {budget} trials is spent, and {goal.text} is open: {standing.told()}."
        return OutOfBudget(standing, run, budget, (words, _still_open(standing)), None, *known)
    prospect = prospect_of(data, standing, left, terms.seed)
    if prospect.is_tie and _may_give_up(data, run, budget):
        return Tie(standing, run, budget, _tie_words(standing, prospect, budget), prospect, *known)
    runs = min(batch_size(terms.jobs), left)
    found = _choose(data, goal, probability, terms, runs, progress)
    words = f"{goal.text} is open: {standing.told()}. Next are {runs} runs: {_what(found)}."
    return NextRuns(standing, run, budget, (words,), prospect, *known, found)


def _may_give_up(data: Trials, run: int, budget: int) -> bool:
    """Whether enough is known for a tie to be called.

    With fewer than two trials a factor, noise cannot be told from interactions at all; and what is known early promises
    too little of the trials to come: replayed studies settled that a forecast from 16 of 48 trials had given up.
    """
    return data.n >= 2 * len(data.factors) and 2 * run >= budget


def check_budget(budget: int, factors: int, batch: int, design: int = 0) -> None:
    """Refuse a budget that no answer can be had with.

    Parameters
    ----------
    budget : int
        Trials that may be run in all.
    factors : int
        Of the study.
    batch : int
        Runs that are added at a time.
    design : int
        Runs of the design that the study begins with.

    Raises
    ------
    QimError
        If the budget is less than the factors and two, or than the design and one batch, or more than the search for
        further runs can weigh.
    """
    least = max(factors + 2, design + batch if design else 0)
    if budget < least:
        needs = f"the design's {design} and a batch of {batch} are {design + batch}" if design else ""
        needs = needs if least > factors + 2 else f"{factors} factors need {factors + 2} at least"
        raise QimError(f"{budget} trials are too few: {needs}", where="--budget", remedy=f"give {least} or more")
    if not weighable(budget, factors):
        most = next((n for n in range(min(budget, MOST_TRIALS), least - 1, -1) if weighable(n, factors)), 0)
        raise QimError(
            f"{budget} trials of {factors} factors are more than the search for further runs can weigh",
            where="--budget",
            remedy=f"give {most} at most" if most else "study fewer factors, or begin with a smaller design",
        )


def _choose(data: Trials, goal: Goal, probability: float, terms: Terms, runs: int, progress: Progress) -> FollowUp:
    """Choose new settings; where too few are left, replicates."""
    try:
        return follow_up(data, Asked(goal, probability, "posterior", runs, terms.seed, terms.prices, True), progress)
    except DesignError:
        asked = Asked(goal, probability, "replicates", runs, terms.seed, terms.prices, True)
        return follow_up(data, asked, progress)


def _what(found: FollowUp) -> str:
    return str(found.options.loc[found.options["method"] == found.chosen, "words"].iloc[0])


def _still_open(standing: Standing) -> str:
    return f"Still open is {_question(standing)}; likeliest is that {standing.words}."


def _question(standing: Standing) -> str:
    """Say what the goal turns on now."""
    goal, on = standing.goal, listed(list(standing.border))
    if goal.kind == "sign":
        return f"the sign of {on}"
    if goal.kind == "top":
        return f"which of {on} {'is the first' if goal.count == 1 else f'are among the first {goal.count}'}"
    return f"{'above all ' if goal.kind == 'order' else ''}the order of {on}"


def _tie_words(standing: Standing, prospect: Prospect, budget: int) -> tuple[str, ...]:
    return (
        f"A tie: {_question(standing)} is more than {budget} trials are likely to tell. {standing.goal.text} is open, "
        f"with {standing.told()}.",
        f"The {prospect.runs} trials that are left would settle it with a probability of "
        f"{share_text(prospect.p_settled)} (expected after them: {measured(standing.goal, prospect.after)}). The noise "
        f"of a trial (SD {prospect.noise_sd:.2g}) hides differences of effects below {prospect.least:.2g}, and in a "
        f"share of {share_text(prospect.noise_share)} of the cases that are possible now the difference is smaller.",
        f"Likeliest is that {standing.words}.",
    )
