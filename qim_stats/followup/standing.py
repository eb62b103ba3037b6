"""Where a study stands: what its trials so far say of a goal, in the factors' own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from qim_stats.alerts import listed
from qim_stats.followup.advice import measured
from qim_stats.followup.expected_gain import draws_now
from qim_stats.followup.goal import Goal, likeliest_set
from qim_stats.followup.knowledge import block_columns, knowledge_of
from qim_stats.screening.walsh_mixture import DRAWS, shares_before, walsh_design
from qim_stats.trials import Trials
from qim_stats.waiting import Progress, unheard

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """What the trials so far say of a goal.

    Parameters
    ----------
    goal : Goal
        What is to be settled.
    probability : float
        From which it counts as settled.
    trials : int
        With a response.
    measure : float
        As of ``Goal.measure``.
    settled : bool
        Whether the goal is settled.
    answer : tuple of str
        The likeliest answer: the first factors, all factors, the two in their order, or the one whose sign is asked.
    words : str
        The same as a sentence without a full stop.
    border : tuple of str
        The factors that the goal turns on: those that are neither surely among the first nor surely not, by the
        probability (two at least); the neighbours whose order is most open; the two, or the one, that are asked about.
    p_top : mapping of str to float
        Probability of each factor to be among the first of a ``top`` goal (the first three for others, or the first
        where there are no more factors).
    pairs : tuple of (str, str)
        The pairs whose order has at least the probability, the larger effect first.
    draws : ndarray of float64, shape (d, k)
        Half effects as they may be, in the response's unit.
    """

    goal: Goal
    probability: float
    trials: int
    measure: float
    settled: bool
    answer: tuple[str, ...]
    words: str
    border: tuple[str, ...]
    p_top: Mapping[str, float]
    pairs: tuple[tuple[str, str], ...]
    draws: Array = field(repr=False)

    def told(self) -> str:
        """Return the measure in words, such as ``a probability of the likeliest top 3 of 0.62``."""
        return measured(self.goal, self.measure, self.probability)

    def to_dict(self) -> dict[str, Any]:
        """Return the standing as plain values, without the draws."""
        return {
            "trials": self.trials,
            "measure": self.measure,
            "settled": self.settled,
            "answer": list(self.answer),
            "answer_text": self.words,
            "border": list(self.border),
            "p_top": dict(self.p_top),
            "pairs_settled": [list(pair) for pair in self.pairs],
        }


def standing_of(data: Trials, goal: Goal, probability: float, seed: int = 0, progress: Progress = unheard) -> Standing:
    """Tell what the trials so far say of a goal.

    Parameters
    ----------
    data : Trials
        The trials so far.
    goal : Goal
        What is to be settled.
    probability : float
        From which it counts as settled.
    seed : int
        Of the draws.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    Standing
        By the alias-aware posterior, the one behind ``analyze``'s ranks.

    Raises
    ------
    TrialsError
        If the trials are too few, or too alike, to tell anything.
    """
    draws = _draws(data, seed, progress)
    measure, settled = goal.measure(draws, probability)
    names = data.factor_names
    size = np.abs(draws)
    before = shares_before(-size)
    order = np.argsort(-size.mean(axis=0), kind="stable")
    answer = _answer(goal, size, before, order)
    count = counted(goal, len(names))
    # As for the set, equal sizes are a matter of position; draws have none.
    top = (np.argsort(np.argsort(-size, axis=1), axis=1) < count).mean(axis=0)
    place = np.argsort(order)
    pairs = sorted(np.argwhere(before >= probability).tolist(), key=lambda pair: place[pair].tolist())
    return Standing(
        goal=goal,
        probability=probability,
        trials=data.n,
        measure=measure,
        settled=settled,
        answer=tuple(names[i] for i in answer),
        words=_words(goal, [names[i] for i in answer], draws, data),
        border=tuple(names[i] for i in _border(goal, answer, top, before, probability)),
        p_top={names[i]: float(top[i]) for i in order},
        pairs=tuple((names[i], names[j]) for i, j in pairs),
        draws=draws,
    )


def counted(goal: Goal, factors: int) -> int:
    """Return how many first places ``Standing.p_top`` is about."""
    return goal.count or (3 if factors > 3 else 1)


def _draws(data: Trials, seed: int, progress: Progress) -> Array:
    def weighing(done: int, of: int) -> None:
        progress("weighing what may lie behind the trials", done / of)

    x = data.coded[data.factor_names].to_numpy(dtype=np.float64)
    blocks = data.blocks or [""] * data.n
    design = walsh_design(x, block_columns(blocks, sorted(set(blocks))))
    found = design if isinstance(design, str) else design.posterior(data.y, seed, progress=weighing)
    if not isinstance(found, str):
        return found.draws
    # Where nothing is aliased the ranks need no posterior, but a goal does; what cannot be had at all is told there.
    known = knowledge_of(data, 0, seed, functions=DRAWS, progress=weighing)
    draws = np.empty((len(drawn := draws_now(known, seed)), len(data.factors)))
    draws[:, known.order] = drawn * known.signs * known.scale
    return draws


def _answer(goal: Goal, size: Array, before: Array, order: npt.NDArray[np.intp]) -> list[int]:
    """Return the positions of the factors that the likeliest answer names."""
    if goal.kind == "top":
        members = set(likeliest_set(size, goal.count)[0].tolist())
        return [int(i) for i in order if i in members]
    if goal.kind == "pair":
        a, b = goal.members
        return [a, b] if before[a, b] >= before[b, a] else [b, a]
    return list(goal.members) if goal.kind == "sign" else [int(i) for i in order]


def _words(goal: Goal, answer: list[str], draws: Array, data: Trials) -> str:
    if goal.kind == "pair":
        return f"{answer[0]} has a larger effect than {answer[1]}"
    if goal.kind == "sign":
        at = goal.members[0]
        factor, positive = data.factors[at], float((draws[:, at] > 0.0).mean()) >= 0.5
        more, less = (factor.high, factor.low) if positive else (factor.low, factor.high)
        return f"{data.response} is higher with {factor.name} at {more!s} than at {less!s}"
    if goal.kind == "order":
        return "the order is " + ", ".join(answer)
    verb = "is the first" if len(answer) == 1 else f"are the first {len(answer)}"
    return f"{listed(answer, limit=len(answer))} {verb}"


def _border(goal: Goal, answer: list[int], top: Array, before: Array, probability: float) -> list[int]:
    """Return the factors that the goal turns on, the likeliest first."""
    if goal.kind in ("pair", "sign"):
        return answer
    if goal.kind == "order":
        sure = [max(before[i, j], before[j, i]) for i, j in pairwise(answer)]
        at = int(np.argmin(sure))
        return answer[at : at + 2]
    outside = [i for i in range(len(top)) if i not in answer]
    nearest = {min(answer, key=lambda i: (top[i], -i)), max(outside, key=lambda i: (top[i], -i))}
    still_open = {i for i in range(len(top)) if 1.0 - probability < top[i] < probability}
    return sorted(nearest | still_open, key=lambda i: (-top[i], i))
