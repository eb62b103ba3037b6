"""Calibrate significance: python analysis/calibration/significance.py [--studies 10000] [--seed 0].

Studies of pure noise are analyzed by the default road; the family-wise error rate is the share of studies in which any
factor is called significant. Prints the table and writes it to docs/calibration.md and
analysis/calibration/significance.csv.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import qim_stats as qs
from qim_stats.errors import QimError
from qim_stats.many import analyze_many

ROOT = Path(__file__).parents[2]
ALPHA = 0.05
HEAD = """# Calibration of significance

Made by `python analysis/calibration/significance.py --studies {studies}`; in full in
[significance.csv](../analysis/calibration/significance.csv). Each row: {studies:,} studies of normal noise without any
effect, analyzed as `analyze` does by default (error estimate chosen from the design, Holm's adjustment, 95 %). **FWER**
is the share of studies in which any factor is called significant. It may be {alpha:.0%} + 2 Monte Carlo standard errors
(one is {error:.2%}) at most, so {bound:.2%}. "One lost": each run in turn has failed. "Some replicated": two of the
runs. Where the trials cannot carry the model the analysis is refused and nothing is called significant.

Holm's adjustment supposes the worst dependence between tests. Effects that share an error estimate of few degrees of
freedom depend on each other, so that rates below 5 % are expected there.

| design | trials | factors | error estimate | df | FWER | MC error |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class NullStudy:
    """A design whose studies are simulated.

    Parameters
    ----------
    name : str
        As in the table.
    tables : tuple of DataFrame
        Settings of its trials; several where one run is lost.
    """

    name: str
    tables: tuple[pd.DataFrame, ...]


@dataclass(frozen=True)
class NullRate:
    """A row of the table: how often noise is called significant.

    Parameters
    ----------
    design : str
        The design's name.
    trials, factors : int
        Their numbers.
    error_source, df : str
        Where the error estimate came from, and its degrees of freedom.
    studies : int
        Number of simulated studies.
    fwer, mc_error : float
        Share of them in which any factor was called significant, and its Monte Carlo standard error.
    """

    design: str
    trials: int
    factors: int
    error_source: str
    df: str
    studies: int
    fwer: float
    mc_error: float


def null_studies() -> Iterator[NullStudy]:
    """Yield each design as it is, replicated, with two runs replicated, and with one run lost."""
    for name, plain in designs().items():
        twice = pd.concat([plain, plain], ignore_index=True)
        yield NullStudy(name, (plain,))
        yield NullStudy(f"{name}, 2 replicates", (twice,))
        yield NullStudy(f"{name}, some replicated", (pd.concat([plain, plain.iloc[:2]], ignore_index=True),))
        yield NullStudy(f"{name}, one lost", tuple(plain.drop(index=lost) for lost in plain.index))
        yield NullStudy(f"{name}, 2 replicates, one lost", tuple(twice.drop(index=lost) for lost in plain.index))


def designs() -> dict[str, pd.DataFrame]:
    """Return the designs: Plackett-Burman with and without foldover, and the half fraction of 2^5 with e = abcd."""
    sizes = ((12, 8), (12, 11), (20, 12), (24, 16))
    found = {f"PB{runs}, {k} factors": _table(_plackett_burman(runs, k)) for runs, k in sizes}
    for k in (8, 11):
        found[f"PB12 + foldover, {k} factors"] = _table(qs.foldover(_plackett_burman(12, k)))
    base = _table(qs.full_factorial(_factors(4), seed=0))
    found["2^(5-1), 5 factors"] = base.assign(x4=base.prod(axis=1))
    return found


def family_wise_error(study: NullStudy, studies: int, seed: int) -> NullRate:
    """Simulate studies of one design.

    Parameters
    ----------
    study : NullStudy
        The design.
    studies : int
        How many, shared among its tables.
    seed : int
        Of the noise and of the analyses.

    Returns
    -------
    NullRate
    """
    rng = np.random.Generator(np.random.PCG64([seed, *study.name.encode()]))
    share = math.ceil(studies / len(study.tables))
    claimed: list[npt.NDArray[np.bool_]] = []
    sources: set[str] = set()
    dfs: set[float] = set()
    for table in study.tables:
        noise = rng.standard_normal((share, len(table)))
        trials = qs.read_trials(table.assign(y=noise[0]), response="y", direction="maximize", factors=_names(table))
        try:
            many = analyze_many(trials, noise, seed=seed)
        except QimError:
            sources.add("refused")
            claimed.append(np.zeros(share, dtype=np.bool_))
            continue
        sources.add(many.error_source)
        dfs.add(many.df)
        claimed.append(np.asarray(many.significant.any(axis=1), dtype=np.bool_))
    any_claim = np.concatenate(claimed)
    rate = float(any_claim.mean())
    return NullRate(
        design=study.name,
        trials=len(study.tables[0]),
        factors=len(_names(study.tables[0])),
        error_source=" or ".join(sorted(sources)),
        df=" or ".join(f"{df:.3g}" for df in sorted(dfs)),
        studies=len(any_claim),
        fwer=rate,
        mc_error=math.sqrt(rate * (1.0 - rate) / len(any_claim)),
    )


def bound(studies: int) -> float:
    """Return the largest family-wise error rate that passes: nominal + 2 Monte Carlo standard errors."""
    return ALPHA + 2.0 * math.sqrt(ALPHA * (1.0 - ALPHA) / studies)


def main() -> None:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = []
    for study in null_studies():
        rows.append(family_wise_error(study, options.studies, options.seed))
        print(_line(rows[-1]), flush=True)
    pd.DataFrame(rows).to_csv(ROOT / "analysis" / "calibration" / "significance.csv", index=False)
    limit = bound(options.studies)
    error = math.sqrt(ALPHA * (1.0 - ALPHA) / options.studies)
    head = HEAD.format(studies=options.studies, alpha=ALPHA, error=error, bound=limit)
    worst = max(rows, key=lambda row: row.fwer)
    end = f"\nThe largest rate is {worst.fwer:.2%} ({worst.design}).\n"
    (ROOT / "docs" / "calibration.md").write_text(head + "".join(_line(row) + "\n" for row in rows) + end)
    over = [row.design for row in rows if row.fwer > limit]
    print(f"{len(rows)} designs; the largest rate is {worst.fwer:.2%}; above {limit:.2%}: {over or 'none'}")


def _line(row: NullRate) -> str:
    cells = (row.design, row.trials, row.factors, row.error_source, row.df or "-")
    return "| " + " | ".join(str(c) for c in [*cells, f"{row.fwer:.2%}", f"{row.mc_error:.2%}"]) + " |"


def _factors(k: int) -> list[qs.Factor]:
    return [qs.Factor(f"x{i}", -1, 1) for i in range(k)]


def _plackett_burman(runs: int, k: int) -> qs.Design:
    return qs.plackett_burman(_factors(k), runs=runs, seed=0)


def _names(table: pd.DataFrame) -> list[str]:
    return [c for c in table.columns if c.startswith("x")]


def _table(design: qs.Design) -> pd.DataFrame:
    frame = design.natural()
    return frame[[*(["block"] if frame["block"].nunique() > 1 else []), *(f.name for f in design.factors)]]


if __name__ == "__main__":
    main()
