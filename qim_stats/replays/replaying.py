"""Replays: many virtual studies on a full table, each judged by what the whole table says."""

from __future__ import annotations

import os
import pickle
import signal
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from qim_stats.errors import QimError
from qim_stats.factors import Factor, nearest
from qim_stats.replays.analyzed import analyzed
from qim_stats.replays.aware import alias_aware
from qim_stats.replays.ceiling import noise_ceiling
from qim_stats.replays.designs import Plan, plans, usual_designs
from qim_stats.replays.estimators import Estimator, least_squares, raw
from qim_stats.replays.floor import floor_alert
from qim_stats.replays.full_table import full_table
from qim_stats.replays.measures import score_studies
from qim_stats.replays.noise import read_replicates, table_noise
from qim_stats.replays.results import Replays, results
from qim_stats.replays.rules import FixedDesign, RandomRows, Rule
from qim_stats.replays.truth import Truth, truth_of
from qim_stats.replays.virtual import Studies, World, run_studies
from qim_stats.trials import finished_at_chance, read_trials
from qim_stats.waiting import Progress, unheard

Array = npt.NDArray[np.float64]
ESTIMATORS: dict[str, Estimator] = {
    "alias-aware": alias_aware,
    "raw": raw,
    "least-squares": least_squares,
    "analyze": analyzed,
}
MOST_REPLAYS = 1_000_000
"""Of each design: what is measured of each study is held until all are done."""
_CHUNK = {True: 50, False: 4}  # studies in a piece of work, of fixed designs and of others: not what --jobs says
_Measures = dict[str, Array]


def replay(
    full: str | os.PathLike[str] | pd.DataFrame,
    *,
    replays: int = 1000,
    designs: Sequence[str | Rule] | None = None,
    estimators: Sequence[str] | Mapping[str, Estimator] = ("alias-aware",),
    response: str | None = None,
    direction: str | None = None,
    factors: Sequence[str | Factor] | None = None,
    high: Mapping[str, object] | None = None,
    block: str | None = None,
    diverged_as: float | None = None,
    noise: str | os.PathLike[str] | pd.DataFrame | None = None,
    replicates: str | os.PathLike[str] | pd.DataFrame | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress = unheard,
) -> Replays:
    """Run virtual studies on a full table, and measure how right methods are.

    Parameters
    ----------
    full : path or DataFrame
        A trial of each of the 2^k combinations of levels, or more.
    replays : int
        Studies of each design, from 2 to a million.
    designs : sequence of str or Rule, optional
        Words such as ``"pb12"``, ``"pb12+foldover"``, ``"random24"``, ``"pb12..32"`` (docs/replays.md), or rules of
        one's own; by default ``usual_designs`` of so many factors.
    estimators : sequence of str, or mapping of str to Estimator
        Any of ``"alias-aware"``, ``"analyze"``, ``"raw"``, ``"least-squares"``, or one's own by name. All see the same
        studies.
    response, direction, factors, high, block, diverged_as
        As of ``read_trials``.
    noise, replicates : path or DataFrame, optional
        A table of repeated trials, which tells the noise of one. With ``noise`` every virtual trial has fresh noise on
        top of what the table shows. With neither the noise is told by the table itself.
    seed : int
        Of everything drawn.
    jobs : int
        Processes to share the work; the answer does not depend on it.
    progress : callable, optional
        Told what is being done and which share of it is done.

    Returns
    -------
    Replays
        Measures with their Monte Carlo errors, the truth, the ceiling that noise sets.

    Raises
    ------
    QimError
        If the table is not full, a design, an estimator or another option is at fault, or tables do not fit.
    """
    chosen = _estimators(estimators)
    _check_counts(replays, seed, jobs)
    if noise is not None and replicates is not None:
        raise QimError("two tables tell the noise", where="--replicates", remedy="give --noise or --replicates")
    trials = read_trials(
        full,
        response=response,
        direction=direction,
        factors=factors,
        high=high,
        block=block,
        diverged_as=diverged_as,
    )
    table = full_table(trials)
    repeated = noise if noise is not None else replicates
    known = table_noise(table) if repeated is None else read_replicates(repeated, table)
    world = World(table, known, added=noise is not None)
    job = _Job(world, truth_of(table, known), chosen, replays, seed)
    named = usual_designs(table.k) if designs is None else designs
    wanted = plans(named, table.k)
    found: dict[tuple[str, str], list[_Measures]] = {}
    for (plan, _), pieces in zip(_pieces(wanted, replays), _all_pieces(job, wanted, jobs, progress), strict=True):
        for (stage, _), by_estimator in zip(plan.stages, pieces, strict=True):
            for name, measures in by_estimator.items():
                found.setdefault((stage, name), []).append(measures)
    words = [design if isinstance(design, str) else design.word for design in named]
    measured = {(word, name): _joined(found[word, name]) for word in words for name in chosen}
    counts = {round(float(m["trials"].mean())) for m in measured.values()}
    ceiling = noise_ceiling(world, job.truth, counts, seed)
    alerts = (*trials.alerts, *floor_alert(table, int(finished_at_chance(trials.frame)[trials.usable].sum())))
    return results(world, job.truth, measured, ceiling, replays=replays, seed=seed, alerts=alerts)


@dataclass(frozen=True)
class _Job:
    """What every piece of work needs."""

    world: World
    truth: Truth
    estimators: Mapping[str, Estimator]
    replays: int
    seed: int


def _estimators(wanted: Sequence[str] | Mapping[str, Estimator]) -> dict[str, Estimator]:
    if isinstance(wanted, Mapping):
        chosen = dict(wanted)
    else:
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        for name in names:
            if name not in ESTIMATORS:
                raise QimError(f"{name!r} is no estimator", where="--estimator", remedy=nearest(name, ESTIMATORS))
        chosen = {name: ESTIMATORS[name] for name in names}
    if not chosen:
        raise QimError("no estimator is named", where="--estimator", remedy="give " + ", ".join(ESTIMATORS))
    return chosen


def _check_counts(replays: int, seed: int, jobs: int) -> None:
    if replays < 2:
        raise QimError(f"{replays} replays tell no share", where="--replays", remedy="give 2 or more, such as 1000")
    if replays > MOST_REPLAYS:
        raise QimError(
            f"{replays} replays are more than memory holds", where="--replays", remedy=f"give {MOST_REPLAYS} at most"
        )
    if seed < 0:
        raise QimError(f"the seed {seed} is negative", where="--seed", remedy="give 0 or more")
    if jobs < 1:
        raise QimError(f"{jobs} jobs do no work", where="--jobs", remedy="give 1 or more")


def _pieces(wanted: Sequence[Plan], replays: int) -> Iterator[tuple[Plan, int]]:
    """Yield the pieces of work: a plan and the number of its piece."""
    for plan in wanted:
        for number in range(-(-replays // _chunk(plan))):
            yield plan, number


def _chunk(plan: Plan) -> int:
    return _CHUNK[isinstance(plan.rule, (FixedDesign, RandomRows))]


def _all_pieces(
    job: _Job, wanted: Sequence[Plan], jobs: int, progress: Progress
) -> Iterator[list[dict[str, _Measures]]]:
    pieces = list(_pieces(wanted, job.replays))
    one = partial(_one_piece, job)
    if jobs == 1:
        for done, piece in enumerate(pieces):
            progress("replaying studies", done / len(pieces))
            yield one(piece)
        return
    _check_sendable(one)
    pool = ProcessPoolExecutor(jobs, initializer=_leave_interrupts)
    try:
        for done, answer in enumerate(pool.map(one, pieces)):
            progress("replaying studies", done / len(pieces))
            yield answer
    finally:
        # After an interruption what was not begun is not worth waiting for.
        pool.shutdown(cancel_futures=True)


def _check_sendable(work: object) -> None:
    """Refuse what cannot be sent to another process."""
    try:
        pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError):
        raise QimError(
            "an estimator cannot be sent to other processes",
            where="--jobs",
            remedy="give jobs=1, or define it at the top level of a module",
        ) from None


def _leave_interrupts() -> None:
    """Leave an interruption from the keyboard to the process that shares out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _one_piece(job: _Job, piece: tuple[Plan, int]) -> list[dict[str, _Measures]]:
    """Run a piece of work: for each stage of the plan, each estimator's measures of its studies."""
    plan, number = piece
    chunk = _chunk(plan)
    count = min(chunk, job.replays - number * chunk)
    # A study depends on its seed, its place and its design's own words, not on which others are asked for.
    word = plan.stages[0][0] if plan.stages[0][1] is None else plan.rule.word
    rng = np.random.Generator(np.random.PCG64([job.seed, zlib.crc32(_manner(word).encode()), number]))
    ties = np.random.Generator(np.random.PCG64([job.seed, 5, number]))
    answer = []
    for stage in run_studies(plan, job.world, count, rng):
        parts: dict[str, list[_Measures]] = {name: [] for name in job.estimators}
        for studies in stage:
            for name, estimator in job.estimators.items():
                parts[name].append(_measure(studies, estimator, name, job.truth, ties))
        answer.append({name: _joined(own) for name, own in parts.items()})
    return answer


def _manner(word: str) -> str:
    """Return a word without its budget."""
    start, dots, rest = word.partition("..")
    return start + dots + rest.lstrip("0123456789")


def _measure(
    studies: Studies, estimator: Estimator, name: str, truth: Truth, rng: np.random.Generator
) -> dict[str, Array]:
    s, n, k = studies.x.shape
    found = estimator(studies.x.astype(np.float64), studies.y)
    if np.shape(found.score) != (s, k):
        raise QimError(
            f"the estimator {name!r} gives scores of shape {np.shape(found.score)}",
            where="estimators",
            remedy=f"give a row for each of {s} studies and a column for each of {k} factors",
        )
    measures = score_studies(found, truth, rng)
    measures["trials"] = np.full(s, float(n))
    measures["seconds"] = np.full(s, np.nan) if studies.seconds is None else studies.seconds
    return measures


def _joined(parts: Sequence[_Measures]) -> _Measures:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
