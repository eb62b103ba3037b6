"""Words for designs and rules: pb12, pb12+foldover, frac16, random24, full, pb12..32, random16..48/random@0.9.

A word is a start (a number of runs, folded or not) and, after two dots, a budget: how many trials in all, how the
further ones are chosen, and how sure the answer must be to stop before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qim_stats.design import foldover, fractional_factorial, full_factorial, no_confounding, plackett_burman
from qim_stats.design.design import Design
from qim_stats.errors import DesignError, QimError
from qim_stats.factors import Factor, nearest
from qim_stats.replays.choosers import CHOOSERS, SureOfTop3
from qim_stats.replays.rules import FixedDesign, InBatches, RandomRows, Rule, Settings
from qim_stats.replays.settling import UntilSettled

BATCH = 4  # trials between two looks
SETTLE = "settle"
SETTLED = 0.9
_WHERE = "--designs"
_TOO_FEW = 3  # factors
_WORD = re.compile(
    r"(?P<kind>[a-z]+)(?P<runs>[0-9]+)?(?:\+(?P<fold>[a-z]+))?"
    r"(?:\.\.(?P<total>[0-9]+)(?:/(?P<rule>[a-z-]+))?(?:@(?P<sure>[0-9]*\.?[0-9]+))?)?"
)
_KINDS = ("pb", "frac", "noconf", "random", "full")
_FOLDS = ("foldover", "semifold")
_EXAMPLE = "give pb12, pb12+foldover, frac16, noconf16, random24, full or pb12..32, for some"


@dataclass(frozen=True)
class Plan:
    """A rule to be run, and the numbers of trials at which it is judged.

    Parameters
    ----------
    rule : Rule
        What to run.
    stages : tuple of (str, int or None)
        Name, and trials at which the study is looked at; None for its end. A study that stopped before is taken as it
        was then.
    """

    rule: Rule
    stages: tuple[tuple[str, int | None], ...]


def usual_designs(k: int) -> tuple[str, ...]:
    """Return the words of what is run where nobody says: a PB design, with its foldover, and with chosen trials.

    Parameters
    ----------
    k : int
        Number of factors.

    Returns
    -------
    tuple of str
        ``pb12, pb12+foldover, pb12..24`` for 5 to 11 factors, a larger PB for more; half of the table for 4, which is
        no larger than a foldover.

    Raises
    ------
    QimError
        For 3 factors and fewer, where no design is smaller than the table.
    """
    if k <= _TOO_FEW:
        raise QimError(
            f"no screening design is much smaller than all {2**k} combinations of {k} factors",
            where=_WHERE,
            remedy=f"say what to run, as in --designs random{2**k - 1}",
        )
    if k == _TOO_FEW + 1:
        return "pb8", "pb8..12"
    runs = max(12, 4 * (k // 4 + 1))
    return f"pb{runs}", f"pb{runs}+foldover", f"pb{runs}..{2 * runs}"


def plans(designs: Sequence[str | Rule], k: int) -> list[Plan]:
    """Return what to run for a list of words and rules.

    Parameters
    ----------
    designs : sequence of str or Rule
        Words, or rules of one's own.
    k : int
        Number of factors.

    Returns
    -------
    list of Plan
        One study serves all words that differ in their budget alone, so pb12..24 and pb12..32 are two looks at it.

    Raises
    ------
    QimError
        If a word is unknown, stands twice, has no such design, or a budget that no answer can come of.
    """
    if not designs:
        raise QimError("no design is named", where=_WHERE, remedy=_EXAMPLE)
    found: dict[object, list[InBatches]] = {}
    made: list[tuple[object, Plan | None]] = []
    words = [design if isinstance(design, str) else design.word for design in designs]
    for word in words:
        if words.count(word) > 1:
            raise QimError(f"{word!r} stands twice", where=_WHERE, remedy="name each design once")
    for design in designs:
        rule = _rule(design, k) if isinstance(design, str) else design
        if isinstance(rule, InBatches) and (rule.budget - _runs(rule)) % rule.batch == 0:
            key = (design.partition("..")[0] if isinstance(design, str) else id(design), _manner(rule))
            if key not in found:
                made.append((key, None))
            found.setdefault(key, []).append(rule)
        else:
            made.append((None, Plan(rule, ((rule.word, None),))))
    return [plan or _merged(found[key]) for key, plan in made]


def _merged(rules: Sequence[InBatches]) -> Plan:
    longest = max(rules, key=lambda rule: rule.budget)
    return Plan(longest, tuple((rule.word, rule.budget) for rule in rules))


def _manner(rule: InBatches) -> str:
    """Return what follows the budget in a rule's word."""
    return re.sub(r"^[0-9]+", "", rule.word.partition("..")[2])


def _runs(rule: InBatches) -> int:
    return rule.first.runs


def _rule(word: str, k: int) -> Rule:
    """Read a word."""
    found = _WORD.fullmatch(word)
    if found is None or found["kind"] not in _KINDS or (found["runs"] is None) != (found["kind"] == "full"):
        raise QimError(f"{word!r} is not a design", where=_WHERE, remedy=_EXAMPLE)
    sequential = found["total"] is not None
    first = _start(word, found["kind"], int(found["runs"] or 0), found["fold"], k, sequential=sequential)
    if not sequential:
        return first
    budget = int(found["total"])
    if budget <= first.runs:
        raise QimError(
            f"a budget of {budget} trials leaves none after the {first.runs} of the start",
            where=f"{_WHERE} {word}",
            remedy=f"give {first.runs + 1} or more, such as {first.runs + BATCH}",
        )
    _check_enough(budget, k, word)
    if budget > 2**k:
        raise QimError(
            f"a budget of {budget} trials is more than the {2**k} of the full table",
            where=f"{_WHERE} {word}",
            remedy="give fewer",
        )
    manner, sure = found["rule"] or "posterior", None
    if manner not in (*CHOOSERS, SETTLE):
        problem = f"{manner!r} is no way to choose trials"
        raise QimError(problem, where=f"{_WHERE} {word}", remedy=nearest(manner, (*CHOOSERS, SETTLE)))
    if found["sure"] is not None:
        sure = _probability(found["sure"], k, word)
    if manner == SETTLE:
        return UntilSettled(word, first, budget, BATCH, SETTLED if sure is None else sure)
    return InBatches(word, first, CHOOSERS[manner], budget, BATCH, None if sure is None else SureOfTop3(sure))


def _probability(text: str, k: int, word: str) -> float:
    """Read the probability from which the first three count as settled."""
    probability = float(text)
    if k > 3 and 0.5 < probability < 1.0:
        return probability
    problem = f"{text} is no probability between 0.5 and 1"
    if k <= 3:
        problem = f"{k} factors have no first three to be sure of"
    raise QimError(problem, where=f"{_WHERE} {word}", remedy="give @0.9, for one, with 4 factors or more")


def _check_enough(runs: int, k: int, word: str) -> None:
    if runs < k + 1:
        raise QimError(
            f"{runs} trials are too few to tell the mean and the main effects of {k} factors",
            where=f"{_WHERE} {word}",
            remedy=f"give {k + 1} or more",
        )


def _start(word: str, kind: str, runs: int, fold: str | None, k: int, *, sequential: bool) -> FixedDesign | RandomRows:
    where = f"{_WHERE} {word}"
    if fold is not None and fold not in _FOLDS:
        raise QimError(f"{fold!r} is no foldover", where=where, remedy="give +foldover or +semifold")
    if kind == "random":
        if fold is not None:
            raise QimError("random rows have no foldover", where=where, remedy="give random rows alone")
        if runs > 2**k:
            raise QimError(f"{runs} rows are more than the {2**k} of the full table", where=where, remedy="give fewer")
        if not sequential:
            _check_enough(runs, k, word)
        if runs < 4:
            raise QimError(f"{runs} trials are too few to start with", where=where, remedy="give 4 or more")
        return RandomRows(word, runs, k)
    try:
        base = _base(kind, runs, k, folded=fold == "foldover")
    except DesignError as error:
        raise DesignError(error.problem, where=where, remedy=error.remedy) from None
    if fold == "semifold":
        base = np.vstack([base, -base[base[:, 0] > 0]])
    return FixedDesign(word, base)


def _base(kind: str, runs: int, k: int, *, folded: bool) -> Settings:
    """Return the rows of a design as the verb ``design`` makes it, its factors on the first columns."""
    factors = [Factor(f"x{i + 1}", -1, 1) for i in range(k)]
    design: Design
    if kind == "pb":
        design = plackett_burman(factors, runs=runs)
    elif kind == "noconf":
        design = no_confounding(factors, runs=runs)
    elif kind == "frac":
        design = fractional_factorial(factors, runs=runs)
    else:
        design = full_factorial(factors)
    if folded:
        design = foldover(design)
    return design.coded[design.names].to_numpy(dtype=np.int8)
