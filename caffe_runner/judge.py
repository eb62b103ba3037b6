"""From the end of a Caffe process and its log to the state of the trial."""

from __future__ import annotations

import math
from dataclasses import dataclass

from caffe_runner.caffe.log import CaffeLog
from caffe_runner.caffe.nets import Chance
from caffe_runner.engines.base import Ending, Exit
from caffe_runner.trial import AT_CHANCE, TrialResult, TrialState


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a finished trial must have measured.

    Parameters
    ----------
    response : str or None
        The output of the test net that the study ranks by; None where nothing is to be measured yet, as in the stages
        of a chain but the last.
    max_iter : int
        The iteration at which the last test pass is due.
    deadline : float
        The seconds the trial was allowed in all.
    chance : Chance or None
        When such a net counts as never having learned.
    """

    response: str | None
    max_iter: int
    deadline: float
    chance: Chance | None


def judge(ended: Exit, log: CaffeLog, expected: Expectation) -> TrialResult:
    """Tell the states of a trial apart.

    Divergence comes first: a net whose loss is not a number may go on to crash (Caffe's max pooling corrupts memory on
    NaN), to hang, or to print a perfect accuracy.

    Parameters
    ----------
    ended : Exit
        How the process ended.
    log : CaffeLog
        All that it printed.
    expected : Expectation
        What it should have measured.

    Returns
    -------
    TrialResult
        With metrics only where the state is done, and of these only what is a finite number.
    """

    def result(state: TrialState, reason: str) -> TrialResult:
        return TrialResult(state, reason, ended.seconds, ended.exit_code)

    if log.diverged:
        return result(TrialState.DIVERGED, log.diverged)
    if ended.ending is Ending.DEADLINE:
        return result(
            TrialState.TIMEOUT,
            f"stopped after {expected.deadline:g} s at iteration {log.iteration} of {expected.max_iter}",
        )
    if ended.ending is Ending.OUT_OF_MEMORY:
        return result(TrialState.OOM, f"out of memory at iteration {log.iteration}")
    if ended.ending is not Ending.EXITED:
        return result(TrialState.KILLED, f"the container was killed from outside at iteration {log.iteration}")
    if ended.exit_code != 0:
        return result(TrialState.FAILED, log.fatal or f"caffe ended with status {ended.exit_code}")
    if expected.response is None:
        return result(TrialState.DONE, "")
    metrics = log.last_test(0, expected.max_iter)
    if expected.response not in metrics:
        return result(TrialState.FAILED, f"no last test pass with {expected.response!r} in the log")
    value = metrics[expected.response]
    if not math.isfinite(value):
        return result(TrialState.DIVERGED, f"test output {expected.response} is {value} at iteration {log.iteration}")
    metrics = {name: number for name, number in metrics.items() if math.isfinite(number)}
    never_learned = expected.chance is not None and expected.chance.applies(metrics)
    return TrialResult(TrialState.DONE, AT_CHANCE if never_learned else "", ended.seconds, ended.exit_code, metrics)
