"""Plain values of a trial: what is to be run, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qim_stats.factors import Level

AT_CHANCE = "at chance"
"""The reason of a finished trial whose net never learned: a label on a noisy number, not a failure."""


class TrialState(StrEnum):
    """The states of a trial; each trial ends in exactly one of the last six."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OOM = "oom"
    KILLED = "killed"

    @property
    def finished(self) -> bool:
        """Whether the trial has ended, well or badly."""
        return self not in (TrialState.PENDING, TrialState.RUNNING)


@dataclass(frozen=True, slots=True)
class Trial:
    """One execution of a run of the design.

    Parameters
    ----------
    number : int
        From 1, in standard order: the trial's name in the ledger and on disk.
    run, replicate, block, order : int
        Where it stands in the design; see `qim_stats.design.Design`.
    seed : int
        Caffe's ``random_seed``.
    levels : mapping of str to level
        The natural level of each factor.
    dummies : mapping of str to int
        The coded level of each spare column.
    """

    number: int
    run: int
    replicate: int
    block: int
    order: int
    seed: int
    levels: Mapping[str, Level]
    dummies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of one attempt at a trial.

    Parameters
    ----------
    state : TrialState
        A finished state.
    reason : str
        Why, in words; empty for an ordinary finish, `AT_CHANCE` for one that never learned.
    seconds : float
        Wall-clock time of the attempt.
    exit_code : int or None
        Caffe's exit status; None where it was ended before it gave one.
    metrics : mapping of str to float
        The outputs of the last test pass; empty unless the state is done.
    """

    state: TrialState
    reason: str
    seconds: float
    exit_code: int | None
    metrics: Mapping[str, float] = field(default_factory=dict)
